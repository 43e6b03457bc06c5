// C11's threads, mutexes, conditions, storage and once.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 40 at most 6
#include <stdint.h>
#include <stdio.h>
#include <threads.h>

enum { THREADS = 3 };

static mtx_t mutex;
static cnd_t condition;
static tss_t storage;
static once_flag flag = ONCE_FLAG_INIT;
static int arrived, begun;
static _Atomic int destroyed;

static void destroy(void *value)
{
	for (int i = 0; i < 20; i++)
		destroyed += *(int *)value;
}

static void begin(void)
{
	begun++;
}

static int run(void *argument)
{
	int value = (int)(intptr_t)argument;
	static thread_local int kept;

	kept = value;
	call_once(&flag, begin);
	tss_set(storage, &kept);
	mtx_lock(&mutex);
	if (++arrived == THREADS)
		cnd_broadcast(&condition);
	while (arrived < THREADS)
		cnd_wait(&condition, &mutex);
	mtx_unlock(&mutex);
	int sum = 0;
	for (int i = 0; i < 100; i++)
		sum += i * value;
	if (value == 2)
		thrd_exit(sum);
	return sum + (*(int *)tss_get(storage) != value);
}

int main(void)
{
	thrd_t threads[THREADS];

	mtx_init(&mutex, mtx_plain);
	cnd_init(&condition);
	tss_create(&storage, destroy);
	for (intptr_t i = 0; i < THREADS; i++)
		if (thrd_create(&threads[i], run, (void *)(i + 1)) != thrd_success)
			return 1;
	for (int i = 0; i < THREADS; i++) {
		int result;
		thrd_join(threads[i], &result);
		printf("%d\n", result);
	}
	printf("destroyed %d, begun %d\n", destroyed, begun);
	return 42;
}
