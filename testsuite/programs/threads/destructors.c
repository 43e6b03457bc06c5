// Destructors of thread-local values and cleanup handlers pass migration points, in threads that return and that exit.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 1 / 7
//#Cycle: every 10 at most 6
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { THREADS = 4 };

static pthread_key_t keys[2];
static long cleaned, destroyed[2];

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void destroy_first(void *value)
{
	long n = work((long)(intptr_t)value);
	__atomic_add_fetch(&destroyed[0], n, __ATOMIC_SEQ_CST);
}

/* Sets the other once more. */
static void destroy_second(void *value)
{
	__atomic_add_fetch(&destroyed[1], (long)(intptr_t)value, __ATOMIC_SEQ_CST);
	pthread_setspecific(keys[0], (void *)(intptr_t)5);
}

static void clean(void *value)
{
	long n = work(10) + (long)(intptr_t)value;
	__atomic_add_fetch(&cleaned, n, __ATOMIC_SEQ_CST);
}

static void leave(long n)
{
	pthread_cleanup_push(clean, (void *)n);
	work(5);
	if (n & 1)
		pthread_exit((void *)(n * 100));
	pthread_cleanup_pop(1);
}

static void *run(void *argument)
{
	pthread_setspecific(keys[0], (void *)(intptr_t)8);
	pthread_setspecific(keys[1], argument);
	leave((long)(intptr_t)argument);
	return (void *)((long)(intptr_t)argument * 10);
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;

	pthread_key_create(&keys[0], destroy_first);
	pthread_key_create(&keys[1], destroy_second);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		printf("%ld\n", (long)result);
	}
	printf("cleaned %ld, destroyed %ld and %ld\n", cleaned, destroyed[0], destroyed[1]);
	return 42;
}
