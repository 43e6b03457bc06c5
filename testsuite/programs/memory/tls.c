// Thread-local variables: initialised, zeroed, aligned, with pointers to them kept elsewhere.
#include <stdio.h>

static _Thread_local int counter = 7;
static _Thread_local char buffer[100];
_Thread_local _Alignas(64) double aligned[4] = {1, 2, 3, 4};
static _Thread_local struct { int *p; long n; } self;
static int *saved;
static volatile int sixty = 60; /* a constant trip count this small needs no point */

__attribute__((noinline)) static void step(int i)
{
	counter += i;
	buffer[i % 99] = (char)('a' + i % 26);
	aligned[i & 3] *= 1.25;
	self.n++;
	++*saved;
}

int main(void)
{
	saved = &counter;
	self.p = &counter;
	for (int i = 0; i < sixty; i++)
		step(i);
	printf("%d %ld %s\n", counter, self.n, buffer);
	for (int i = 0; i < 4; i++)
		printf("%.10g ", aligned[i]);
	printf("\n%d %d\n", self.p == &counter, ((unsigned long)aligned & 63) == 0);
	return saved == &counter && *self.p == counter ? 42 : 1;
}
