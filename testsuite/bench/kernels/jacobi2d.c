// A five-point stencil on a square grid, between two arrays.
#include <stdlib.h>

const int kernel_size = 400;

static void sweep(int n, const double *restrict from, double *restrict to)
{
	for (int i = 1; i < n - 1; i++)
		for (int j = 1; j < n - 1; j++) {
			const double *p = from + i * n + j;
			to[i * n + j] = 0.2 * (p[0] + p[-1] + p[1] + p[-n] + p[n]);
		}
}

double kernel(int n)
{
	double *a = malloc(sizeof(double) * n * n), *b = malloc(sizeof(double) * n * n);
	for (int i = 0; i < n * n; i++)
		a[i] = b[i] = i % 17;
	for (int t = 0; t < 30; t++) {
		sweep(n, a, b);
		sweep(n, b, a);
	}
	double s = 0;
	for (int i = 0; i < n * n; i++)
		s += a[i] * (i % 5);
	free(a);
	free(b);
	return s;
}
