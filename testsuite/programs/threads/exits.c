// A thread ends the process while the others compute; handlers of atexit pass migration points.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 1 / 7
//#Cycle: every 20 at most 6
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static volatile int begun;

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void *busy(void *argument)
{
	__atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
	for (;;)
		work(30);
	return argument;
}

static void *ends(void *argument)
{
	while (begun < 3)
		work(5);
	work(200);
	printf("the end\n");
	exit(42);
	return argument;
}

static void at_end(void)
{
	printf("%ld\n", work(100));
}

int main(void)
{
	pthread_t threads[4];

	atexit(at_end);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], 0, busy, 0);
	pthread_create(&threads[3], 0, ends, 0);
	busy(0);
}
