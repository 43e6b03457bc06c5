// Pentadiagonal systems along the rows and columns of a grid, in turn (in the manner of NAS SP and ADI).
#include <stdlib.h>

const int kernel_size = 180;

/* Solves (1, -4, 12, -4, 1) x = x for n unknowns that lie `stride` apart. `u` and `v` are scratch. */
static void solve(int n, int stride, double *x, double *u, double *v)
{
	for (int i = 0; i < n; i++) {
		double u1 = i > 0 ? u[i - 1] : 0, u2 = i > 1 ? u[i - 2] : 0;
		double v1 = i > 0 ? v[i - 1] : 0, v2 = i > 1 ? v[i - 2] : 0;
		double x1 = i > 0 ? x[(i - 1) * stride] : 0, x2 = i > 1 ? x[(i - 2) * stride] : 0;
		/* Row i minus what rows i - 2 and i - 1 say: unknown i, i + 1 and i + 2 are left. */
		double low = -4 - u2, pivot = 1 / (12 - v2 - low * u1);
		u[i] = (-4 - low * v1) * pivot;
		v[i] = pivot;
		x[i * stride] = (x[i * stride] - x2 - low * x1) * pivot;
	}
	for (int i = n - 2; i >= 0; i--) {
		x[i * stride] -= u[i] * x[(i + 1) * stride];
		if (i + 2 < n)
			x[i * stride] -= v[i] * x[(i + 2) * stride];
	}
}

double kernel(int n)
{
	double *x = malloc(sizeof(double) * n * n);
	double *u = malloc(sizeof(double) * n), *v = malloc(sizeof(double) * n);
	for (int i = 0; i < n * n; i++)
		x[i] = i % 13 + 1;
	for (int step = 0; step < 20; step++) {
		for (int i = 0; i < n; i++)
			solve(n, 1, x + i * n, u, v);
		for (int j = 0; j < n; j++)
			solve(n, n, x + j, u, v);
		for (int i = 0; i < n * n; i++)
			x[i] = 36 * x[i] + i % 3;
	}
	double s = 0;
	for (int i = 0; i < n * n; i++)
		s += x[i] * (i % 7);
	free(x);
	free(u);
	free(v);
	return s;
}
