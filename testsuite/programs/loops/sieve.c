// Long simple loops over bytes and bits, with early exits and carried flags.
//#Migrate: every 1 / 7 / 101
//#Cycle: every 500 at most 6
#include <stdio.h>
#include <string.h>

#define N 4000
static char composite[N];
static unsigned bits[N / 32];

int main(void)
{
	int count = 0, last = 0, gap = 0;
	for (int i = 2; i < N; i++) {
		if (composite[i])
			continue;
		count++;
		if (i - last > gap)
			gap = i - last;
		last = i;
		for (int j = i * i; j < N; j += i)
			composite[j] = 1;
	}
	printf("%d primes, last %d, gap %d\n", count, last, gap);
	for (int i = 0; i < N; i++)
		if (!composite[i])
			bits[i / 32] |= 1u << (i % 32);
	unsigned h = 0, ones = 0;
	for (unsigned i = 0; i < N / 32; i++) {
		h = (h << 5 | h >> 27) ^ bits[i];
		for (unsigned w = bits[i]; w; w &= w - 1)
			ones++;
	}
	printf("%u %u\n", h, ones);
	unsigned char crc_table[256];
	for (int i = 0; i < 256; i++) {
		unsigned char c = i;
		for (int k = 0; k < 8; k++)
			c = c & 0x80 ? c << 1 ^ 0x1d : c << 1;
		crc_table[i] = c;
	}
	unsigned char crc = 0xff;
	for (const char *p = composite; p < composite + N; p++)
		crc = crc_table[crc ^ (unsigned char)*p];
	printf("%02x %d\n", crc, (int)strlen(composite + 4));
	return 42;
}
