// Chains of realloc, up and down, from bytes to megabytes, with calloc's zeroes and aligned blocks between.
//#Migrate: every 7 / 101
//#Cycle: every 300 at most 5
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static unsigned sum(const unsigned char *p, size_t n)
{
	unsigned s = 0;
	for (size_t i = 0; i < n; i += n / 64 + 1)
		s = s * 31 + p[i];
	return s;
}

int main(void)
{
	unsigned char *p[8] = {0};
	size_t n[8] = {0};
	unsigned state = 1;
	for (int i = 0; i < 120; i++) {
		state = state * 1664525u + 1013904223u;
		int which = state >> 29;
		size_t want = (state >> 8 & 0xfff) << (state >> 4 & 7);
		unsigned before = sum(p[which], n[which] < want ? n[which] : want);
		p[which] = realloc(p[which], want + 1);
		if (sum(p[which], n[which] < want ? n[which] : want) != before)
			return 1;
		if (want > n[which])
			memset(p[which] + n[which], i, want - n[which]);
		n[which] = want;
		void *aligned = 0;
		if (posix_memalign(&aligned, 256, want / 2 + 1) || (size_t)aligned % 256)
			return 2;
		unsigned char *zero = calloc(want / 16 + 1, 16);
		if (sum(zero, want) != 0)
			return 3;
		memset(zero, 255, want);
		free(zero);
		free(aligned);
		if (i % 10 == 9)
			printf("%zu %u\n", want, sum(p[which], want));
	}
	for (int i = 0; i < 8; i++)
		free(p[i]);
	return 42;
}
