// The sieve of Eratosthenes: long and short strided loops of one store.
#include <stdlib.h>

const int kernel_size = 4000000;

double kernel(int n)
{
	char *composite = calloc((size_t)n + 1, 1);
	double sum = 0;
	for (int i = 2; i <= n; i++) {
		if (composite[i])
			continue;
		sum += i;
		for (long j = (long)i * i; j <= n; j += i)
			composite[j] = 1;
	}
	free(composite);
	return sum;
}
