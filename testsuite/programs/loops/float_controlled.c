// Loops that floating-point values end: steps, convergence, halving, NaN and infinity in the test.
#include <math.h>
#include <stdio.h>

__attribute__((noinline)) static int steps(float from, float to, float by)
{
	int n = 0;
	for (float x = from; x < to; x += by)
		n++;
	return n;
}
__attribute__((noinline)) static double integrate(double a, double b, double h)
{
	double sum = 0;
	for (double x = a; x <= b - h / 2; x += h)
		sum += h * (x * x - 2 * x + 1 / (1 + x));
	return sum;
}
__attribute__((noinline)) static double bisect(double lo, double hi)
{
	while (hi - lo > 1e-13) {
		double mid = (lo + hi) / 2;
		if (mid * mid * mid - mid - 2 > 0)
			hi = mid;
		else
			lo = mid;
	}
	return lo;
}
__attribute__((noinline)) static int halve(double x, double end)
{
	int n = 0;
	while (x > end) {
		x /= 2;
		n++;
	}
	return n;
}
__attribute__((noinline)) static int grow(double x)
{
	int n = 0;
	for (; x != INFINITY && x == x; n++)
		x = x * x + 1;
	return n;
}
__attribute__((noinline)) static int unordered(double nan)
{
	int n = 0;
	for (double x = 0; !(x >= nan) && n < 20; x++) /* never true: the count ends it */
		n++;
	for (double x = 0; x < nan; x++)
		n += 1000;
	return n;
}

int main(void)
{
	printf("%d %d %d\n", steps(0, 10, 0.1f), steps(1, 0, 1), steps(16777200, 16777230, 4));
	printf("%.10f %.10f\n", integrate(0, 3, 1 / 64.0), integrate(2, 1, 0.5));
	printf("%.12f\n", bisect(1, 2));
	printf("%d %d\n", halve(1e10, 1e-10), halve(1, 0));
	printf("%d %d %d\n", grow(0), grow(1e300), grow(NAN));
	printf("%d\n", unordered(NAN));
	long double q = 1;
	int n = 0;
	while (q < 1e17L) {
		q *= 3;
		n++;
	}
	printf("%d %.0Lf\n", n, q);
	return 42;
}
