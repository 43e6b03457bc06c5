// Shortest paths between all pairs (Floyd and Warshall): integer minimum in three loops.
#include <stdlib.h>

const int kernel_size = 190;

double kernel(int n)
{
	int *d = malloc(sizeof(int) * n * n);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			d[i * n + j] = i == j ? 0 : (i * 7 + j * 13) % 101 + 3 * abs(i - j) + 1;
	for (int k = 0; k < n; k++)
		for (int i = 0; i < n; i++)
			for (int j = 0; j < n; j++) {
				int through = d[i * n + k] + d[k * n + j];
				if (through < d[i * n + j])
					d[i * n + j] = through;
			}
	double s = 0;
	for (int i = 0; i < n * n; i++)
		s += d[i];
	free(d);
	return s;
}
