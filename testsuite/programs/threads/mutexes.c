// Mutexes of all kinds are held across moves: plain, recursive, error-checking, robust ones whose owner has ended.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { THREADS = 4, ROUNDS = 60 };

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive, checked, robust;
static long counts[4];

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void again(int depth)
{
	pthread_mutex_lock(&recursive);
	counts[1]++;
	if (depth)
		again(depth - 1);
	work(2);
	pthread_mutex_unlock(&recursive);
}

static void *run(void *argument)
{
	long wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&plain);
		long before = counts[0];
		work(5);
		counts[0] = before + 1;
		pthread_mutex_unlock(&plain);
		again(3);
		wrong += pthread_mutex_unlock(&checked) != EPERM;
		wrong += pthread_mutex_lock(&checked) != 0;
		work(3);
		wrong += pthread_mutex_lock(&checked) != EDEADLK;
		wrong += pthread_mutex_unlock(&checked) != 0;
	}
	(void)argument;
	return (void *)wrong;
}

static void *leave(void *argument)
{
	pthread_mutex_lock(&robust);
	work(40);
	return argument;
}

static void *take(void *argument)
{
	(void)argument;
	int error = pthread_mutex_lock(&robust);
	if (error == EOWNERDEAD)
		pthread_mutex_consistent(&robust);
	work(40);
	pthread_mutex_unlock(&robust);
	return (void *)(intptr_t)error;
}

static void make(pthread_mutex_t *mutex, int type, int is_robust)
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	if (is_robust)
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &a);
}

int main(void)
{
	pthread_t threads[THREADS], last;
	long wrong = 0;
	void *result;

	make(&recursive, PTHREAD_MUTEX_RECURSIVE, 0);
	make(&checked, PTHREAD_MUTEX_ERRORCHECK, 0);
	make(&robust, PTHREAD_MUTEX_NORMAL, 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		wrong += (long)result;
	}
	printf("%ld %ld, %ld wrong\n", counts[0], counts[1], wrong);
	pthread_create(&last, 0, leave, 0);
	pthread_join(last, 0);
	pthread_create(&last, 0, take, 0);
	pthread_join(last, &result);
	printf("left locked: %d\n", (intptr_t)result == EOWNERDEAD);
	pthread_create(&last, 0, take, 0);
	pthread_join(last, &result);
	printf("then: %d\n", (int)(intptr_t)result);
	return wrong ? 1 : 42;
}
