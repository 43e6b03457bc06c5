// Quicksort of integers: unpredictable inner loops, recursion.
#include <stdlib.h>

const int kernel_size = 300000;

static void sort(int *a, int low, int high)
{
	if (low >= high)
		return;
	int pivot = a[low + (high - low) / 2], i = low, j = high;
	while (i <= j) {
		while (a[i] < pivot)
			i++;
		while (a[j] > pivot)
			j--;
		if (i <= j) {
			int t = a[i];
			a[i++] = a[j];
			a[j--] = t;
		}
	}
	sort(a, low, j);
	sort(a, i, high);
}

double kernel(int n)
{
	int *a = malloc(sizeof(int) * n);
	unsigned x = 1;
	for (int i = 0; i < n; i++)
		a[i] = (int)((x = x * 1664525u + 1013904223u) >> 4);
	sort(a, 0, n - 1);
	double s = 0;
	for (int i = 0; i < n; i++)
		s += (double)a[i] * (i % 3 - 1);
	free(a);
	return s;
}
