// Producers and consumers wait for each other by condition variables while the process moves.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { ITEMS = 150, ROOM = 4, PRODUCERS = 2, CONSUMERS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static long queue[ROOM];
static int first, used, finished;

static void *produce(void *argument)
{
	for (long i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		while (used == ROOM)
			pthread_cond_wait(&emptied, &mutex);
		queue[(first + used++) % ROOM] = i * (long)(intptr_t)argument;
		pthread_cond_signal(&filled);
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}

static void *consume(void *argument)
{
	long sum = 0;

	(void)argument;
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (!used && !finished)
			pthread_cond_wait(&filled, &mutex);
		if (!used) {
			pthread_mutex_unlock(&mutex);
			return (void *)sum;
		}
		sum += queue[first];
		first = (first + 1) % ROOM;
		used--;
		pthread_cond_signal(&emptied);
		pthread_mutex_unlock(&mutex);
	}
}

int main(void)
{
	pthread_t producers[PRODUCERS], consumers[CONSUMERS];
	long sum = 0;
	void *result;

	for (intptr_t i = 0; i < CONSUMERS; i++)
		pthread_create(&consumers[i], 0, consume, 0);
	for (intptr_t i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], 0, produce, (void *)(i + 1));
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], 0);
	pthread_mutex_lock(&mutex);
	finished = 1;
	pthread_cond_broadcast(&filled);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < CONSUMERS; i++) {
		pthread_join(consumers[i], &result);
		sum += (long)result;
	}
	printf("%ld\n", sum);
	return sum == 3L * ITEMS * (ITEMS + 1) / 2 ? 42 : 1;
}
