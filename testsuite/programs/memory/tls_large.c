// Thread-local variables that fill more than an instruction's offset reaches, in front of everything else that is
// thread-local; and functions with data-stack frames between them.
#include <stdio.h>

_Thread_local unsigned char filled[70000] = {1, 2, 3};
_Thread_local unsigned char zero[70000];
static _Thread_local long counted = 40;

__attribute__((noinline)) static void note(unsigned long *sum, int n)
{
	unsigned long local[4] = {n, 1};
	unsigned long *volatile seen = local;

	if (n > 0)
		note(&local[2], n - 1);
	filled[n * 97 % sizeof filled] += n;
	zero[sizeof zero - 1 - n] ^= filled[(n * 31 + 1) % sizeof filled];
	counted += seen[1];
	*sum += local[2] * 3 + seen[0];
}

int main(void)
{
	unsigned long sum = 0, hash = 5381;

	for (int i = 0; i < 60; i++)
		note(&sum, i);
	for (unsigned i = 0; i < sizeof filled; i++)
		hash = hash * 33 + filled[i] + zero[i];
	printf("%lu %lu %ld\n", sum, hash, counted);
	return 42;
}
