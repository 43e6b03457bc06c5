// Loops of 0, 1, 2, many and very many rounds, with bounds at the ends of their types; as-built points
// are chosen by trip count, so that the long ones run in chunks.
//#Migrate: every 30011
//#Cycle: every 70001 at most 4
#include <limits.h>
#include <stdio.h>

__attribute__((noinline)) static unsigned long below(int from, int to)
{
	unsigned long sum = 0;
	for (int i = from; i < to; i++)
		sum += (unsigned long)i * (unsigned long)i ^ sum >> 7;
	return sum;
}
__attribute__((noinline)) static unsigned long up_to(unsigned char from, unsigned char to)
{
	unsigned long sum = 1;
	for (unsigned i = from; i <= to; i++)
		sum = sum * 3 + i;
	return sum;
}
__attribute__((noinline)) static unsigned long between(long from, long to)
{
	unsigned long n = 0;
	for (long i = from; i <= to; i++) {
		n++;
		if (i == LONG_MAX)
			break;
	}
	return n;
}
__attribute__((noinline)) static float product(const float *a, unsigned long n)
{
	float sum = 0;
	for (unsigned long i = 0; i < n; i++)
		sum += a[i % 64] * (float)(i % 3);
	return sum;
}
__attribute__((noinline)) static int until(int (*test)(int))
{
	int i = 0;
	while (!test(i))
		i++;
	return i;
}
static int seventy_thousand(int i)
{
	return i >= 70000;
}
static int at_once(int i)
{
	return i >= 0;
}

int main(void)
{
	static float a[64];
	for (int i = 0; i < 64; i++)
		a[i] = (float)i / 8;
	printf("%lu %lu %lu %lu\n", below(5, 5), below(5, 6), below(-1, 1), below(7, -7));
	printf("%lu %lu\n", below(INT_MAX - 3, INT_MAX), below(INT_MIN, INT_MIN + 2));
	printf("%lu\n", below(-100000, 200000));
	printf("%lu %lu %lu\n", up_to(0, 255), up_to(255, 255), up_to(9, 8));
	printf("%lu %lu %lu\n", between(LONG_MAX - 9, LONG_MAX), between(0, -1), between(-60000, 60000));
	printf("%g %g %g\n", (double)product(a, 0), (double)product(a, 1), (double)product(a, 50000));
	printf("%d %d\n", until(seventy_thousand), until(at_once));
	return 42;
}
