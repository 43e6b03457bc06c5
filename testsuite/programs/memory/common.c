// Tentative definitions (common symbols), static locals, and names that are the same in several scopes.
//#Flags: -fcommon
#include <stdio.h>

int shared;
int shared;
long table[300];
extern long table[];
struct { char c; double d; } anonymous;
_Alignas(128) char aligned_common[7];

__attribute__((noinline)) static int count(void)
{
	static int n = 10;
	static int calls;
	{
		static int n; /* another one */
		n += 3;
		calls += n;
	}
	return ++n + calls * 1000;
}
__attribute__((noinline)) static const char *name(int i)
{
	static char buffers[4][16];
	static unsigned turn;
	char *to = buffers[turn++ % 4];
	snprintf(to, 16, "name-%d", i);
	return to;
}
__attribute__((noinline)) static int *remember(int n)
{
	static int kept[5], *last = kept;
	if (last == kept + 5)
		last = kept;
	*last = n + (n ? *remember(n - 1) : 0);
	return last++;
}

int main(void)
{
	for (int i = 0; i < 12; i++) {
		shared += count();
		table[i * 25] = shared;
		anonymous.d += table[(i / 2) * 25] / 4.0;
		anonymous.c = (char)('a' + i);
		aligned_common[i % 7] ^= anonymous.c;
		printf("%d %c %g %s %s\n", shared, anonymous.c, anonymous.d, name(i), name(-i));
	}
	printf("%d %d %d\n", *remember(3), *remember(7), aligned_common[3]);
	return (unsigned long)aligned_common % 128 == 0 ? 42 : 1;
}
