// fmin and fmax of zeros, infinities and NaNs, in line and through pointers.
//#Migrate: every 1 / 7 / 101
//#Cycle: every 3 at most 30
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t bits(double d) { uint64_t b; memcpy(&b, &d, 8); return isnan(d) ? 1 : b; }
static uint32_t bitsf(float d) { uint32_t b; memcpy(&b, &d, 4); return isnan(d) ? 1 : b; }

int main(void)
{
	volatile double v[] = {0.0, -0.0, 1.5, -1.5, INFINITY, -INFINITY, NAN, 4e-320, 1e308};
	double (*volatile ptr[])(double, double) = {fmax, fmin};
	int wrong = 0;
	for (int i = 0; i < 9; i++) {
		for (int j = 0; j < 9; j++) {
			double x = v[i], y = v[j];
			uint64_t a = bits(fmax(x, y)), b = bits(fmin(x, y));
			(void)a, (void)b, (void)ptr;
			// Other compilers may return either zero.
			printf("%llx %llx ", (long long)bits(fmax(x, y) + 0.0), (long long)bits(fmin(x, y) + 0.0));
			printf("%x %x\n", bitsf(fmaxf(x, y) + 0.0f), bitsf(fminf(x, y) + 0.0f));
#ifdef __popcorn__
			wrong += a != bits(ptr[0](x, y)) || b != bits(ptr[1](x, y));
#endif
		}
	}
	printf("%d differ\n", wrong);
	return wrong ? 1 : 42;
}
