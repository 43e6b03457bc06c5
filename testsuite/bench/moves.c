/* Passes a few thousand migration points. Says how long it took, on standard error. */
#include <stdio.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
	double start = now();
	for (volatile int n = 0; n < 50000; n++)
		;
	fprintf(stderr, "seconds %.9f\n", now() - start);
	return 0;
}
