// Threads are cancelled at cancellation points, at once, and not while they forbid it.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 20 at most 6
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static sem_t ready;
static long cleaned;

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void clean(void *value)
{
	work(10);
	cleaned += (long)(intptr_t)value;
}

static void *at_point(void *argument)
{
	pthread_cleanup_push(clean, argument);
	sem_post(&ready);
	for (;;) {
		work(20);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return 0;
}

static void *asleep(void *argument)
{
	pthread_cleanup_push(clean, argument);
	sem_post(&ready);
	for (;;)
		nanosleep(&(struct timespec){ 100, 0 }, 0);
	pthread_cleanup_pop(0);
	return 0;
}

static void *forbids(void *argument)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	sem_post(&ready);
	for (int i = 0; i < 20; i++) {
		work(20);
		pthread_testcancel();
	}
	return argument;
}

static void one(const char *name, void *(*begin)(void *), intptr_t value)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, 0, begin, (void *)value);
	sem_wait(&ready);
	work(100);
	nanosleep(&(struct timespec){ 0, 20000000 }, 0);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("%s: cancelled %d, cleaned %ld\n", name, result == PTHREAD_CANCELED, cleaned);
}

int main(void)
{
	sem_init(&ready, 0, 0);
	one("at a point", at_point, 1);
	one("asleep", asleep, 10);
	one("forbids", forbids, 100);
	return 42;
}
