// Float and double accumulators, induction variables of both widths, loop-carried chains.
#include <stdio.h>

__attribute__((noinline)) static double series(int n)
{
	double s = 0, sign = 1;
	for (int i = 0; i < n; i++) {
		s += sign / (2 * i + 1);
		sign = -sign;
	}
	return 4 * s;
}

__attribute__((noinline)) static float logistic(float x, int n)
{
	for (int i = 0; i < n; i++)
		x = 3.7f * x * (1 - x);
	return x;
}

static volatile int sixty = 60, hundred = 100; /* a constant trip count this small needs no point */

int main(void)
{
	double a = 1, b = 1, t = 0;
	float fs[8] = {0};
	printf("%.15g\n", series(5 * hundred));
	for (int i = 1; i < 9; i++)
		printf("%.9g\n", (double)logistic(i / 10.0f, hundred));
	for (int i = 0; i < sixty; i++) {
		double c = a + b;
		t += b / a;
		a = b;
		b = c;
		fs[i % 8] += (float)(b / a) * i;
	}
	printf("%.17g %.17g\n", b / a, t);
	for (int i = 0; i < 8; i++)
		printf("%.9g ", (double)fs[i]);
	printf("\n");
	for (float f = 0.25f; f < 3; f *= 1.5f)
		printf("%a ", (double)f);
	printf("\n");
	return 42;
}
