// Integer sort by counting keys (in the manner of NAS IS): histogram, prefix sum, permutation.
#include <stdlib.h>
#include <string.h>

const int kernel_size = 1 << 18;

#define KEYS 2048

double kernel(int n)
{
	int *keys = malloc(sizeof(int) * n), *sorted = malloc(sizeof(int) * n);
	int *count = malloc(sizeof(int) * KEYS);
	unsigned x = 314159265;
	double s = 0;
	for (int i = 0; i < n; i++) {
		unsigned sum = 0;
		for (int j = 0; j < 4; j++)
			sum += (x = x * 1664525u + 1013904223u) >> 21;
		keys[i] = (int)(sum / 4);
	}
	for (int round = 0; round < 10; round++) {
		keys[round] = round;
		keys[n - 1 - round] = KEYS - 1 - round;
		memset(count, 0, sizeof(int) * KEYS);
		for (int i = 0; i < n; i++)
			count[keys[i]]++;
		for (int k = 1; k < KEYS; k++)
			count[k] += count[k - 1];
		for (int i = n - 1; i >= 0; i--)
			sorted[--count[keys[i]]] = keys[i];
		for (int i = 0; i < n; i += 97)
			s += sorted[i] * (double)(i % 5);
	}
	free(keys);
	free(sorted);
	free(count);
	return s;
}
