// A thousand threads stand still, move, and go on.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 20000
//#AsBuilt: never
//#Cycle: every 20000 at most 2
//#Timeout: 180
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { THREADS = 1000 };

static pthread_barrier_t barrier;
static _Thread_local long own;

static void *run(void *argument)
{
	volatile long sum = 0;
	long n = (intptr_t)argument;

	own = n;
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < 30 + n % 7; i++)
		sum += i * own;
	return (void *)(intptr_t)sum;
}

int main(void)
{
	static pthread_t threads[THREADS];
	pthread_attr_t attributes;
	long sum = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	pthread_barrier_init(&barrier, 0, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attributes, run, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++) {
		void *result;
		pthread_join(threads[i], &result);
		sum = sum * 31 % 1000003 + (intptr_t)result;
	}
	printf("%ld\n", sum);
	return 42;
}
