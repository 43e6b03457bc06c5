// _Complex long double (two quads): arguments, results, memory and loop-carried state; and libc's functions
// on complex numbers of the other widths.
#include <complex.h>
#include <math.h>
#include <stdio.h>

typedef _Complex long double quad;

static quad kept[4];

__attribute__((noinline)) static quad power(quad z, int n)
{
	return n == 0 ? 1 : n % 2 ? z * power(z, n - 1) : power(z * z, n / 2);
}
__attribute__((noinline)) static quad sum(int a, quad x, double b, quad y, int n)
{
	quad s = a;
	for (int i = 0; i < n; i++) {
		s = s * x / 4 + y;
		kept[i % 4] = conjl(s) * b;
	}
	return s;
}
__attribute__((noinline)) static quad apply(quad (*f)(quad, int), quad z, int n)
{
	return n ? apply(f, f(z, 2) / 2, n - 1) : z;
}
static void show(quad z)
{
	printf("%.9f %.9f\n", (double)creall(z), (double)cimagl(z));
}

int main(void)
{
	int ok = 1;
	show(power(1 + 0.5L * I, 9));
	show(sum(3, 0.5L - 1.5L * I, 0.25, I, 11));
	for (int i = 0; i < 4; i++)
		show(kept[i]);
	show(apply(power, 1.25L + 1.0L * I, 6));
	quad q = (3 + 4 * I) / (1 - 2.0L * I);
	show(q);
	ok &= fabsl(cabsl(3 + 4.0L * I) - 5) < 1e-15L && q * (1 - 2.0L * I) == 3 + 4.0L * I;
	quad big = 1e30L + 1e-3L * I;
	ok &= creall(power(big, 2)) > 9e59L && big != conjl(big);
	for (int i = 1; i < 5; i++) {
		double complex d = csqrt(i - 3 + 2 * I), e = cexp(I * i / 4.0), l = clog(d) + ctan(e / 8);
		float complex f = csqrtf(i + 1.0f * I) * 2;
		printf("%.8f %.8f %.8f %.8f ", creal(d), cimag(d), creal(e), cimag(e));
		printf("%.8f %.8f %.4f %.4f\n", creal(l), cimag(l), (double)crealf(f), (double)cimagf(f));
	}
	return ok ? 42 : 1;
}
