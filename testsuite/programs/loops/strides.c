// Counted loops with strides: up and down, by constants, by variables, multiplied and shifted.
#include <stdio.h>

static unsigned char table[4096];

__attribute__((noinline)) static unsigned long up(long from, long to, long step)
{
	unsigned long sum = 0;
	for (long i = from; i < to; i += step)
		sum = sum * 5 + table[i & 4095] + (unsigned long)i;
	return sum;
}
__attribute__((noinline)) static unsigned long down(long from, long to, long step)
{
	unsigned long sum = 0;
	for (long i = from; i > to; i -= step)
		sum = sum * 7 + table[i & 4095];
	return sum;
}
__attribute__((noinline)) static unsigned geometric(unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 1; i < n; i *= 3)
		sum += i ^ table[i & 4095];
	for (unsigned i = n; i; i >>= 1)
		sum = sum * 3 + i;
	for (unsigned i = 0; i < n; i = i * 2 + 1)
		sum += i;
	return sum;
}
__attribute__((noinline)) static int two_ends(int n)
{
	int swaps = 0;
	for (int i = 0, j = n; i < j; i += 3, j -= 2, swaps++) {
		unsigned char t = table[i];
		table[i] = table[j];
		table[j] = t;
	}
	return swaps;
}
__attribute__((noinline)) static int changing(int n)
{
	int rounds = 0;
	for (int i = 0, step = 1; i < n; i += step, step = step % 7 + table[i & 4095] % 3 + 1)
		rounds++;
	return rounds;
}

int main(void)
{
	for (int i = 0; i < 4096; i++)
		table[i] = (unsigned char)(i * i >> 3);
	printf("%lu %lu %lu\n", up(0, 100, 1), up(-50, 50, 3), up(5, 4000, 97));
	printf("%lu %lu %lu\n", down(100, 0, 1), down(4000, -4000, 111), down(3, 3, 1));
	for (unsigned n = 0; n < 3000000000u - 700000000u; n = n * 9 + 1)
		printf("%u ", geometric(n));
	printf("\n%d %d %d\n", two_ends(4000), two_ends(7), two_ends(0));
	printf("%d %d\n", changing(300), changing(0));
	unsigned long sum = 0;
	for (int i = 0; i < 4096; i += 16)
		for (int j = i + 15; j >= i; j -= 5)
			sum = sum * 3 + table[j];
	printf("%lu\n", sum);
	return 42;
}
