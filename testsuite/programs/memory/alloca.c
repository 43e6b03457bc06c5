// alloca in loops, conditions and recursion: blocks stay until the function returns, and go then.
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct block {
	struct block *next;
	unsigned char bytes[];
};

__attribute__((noinline)) static unsigned check(const struct block *b, int n)
{
	unsigned sum = 0;
	for (; b; b = b->next)
		for (int i = 0; i < n; i++)
			sum = sum * 31 + b->bytes[i];
	return sum;
}
__attribute__((noinline)) static unsigned fill(int count, int n, struct block *list)
{
	for (int i = 0; i < count; i++) {
		if (i % 3 == 2)
			continue;
		struct block *b = alloca(sizeof *b + (unsigned)n + (unsigned)i);
		memset(b->bytes, i * count, (unsigned)(n + i));
		b->next = list;
		list = b;
		if (i % 4 == 1 && n > 2)
			b->bytes[0] ^= (unsigned char)fill(count - 2, n / 2, list);
	}
	return check(list, n / 2);
}
__attribute__((noinline)) static uintptr_t where(int n)
{
	char *p = alloca((unsigned)n);
	memset(p, n, (unsigned)n);
	return (uintptr_t)p + (unsigned char)p[n - 1];
}

int main(void)
{
	for (int i = 1; i < 9; i += 2)
		printf("%u\n", fill(i, i * 3, 0));
	uintptr_t first = where(4000);
	for (int i = 0; i < 300; i++)
		if (where(4000) != first)
			return 1; /* it leaks */
	return 42;
}
