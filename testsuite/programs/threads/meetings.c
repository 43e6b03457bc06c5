// Barriers, read-write locks, semaphores and once across moves.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>

enum { THREADS = 4, ROUNDS = 25 };

static pthread_barrier_t barrier;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t turns[THREADS];
static long board[THREADS], shared[2], begun, serial, turn;

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void begin(void)
{
	work(50);
	begun++;
}

static void *run(void *argument)
{
	long n = (intptr_t)argument, wrong = 0;

	pthread_once(&once, begin);
	wrong += begun != 1;
	for (long round = 0; round < ROUNDS; round++) {
		board[n] = round;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
		for (int i = 0; i < THREADS; i++)
			wrong += board[i] != round;
		pthread_barrier_wait(&barrier);
		if (n == round % THREADS) {
			pthread_rwlock_wrlock(&lock);
			shared[0]++;
			work(10);
			shared[1]++;
			pthread_rwlock_unlock(&lock);
		} else {
			pthread_rwlock_rdlock(&lock);
			wrong += shared[0] != shared[1];
			pthread_rwlock_unlock(&lock);
		}
		sem_wait(&turns[n]);
		wrong += turn++ % THREADS != n;
		sem_post(&turns[(n + 1) % THREADS]);
	}
	return (void *)wrong;
}

int main(void)
{
	pthread_t threads[THREADS];
	long wrong = 0;
	void *result;

	pthread_barrier_init(&barrier, 0, THREADS);
	for (int i = 0; i < THREADS; i++)
		sem_init(&turns[i], 0, i == 0);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		wrong += (long)result;
	}
	printf("%ld serial, %ld written, %ld turns, %ld wrong\n", serial, shared[1], turn, wrong);
	return wrong ? 1 : 42;
}
