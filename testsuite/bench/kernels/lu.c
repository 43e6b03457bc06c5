// LU decomposition in place without pivoting: triangular loops with a strided operand.
#include <stdlib.h>

const int kernel_size = 280;

static void decompose(int n, double *a)
{
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < i; j++) {
			for (int k = 0; k < j; k++)
				a[i * n + j] -= a[i * n + k] * a[k * n + j];
			a[i * n + j] /= a[j * n + j];
		}
		for (int j = i; j < n; j++)
			for (int k = 0; k < i; k++)
				a[i * n + j] -= a[i * n + k] * a[k * n + j];
	}
}

double kernel(int n)
{
	double *a = malloc(sizeof(double) * n * n);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			a[i * n + j] = (i == j) * 4.0 * n + (i * j) % 7;
	decompose(n, a);
	double s = 0;
	for (int i = 0; i < n * n; i++)
		s += a[i];
	free(a);
	return s;
}
