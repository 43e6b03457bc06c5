// Integers of every width and sign: wrap, shifts, division, conversion, byte swaps, live in registers.
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#define CHAIN(T, NAME) \
	__attribute__((noinline)) static T NAME(T x, int n) \
	{ \
		T y = (T)(x + 1); \
		for (int i = 0; i < n; i++) { \
			x = (T)(x * 5 + y); \
			y = (T)(y ^ (T)(x >> 1)); \
			if (y % 3 == 1) \
				x = (T)(x - y / 3); \
		} \
		return n > 2 ? (T)(x + NAME(y, n - 3)) : x; \
	}
CHAIN(uint8_t, u8)
CHAIN(int16_t, i16)
CHAIN(uint16_t, u16)
CHAIN(uint32_t, u32)
CHAIN(uint64_t, u64)
static __attribute__((noinline)) bool flip(bool b, int n)
{
	bool c = !b;
	for (int i = 0; i < n; i++) {
		bool t = b & (i % 3 != 0);
		b = c ^ t;
		c = t || i % 5 == 2;
	}
	return b;
}

int main(void)
{
	for (int n = 0; n < 14; n += 3)
		printf("%u %d %u %" PRIu32 " %" PRIu64 " %d\n", u8(200, n), i16(-5, n), u16(65530, n), u32(1u << 31, n),
			u64(UINT64_MAX / 3, n), flip(n & 1, n));
	uint64_t x = 0x0123456789abcdef;
	for (int i = 0; i < 8; i++) {
		x = x << (i * 7) | x >> (63 - i * 7);
		printf("%016" PRIx64 " %d %d %d %08x\n", __builtin_bswap64(x), __builtin_popcountll(x),
			__builtin_clzll(x | 1), __builtin_ctzll(x | 1ull << 63), (unsigned)(x * 0x9e3779b97f4a7c15ull >> 32));
	}
	int v = INT_MIN, o = 0;
	for (int i = 0; i < 10; i++)
		o += __builtin_add_overflow(v, -i, &v) + 2 * __builtin_mul_overflow(v, 3, &v);
	printf("%d %d\n", v, o);
	for (int a = -7; a <= 7; a += 7)
		for (int b = -3; b <= 3; b += 2)
			printf("%d/%d ", a / b, a % b);
	printf("\n");
	return 42;
}
