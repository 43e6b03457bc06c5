// Threads run, with thread-local storage and stacks of their own; the process moves again once they are joined.
//#Flags: -pthread
//#Migrate: every 7 / 101
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { THREADS = 6 };

static _Thread_local _Alignas(64) char aligned[70] = "aligned";
static _Thread_local int own;
static _Thread_local char large[5000];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t semaphore;
static int ready, destroyed, cleaned;
static char stack[1 << 17] __attribute__((aligned(4096)));

static void destroy(void *value)
{
	__atomic_add_fetch(&destroyed, (int)(intptr_t)value, __ATOMIC_SEQ_CST);
}

/* Keeps an addressed array in every frame. */
static int recurse(int n)
{
	volatile char frame[200];

	memset((void *)frame, n, sizeof frame);
	return n ? recurse(n - 1) + frame[7] - frame[9] + 1 : 0;
}

static void *run(void *argument)
{
	int n = (intptr_t)argument, depth;

	if ((uintptr_t)aligned % 64 || strcmp(aligned, "aligned") || own || large[4999])
		return 0;
	own = n;
	large[4999] = 1;
	pthread_setspecific(key, argument);
	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	pthread_barrier_wait(&barrier);
	errno = n;
	depth = recurse(100);
	sem_post(&semaphore);
	return (void *)(intptr_t)(errno == n && own == n ? depth + n : 0);
}

static void clean(void *argument)
{
	cleaned += (int)(intptr_t)argument;
}

static void *wait_for_ever(void *argument)
{
	pthread_cleanup_push(clean, argument);
	sem_post(&semaphore);
	for (;;)
		nanosleep(&(struct timespec){ 100, 0 }, 0);
	pthread_cleanup_pop(0);
	return 0;
}

static void *detached(void *argument)
{
	sem_post(&semaphore);
	return argument;
}

int main(void)
{
	pthread_t threads[THREADS], other;
	pthread_attr_t attributes;
	long sum = 0;
	void *result;

	sem_init(&semaphore, 0, 0);
	pthread_barrier_init(&barrier, 0, THREADS);
	pthread_key_create(&key, destroy);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)(i + 1));
	pthread_mutex_lock(&mutex);
	ready = 1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		sum += (intptr_t)result;
		sem_wait(&semaphore);
	}
	printf("sum %ld, destroyed %d, own %d, depth %d\n", sum, destroyed, own, recurse(50));

	pthread_create(&other, 0, wait_for_ever, (void *)(intptr_t)3);
	sem_wait(&semaphore);
	pthread_cancel(other);
	pthread_join(other, &result);
	printf("cancelled %d, cleaned %d, depth %d\n", result == PTHREAD_CANCELED, cleaned, recurse(60));

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 50; i++) {
		pthread_create(&other, &attributes, detached, 0);
		sem_wait(&semaphore);
	}
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, sizeof stack);
	pthread_barrier_init(&barrier, 0, 1);
	pthread_create(&other, &attributes, run, (void *)(intptr_t)5);
	pthread_join(other, &result);
	printf("on a stack of ours %ld, depth %d\n", (long)(intptr_t)result, recurse(70));
	return sum == THREADS * 100 + 21 ? 42 : 1;
}
