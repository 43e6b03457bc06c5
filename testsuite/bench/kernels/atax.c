// y = A'(Ax), again and again: a dot product and an update per row.
#include <stdlib.h>

const int kernel_size = 700;

static void atax(int n, const double *a, const double *x, double *y)
{
	for (int j = 0; j < n; j++)
		y[j] = 0;
	for (int i = 0; i < n; i++) {
		double t = 0;
		for (int j = 0; j < n; j++)
			t += a[i * n + j] * x[j];
		for (int j = 0; j < n; j++)
			y[j] += a[i * n + j] * t;
	}
}

double kernel(int n)
{
	double *a = malloc(sizeof(double) * n * n);
	double *x = malloc(sizeof(double) * n), *y = malloc(sizeof(double) * n);
	for (int i = 0; i < n * n; i++)
		a[i] = (double)(i % 11) / n / 11;
	for (int i = 0; i < n; i++)
		x[i] = 1 + i % 3;
	for (int round = 0; round < 12; round++) {
		atax(n, a, x, y);
		atax(n, a, y, x);
	}
	double s = 0;
	for (int i = 0; i < n; i++)
		s += x[i];
	free(a);
	free(x);
	free(y);
	return s;
}
