// Stacks that the program provides, small ones, and deep recursion on large ones.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 100 at most 6
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { OWN = 64 << 10 };

static char own[OWN] __attribute__((aligned(4096)));

static int depth_of(int n, volatile char *outer)
{
	volatile char here[64];

	here[n % 64] = (char)n;
	if (n == 0)
		return *outer;
	return depth_of(n - 1, here) + (here[n % 64] == (char)n);
}

static int is_in(const volatile void *p, const void *low, size_t size)
{
	return (uintptr_t)p - (uintptr_t)low < size;
}

static void *on_own(void *argument)
{
	volatile char local = 1;
	int depth = depth_of((int)(intptr_t)argument, &local);
	return (void *)(intptr_t)(is_in(&local, own, OWN) ? depth : -1);
}

static void *run(void *argument)
{
	volatile char local = 1;
	pthread_attr_t attributes;
	void *low;
	size_t size;
	int depth = depth_of((int)(intptr_t)argument, &local);

	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &low, &size);
	return (void *)(intptr_t)(is_in(&local, low, size) ? depth : -1);
}

static void one(const char *name, pthread_attr_t *attributes, void *(*begin)(void *), int depth)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, attributes, begin, (void *)(intptr_t)depth))
		exit(1);
	pthread_join(thread, &result);
	printf("%s %d\n", name, (int)(intptr_t)result);
}

int main(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, own, OWN);
	one("own", &attributes, on_own, 100);
	one("own again", &attributes, on_own, 120);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	one("small", &attributes, run, 3);
	pthread_attr_setstacksize(&attributes, 4 << 20);
	one("large", &attributes, run, 2000);
	one("default", 0, run, 200);
	return 42;
}
