// Runs one kernel: prints its result, and on standard error the processor time that it took.
//
// usage: PROGRAM [SIZE]
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const int kernel_size;
double kernel(int n);

int main(int argc, char **argv)
{
	struct timespec begin, end;
	int n = argc > 1 ? atoi(argv[1]) : kernel_size;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	double result = kernel(n);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	printf("%.9e\n", result);
	fprintf(stderr, "seconds %.9f\n",
		(double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
	return 0;
}
