// Pairs of normal deviates by the polar method, counted by size (in the manner of NAS EP).
#include <math.h>
#include <stdint.h>

const int kernel_size = 300000;

static double uniform(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(*state >> 11) * (2.0 / 9007199254740992.0) - 1;
}

double kernel(int n)
{
	uint64_t state = 271828183;
	double sx = 0, sy = 0;
	long rings[10] = {0};
	for (int i = 0; i < n; i++) {
		double x = uniform(&state), y = uniform(&state), t = x * x + y * y;
		if (t > 1 || t == 0)
			continue;
		double f = sqrt(-2 * log(t) / t);
		sx += x * f;
		sy += y * f;
		int ring = (int)fmax(fabs(x * f), fabs(y * f));
		if (ring < 10)
			rings[ring]++;
	}
	return sx + sy + (double)rings[0] - (double)rings[2];
}
