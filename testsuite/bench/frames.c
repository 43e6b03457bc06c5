// A deep stack that is captured and resumed at its bottom, and a megabyte of state.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <popcorn.h>

static char *state;

__attribute__((noinline)) static unsigned down(unsigned n, unsigned a, unsigned b)
{
	if (n == 0) {
		/* Where the hops happen: popcorn run --hop picks from these. */
		unsigned s = 0;
		for (volatile int i = 0; i < 8; i++)
			s += i;
		return s + a;
	}
	return down(n - 1, b ^ n, a + n) * 3 + b;
}

int main(int argc, char **argv)
{
	unsigned depth = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
	size_t size = argc > 2 ? (size_t)atol(argv[2]) : 1;
	const char *to = argc > 3 ? argv[3] : 0;
	state = malloc(size);
	memset(state, 7, size);
	if (to && popcorn_migrate(to))
		return 1;
	printf("%u %d\n", down(depth, 1, 2), state[size / 2]);
	return 0;
}
