// Nested counted loops over matrices, with partial sums in registers and rows by pointer.
//#Cycle: every 100 at most 6
#include <stdio.h>

#define N 14
static double a[N][N], b[N][N], c[N][N];

int main(void)
{
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = 1.0 / (i + j + 1);
			b[i][j] = (i * 3 + j) % 7 - 3;
		}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			double s = 0;
			for (int k = 0; k < N; k++)
				s += a[i][k] * b[k][j];
			c[i][j] = s;
		}
	/* elimination in place */
	double det = 1;
	for (int p = 0; p < N; p++) {
		c[p][p] += 10;
		double pivot = c[p][p];
		det *= pivot / 10;
		for (double(*r)[N] = &c[p + 1]; r < &c[N]; r++) {
			double f = (*r)[p] / pivot;
			for (int k = p; k < N; k++)
				(*r)[k] -= f * c[p][k];
		}
	}
	printf("%.15g\n", det);
	for (int i = 0; i < N; i++)
		printf("%.15g\n", c[i][N - 1]);
	return 42;
}
