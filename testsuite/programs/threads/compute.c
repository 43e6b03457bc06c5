// Eight threads compute, each with locals whose addresses the others have; all stacks move together.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Cycle: every 100 at most 6
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { THREADS = 8 };

static _Thread_local uint64_t own;
static uint64_t *volatile places[THREADS + 1];

static uint64_t mix(uint64_t value, int rounds)
{
	for (int i = 0; i < rounds; i++)
		value = value * 6364136223846793005u + (value >> 33) + i;
	return value;
}

/* Keeps a local in every frame, and writes through a pointer to the outermost. */
static uint64_t down(int depth, uint64_t *outer)
{
	uint64_t here = mix(*outer, 3);
	if (depth == 0)
		return *outer = here;
	uint64_t inner = down(depth - 1, &here);
	*outer += here;
	return inner ^ here;
}

static void *run(void *argument)
{
	uint64_t sum = (uintptr_t)argument, local = sum;

	places[sum - 1] = &local;
	for (int i = 0; i < 40; i++) {
		sum += down(i % 11, &local);
		own = own * 3 + sum;
	}
	return (void *)(uintptr_t)((sum ^ own ^ local) >> 8 | (places[(uintptr_t)argument - 1] != &local));
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;

	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], 0, run, (void *)(i + 1)))
			return 1;
	run((void *)(uintptr_t)(THREADS + 1));
	for (int i = 0; i < THREADS; i++) {
		if (pthread_join(threads[i], &result))
			return 2;
		printf("%016llx\n", (unsigned long long)(uintptr_t)result);
	}
	return 42;
}
