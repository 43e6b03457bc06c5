// Over-aligned locals, globals, members and arguments keep their alignment on the data stack and after hops.
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct line {
	alignas(64) unsigned char bytes[64];
};
static alignas(4096) char page[100];
static _Thread_local alignas(128) int local[3] = {1, 2, 3};

__attribute__((noinline)) static unsigned use(void *p, unsigned long to)
{
	return (uintptr_t)p % to == 0 ? 0 : 1;
}
__attribute__((noinline)) static unsigned by_value(struct line l, int n)
{
	alignas(256) char mine[16] = {(char)n};
	alignas(32) double d = n;
	alignas(1024) char row[n + 1];
	row[n] = 1;
	unsigned bad = use(&l, 64) + use(mine, 256) + use(&d, 32) + use(row, 1024);
	l.bytes[n] += l.bytes[n + 1];
	if (n)
		bad += by_value(l, n - 1);
	else
		printf("%d %d\n", l.bytes[0], l.bytes[63]);
	return bad + (d != n) + (mine[0] != n) + row[n] - 1;
}

int main(void)
{
	struct line l;
	for (int i = 0; i < 64; i++)
		l.bytes[i] = (unsigned char)(i * 3);
	unsigned bad = by_value(l, 20) + use(page, 4096) + use(local, 128);
	for (size_t to = 16; to <= 65536; to *= 4) {
		char *p = aligned_alloc(to, to * 2);
		bad += use(p, to);
		p[0] = p[to] = 1;
		free(p);
	}
	printf("%u %d\n", bad, local[0] + local[2]);
	return bad ? 1 : 42;
}
