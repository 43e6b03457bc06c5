// Frames of a megabyte, a VLA of four, and large arrays next to small ones, alive across moves.
//#Migrate: every 101 / 1009
//#Cycle: every 500 at most 3
#include <stdio.h>

__attribute__((noinline)) static unsigned frame(int n, unsigned char *up)
{
	unsigned char mine[1 << 20];
	int small[3] = {n, n * 2, n * 3};
	for (int i = 0; i < 1 << 20; i += 4096)
		mine[i] = (unsigned char)(n + i / 4096);
	mine[(1 << 20) - 1] = (unsigned char)n;
	unsigned r = n ? frame(n - 1, mine) : 0;
	for (int i = 0; i < 1 << 20; i += 8192)
		r = r * 31 + mine[i] + (up ? up[i] : 0u);
	return r + (unsigned)small[n % 3] + mine[(1 << 20) - 1];
}
__attribute__((noinline)) static unsigned long vla(int n)
{
	int rows[n][1024];
	unsigned long sum = 0;
	for (int i = 0; i < n; i++)
		rows[i][i % 1024] = i * i;
	for (int i = n - 1; i >= 0; i--)
		sum = sum * 3 + (unsigned long)rows[i][i % 1024];
	return sum + sizeof rows;
}

int main(void)
{
	printf("%u\n", frame(3, 0));
	printf("%lu\n", vla(1024));
	printf("%lu %u\n", vla(3), frame(0, 0));
	return 42;
}
