// Constructors run before main, destructors and atexit handlers after it, in their order, migrating.
#include <stdio.h>
#include <stdlib.h>

static int log_[16], n;

static int work(int k)
{
	int s = 0;
	volatile int bound = k; /* a constant trip count this small would need no point */
	for (int i = 0; i < bound; i++)
		s += i * k;
	return s;
}
__attribute__((constructor(102))) static void second(void) { log_[n++] = 2 + work(5); }
__attribute__((constructor(101))) static void first(void) { log_[n++] = 1 + work(4); }
__attribute__((constructor)) static void third(void) { log_[n++] = 3 + work(6); }
__attribute__((destructor)) static void last(void)
{
	printf("destructor %d %d\n", n, work(7));
	fflush(stdout);
	_Exit(n == 5 ? 42 : 1);
}
static void at_exit_1(void) { printf("atexit 1 %d\n", ++n); }
static void at_exit_2(void) { printf("atexit 2 %d %d\n", ++n, work(3)); }

int main(void)
{
	for (int i = 0; i < n; i++)
		printf("%d ", log_[i]);
	printf("\n");
	atexit(at_exit_1);
	atexit(at_exit_2);
	return 3;
}
