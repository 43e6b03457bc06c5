// A stack of 100,000 frames is captured and rebuilt; each frame holds a local whose address is taken.
//#Migrate: every 33343 / 100003
//#AsBuilt: every 50021
//#Cycle: every 100001 at most 3
#include <stdio.h>

struct link {
	struct link *up;
	unsigned value;
};

__attribute__((noinline)) static unsigned walk(const struct link *l)
{
	unsigned sum = 0;
	for (; l; l = l->up)
		sum = sum * 31 + l->value;
	return sum;
}

__attribute__((noinline)) static unsigned down(unsigned n, struct link *up)
{
	struct link mine = {up, n * 2654435761u};
	if (n == 0)
		return walk(&mine);
	unsigned r = down(n - 1, &mine);
	return r ^ mine.value ^ (mine.up == up);
}

int main(void)
{
	printf("%u\n", down(100000, 0));
	printf("%u\n", down(100000, 0));
	return 42;
}
