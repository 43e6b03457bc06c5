// A sieve and a quicksort of our own: branches, unpredictable inner loops, recursion.
#include <stdio.h>

#define N 30000
static int v[N];
static char composite[N * 4];

static void sort(int *lo, int *hi)
{
	while (hi - lo > 12) {
		int pivot = lo[(hi - lo) / 2], *i = lo, *j = hi - 1;
		for (;;) {
			while (*i < pivot)
				i++;
			while (*j > pivot)
				j--;
			if (i >= j)
				break;
			int t = *i;
			*i++ = *j;
			*j-- = t;
		}
		sort(lo, i);
		lo = i;
	}
	for (int *p = lo + 1; p < hi; p++) {
		int x = *p, *q = p;
		for (; q > lo && q[-1] > x; q--)
			*q = q[-1];
		*q = x;
	}
}

__attribute__((noinline)) double kernel(int n)
{
	unsigned x = 1;
	double sum = 0;
	for (int i = 2; i < 4 * n; i++) {
		if (composite[i])
			continue;
		sum += i;
		for (long j = (long)i * i; j < 4 * n; j += i)
			composite[j] = 1;
	}
	for (int i = 0; i < n; i++)
		v[i] = (int)((x = x * 1664525u + 1013904223u) >> 4);
	sort(v, v + n);
	for (int i = 0; i < n; i++)
		sum += (double)v[i] * (i % 3 - 1);
	return sum;
}

int main(void)
{
	printf("%.6f\n", kernel(N));
	return 0;
}
