// Threads that ask for the smallest stack there is pass migration points, as those of aio do.
//#Flags: -pthread
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

static int sum(int n) { volatile int x = n; return n ? sum(n - 1) + x : 0; }

static void *run(void *argument)
{
	int total = 0;

	for (int i = 0; i < 1000; i++)
		total += sum(i & 3);
	return (void *)(intptr_t)(total + *(int *)argument);
}

int main(void)
{
	pthread_attr_t attributes;
	pthread_t threads[4];
	int numbers[4] = { 1, 2, 3, 4 };

	pthread_attr_init(&attributes);
	printf("%d\n", pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
	printf("%d\n", pthread_attr_setguardsize(&attributes, 0));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			printf("%d", pthread_create(&threads[i], &attributes, run, &numbers[i]));
		for (int i = 0; i < 4; i++) {
			void *result;
			printf(" %d", pthread_join(threads[i], &result));
			printf(" %d", (int)(intptr_t)result);
		}
		/* Alone again, it hops. */
		printf(" %d\n", sum(300));
	}
	return 42;
}
