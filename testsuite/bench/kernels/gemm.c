// Dense matrix multiplication: a counted innermost loop that vectorises.
#include <stdlib.h>

const int kernel_size = 240;

double kernel(int n)
{
	double *a = malloc(sizeof(double) * n * n), *b = malloc(sizeof(double) * n * n);
	double *c = calloc((size_t)n * n, sizeof(double));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			a[i * n + j] = (i + j) % 9 - 4;
			b[i * n + j] = (i * j) % 7 - 3;
		}
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			double f = a[i * n + k];
			for (int j = 0; j < n; j++)
				c[i * n + j] += f * b[k * n + j];
		}
	double s = 0;
	for (int i = 0; i < n * n; i++)
		s += c[i] * (i % 3);
	free(a);
	free(b);
	free(c);
	return s;
}
