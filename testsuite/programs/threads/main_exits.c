// The first thread ends while others go on, and the process moves without it; the last thread ends the process.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 1 / 7
//#Cycle: every 20 at most 6
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_t first, helper;

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void *help(void *argument)
{
	return (void *)(work(100) + (long)(intptr_t)argument);
}

static void *last(void *argument)
{
	void *result;

	(void)argument;
	pthread_join(first, &result);
	printf("the first thread left %ld\n", (long)result);
	printf("%ld\n", work(300));
	pthread_create(&helper, 0, help, (void *)7);
	pthread_join(helper, &result);
	printf("%ld\n", (long)result);
	exit(42);
}

int main(void)
{
	pthread_t thread;

	first = pthread_self();
	pthread_create(&thread, 0, last, 0);
	work(50);
	pthread_exit((void *)5);
}
