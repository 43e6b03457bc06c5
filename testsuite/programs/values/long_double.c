// Quad long double: 113 bits live across hops. Printed values are exact in 64 bits, for plain x86-64.
#include <float.h>
#include <math.h>
#include <stdio.h>

__attribute__((noinline)) static long double horner(long double x, int n)
{
	long double r = 1;
	for (int i = n; i > 0; i--)
		r = 1 + x * r / i;
	return r;
}
__attribute__((noinline)) static long double powi(long double x, int n)
{
	return n == 0 ? 1 : n % 2 ? x * powi(x, n - 1) : powi(x * x, n / 2);
}

int main(void)
{
	int ok = 1;
	long double f = 1;
	for (int i = 1; i <= 25; i++) {
		f *= i;
		printf("%.0Lf\n", f);
	}
	for (int i = -5; i < 6; i++)
		printf("%.10f %.10f\n", (double)horner(i, 60), (double)powi(1 + i / 8.0L, 9));
	printf("%Lg %Lf %d\n", powi(1.5L, 9), 12345.0625L, (int)2.99L);
	printf("%d %lld %llu\n", (int)-7.9L, (long long)1e15L, (unsigned long long)9e18L);
	long double third = 1.0L / 3, eps = third * 3 - 1;
	ok &= eps <= LDBL_EPSILON && eps >= -LDBL_EPSILON;
	ok &= fabsl(sqrtl(2.0L) * sqrtl(2.0L) - 2) < 4 * LDBL_EPSILON;
	ok &= fabsl(expl(logl(7.0L)) - 7) < 64 * DBL_EPSILON; /* musl has these in double only */
#ifdef __popcorn__
	/* What 64 bits of mantissa cannot hold. */
	long double big = 1;
	for (int i = 0; i < 112; i++)
		big *= 2;
	ok &= LDBL_MANT_DIG == 113 && big + 1 != big && (big + 1) - big == 1;
	char buf[64];
	snprintf(buf, sizeof buf, "%.0Lf", big + 1);
	ok &= buf[0] == '5' && buf[33] == '7';
#endif
	printf("%d\n", ok);
	return ok ? 42 : 1;
}
