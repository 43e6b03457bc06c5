// Library math on values carried across hops; results rounded so that correct libraries agree.
#include <math.h>
#include <stdio.h>

static double simpson(double (*f)(double), double a, double b, int n)
{
	double h = (b - a) / n, s = f(a) + f(b);
	for (int i = 1; i < n; i++)
		s += f(a + i * h) * (i % 2 ? 4 : 2);
	return s * h / 3;
}
static double bump(double x) { return exp(-x * x) * cos(3 * x); }
static double newton(double x)
{
	for (int i = 0; i < 30; i++)
		x -= (x * x * x - 2) / (3 * x * x);
	return x;
}

int main(void)
{
	printf("%.9f %.9f\n", simpson(bump, -3, 3, 60), simpson(sin, 0, 3.141592653589793, 50));
	printf("%.12f\n", newton(1));
	double s = 0;
	for (int i = 1; i < 40; i++) {
		double x = i / 7.0;
		s += sin(x) + log(x) + pow(x, 1.3) + atan2(x, 2) + tanh(x) + cbrt(x) + tgamma(x / 2) + erf(x);
		if (i % 8 == 0)
			printf("%.6f\n", s);
	}
	printf("%.6f %.6f\n", (double)sinf(1.5f), (double)expf(2.5f));
	return 42;
}
