/* Sums of products that come out differently where a product is not rounded: scalars, vectors, both precisions. */

#include <stdio.h>

typedef double doubles __attribute__((vector_size(16)));

#define HIDDEN __attribute__((noinline))

static HIDDEN double add(double a, double b, double c) { return a * b + c; }
static HIDDEN double subtract(double a, double b, double c) { return c - a * b; }
static HIDDEN float single(float a, float b, float c) { return a * b + c; }
static HIDDEN doubles pairs(doubles a, doubles b, doubles c) { return a * b + c; }

static HIDDEN double polynomial(const double *c, int n, double x)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum = sum * x + c[i];
	return sum;
}

int main(void)
{
	volatile double hidden = 1.0 / (1 << 27);
	volatile float small = 1.0f / 4096;
	double tiny = hidden, c[9];

	printf("%a\n", add(1 + tiny, 1 + tiny, -1 - 2 * tiny));
	printf("%a\n", subtract(1 + tiny, 1 - tiny, 1));
	printf("%a\n", single(1 + small, 1 + small, -1 - 2 * small));
	doubles both = pairs((doubles){ 1 + tiny, 3 }, (doubles){ 1 + tiny, 1 / 3.0 }, (doubles){ -1 - 2 * tiny, -1 });
	printf("%a %a\n", both[0], both[1]);
	for (int i = 0; i < 9; i++)
		c[i] = tiny / (i + 3.0);
	printf("%a\n", polynomial(c, 9, 1.1));
	return 42;
}
