// Dense matrix multiplication and a five-point stencil: counted loops that vectorise.
#include <stdio.h>

#define N 160
static double a[N][N], b[N][N], c[N][N];

__attribute__((noinline)) double kernel(int n)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			a[i][j] = (i + j) % 9 - 4;
			b[i][j] = (i * j) % 7 - 3;
			c[i][j] = 0;
		}
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			double f = a[i][k];
			for (int j = 0; j < n; j++)
				c[i][j] += f * b[k][j];
		}
	for (int t = 0; t < 10; t++)
		for (int i = 1; i < n - 1; i++)
			for (int j = 1; j < n - 1; j++)
				a[i][j] = 0.2 * (c[i][j] + c[i - 1][j] + c[i + 1][j] + c[i][j - 1] + c[i][j + 1]);
	double s = 0;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			s += a[i][j] + c[i][j];
	return s;
}

int main(void)
{
	printf("%.6f\n", kernel(N));
	return 0;
}
