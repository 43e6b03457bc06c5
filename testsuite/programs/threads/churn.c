// Threads begin and end all the time, joined and detached, while the process moves; their stacks and ids are used again.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 100 at most 6
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { MAKERS = 3, ROUNDS = 40 };

static sem_t ended;
static long total;

static void *leaf(void *argument)
{
	volatile long sum = 0;
	for (long i = 0; i < 20; i++)
		sum += i ^ (long)(intptr_t)argument;
	__atomic_add_fetch(&total, sum, __ATOMIC_SEQ_CST);
	return (void *)(intptr_t)sum;
}

static void *detached(void *argument)
{
	leaf(argument);
	sem_post(&ended);
	return 0;
}

static void *make(void *argument)
{
	pthread_attr_t attributes;
	long sum = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (intptr_t i = 0; i < ROUNDS; i++) {
		pthread_t one, other;
		void *result;
		if (pthread_create(&one, 0, leaf, (void *)i) || pthread_create(&other, &attributes, detached, argument))
			return (void *)-1;
		pthread_join(one, &result);
		sum += (intptr_t)result;
	}
	return (void *)sum;
}

int main(void)
{
	pthread_t makers[MAKERS];
	void *result;

	sem_init(&ended, 0, 0);
	for (intptr_t i = 0; i < MAKERS; i++)
		pthread_create(&makers[i], 0, make, (void *)i);
	for (int i = 0; i < MAKERS; i++) {
		pthread_join(makers[i], &result);
		printf("%ld\n", (long)result);
	}
	for (int i = 0; i < MAKERS * ROUNDS; i++)
		sem_wait(&ended);
	printf("%ld\n", total);
	return 42;
}
