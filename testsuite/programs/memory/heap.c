// malloc, realloc, calloc and free under stress; contents and the allocator's own state move.
//#Cycle: every 400 at most 6
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 40
static unsigned seed = 7;
static unsigned rnd(void) { return (seed = seed * 1664525u + 1013904223u) >> 8; }

int main(void)
{
	static unsigned char *slot[SLOTS];
	static size_t size[SLOTS];
	unsigned long hash = 0;
	for (int round = 0; round < 600; round++) {
		int i = rnd() % SLOTS;
		size_t n = rnd() % (round % 50 == 0 ? 200000 : 600) + 1;
		unsigned char fill = rnd();
		if (!slot[i]) {
			slot[i] = round & 1 ? malloc(n) : calloc(1, n);
			memset(slot[i], fill, n);
			size[i] = n;
		} else if (round % 3 == 0) {
			size_t keep = n < size[i] ? n : size[i];
			unsigned char first = slot[i][0];
			slot[i] = realloc(slot[i], n);
			if (slot[i][0] != first || slot[i][keep - 1] != first)
				return 1;
			memset(slot[i], first, n);
			size[i] = n;
		} else {
			for (size_t k = 1; k < size[i]; k *= 2)
				if (slot[i][k] != slot[i][0])
					return 2;
			hash = hash * 31 + slot[i][size[i] / 2] + size[i];
			free(slot[i]);
			slot[i] = 0;
		}
	}
	printf("%lu\n", hash);
	void *aligned = 0;
	for (size_t a = 16; a <= 4096; a *= 4) {
		if (posix_memalign(&aligned, a, 100))
			return 3;
		printf("%d ", (int)((unsigned long)aligned % a));
		free(aligned);
	}
	printf("\n");
	return 42;
}
