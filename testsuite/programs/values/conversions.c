// Conversions between integers and floating point of all widths, in and out of range of each other.
#include <math.h>
#include <stdint.h>
#include <stdio.h>

__attribute__((noinline)) static double around(double x, int n)
{
	float f = (float)x;
	int i = (int)x;
	long l = (long)(x * 1000);
	unsigned u = (unsigned)fabs(x);
	uint64_t w = (uint64_t)fabs(x * 1e6);
	double r = f + i + l + u + (double)w;
	return n ? r + around(-x / 2 + 1, n - 1) : r;
}

int main(void)
{
	for (double x = -1000.75; x < 1001; x += 333.25)
		printf("%.17g\n", around(x, 3));
	uint64_t big[] = {0, 1, 1ull << 53, (1ull << 53) + 1, 1ull << 63, UINT64_MAX, UINT64_MAX - 1024};
	for (int i = 0; i < 7; i++)
		printf("%.0f %.0f %.0f\n", (double)big[i], (double)(float)big[i], (double)(int64_t)(big[i] >> 1));
	printf("%llu %lld\n", (unsigned long long)1.8e19, (long long)-9.2e18);
	for (int i = -3; i < 4; i++) {
		double x = i + 0.5;
		printf("%g %g %g %g %ld %ld ", floor(x), ceil(x), trunc(x), nearbyint(x), lrint(x), lround(x));
	}
	printf("\n%g %g %g\n", fmod(10.5, 3), remainder(10.5, 3), ldexp(0.75, 10));
	int e;
	double m = frexp(1e100, &e);
	printf("%.17g %d %d %d\n", m, e, isnan(sqrt(-1.0)), isinf(1e308 * 10));
	printf("%.9g %.17g\n", (double)(float)0.1, (double)0.1f + 0.2);
	return 42;
}
