// Loops whose counters wrap: unsigned past the maximum, narrow types, ends at zero, and pointers as numbers.
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

__attribute__((noinline)) static unsigned whole_circle(uint8_t from)
{
	unsigned sum = 0;
	uint8_t i = from;
	do
		sum = sum * 3 + i;
	while (++i != from);
	return sum;
}
__attribute__((noinline)) static int over_the_top(unsigned from, unsigned step)
{
	int rounds = 0;
	for (unsigned i = from; i >= from; i += step)
		rounds++;
	return rounds;
}
__attribute__((noinline)) static unsigned to_zero(uint16_t from)
{
	unsigned sum = 1;
	for (uint16_t i = from; i; i = (uint16_t)(i + 1021))
		if ((sum = sum * 7 + i) % 4096 == 1)
			break;
	return sum;
}
__attribute__((noinline)) static unsigned distance(uint64_t from, uint64_t to)
{
	unsigned n = 0;
	for (uint64_t i = from; i != to; i++)
		n += (unsigned)(i % 5);
	return n;
}
__attribute__((noinline)) static int below(unsigned n)
{
	int rounds = 0;
	for (unsigned i = n; i < n + 20; i++) /* none if n + 20 wraps */
		rounds++;
	for (unsigned i = n; i - n < 20; i++) /* always 20 */
		rounds++;
	return rounds;
}

int main(void)
{
	printf("%u %u %u\n", whole_circle(0), whole_circle(1), whole_circle(200));
	printf("%d %d %d\n", over_the_top(UINT_MAX - 90, 1), over_the_top(0xff000000u, 0x20000), over_the_top(UINT_MAX, 1));
	printf("%u %u\n", to_zero(65535), to_zero(0));
	printf("%u %u\n", distance(UINT64_MAX - 40, 60), distance(5, 5));
	printf("%d %d %d\n", below(0), below(UINT_MAX - 5), below(UINT_MAX - 20));
	signed char c = 0;
	int turns = 0;
	for (int i = 0; i < 700; i++) {
		c = (signed char)(c + 3);
		turns += c < 0;
	}
	printf("%d %d\n", c, turns);
	return 42;
}
