// Loops that count down: to zero, past zero, while (n--), signed and unsigned, of every width.
#include <stdint.h>
#include <stdio.h>

#define DOWN(T, NAME) \
	__attribute__((noinline)) static unsigned NAME(T n) \
	{ \
		unsigned sum = 0; \
		while (n-- > 0) \
			sum = sum * 31 + (unsigned)n; \
		return sum + (unsigned)n; \
	}
DOWN(int8_t, s8)
DOWN(uint8_t, u8)
DOWN(int16_t, s16)
DOWN(uint16_t, u16)
DOWN(int32_t, s32)
DOWN(uint32_t, u32)
DOWN(int64_t, s64)
DOWN(uint64_t, u64)

__attribute__((noinline)) static int reverse(char *s, int n)
{
	int moved = 0;
	for (char *p = s + n; p-- > s;) {
		moved = moved * 3 + *p;
		if (*p == '!')
			return moved;
	}
	return -moved;
}
__attribute__((noinline)) static unsigned past_zero(int n)
{
	unsigned sum = 0;
	for (int i = n; i > -n; i--)
		sum = sum * 17 + (unsigned)i;
	for (int i = n; i != -1; --i)
		sum ^= 1u << (i & 31);
	return sum;
}

int main(void)
{
	printf("%u %u %u %u\n", s8(100), u8(200), s16(150), u16(0));
	printf("%u %u %u %u\n", s32(120), u32(1), s64(77), u64(130));
	printf("%u %u\n", s8(-3), s64(-1));
	char text[] = "count down! and reverse";
	printf("%d %d %d\n", reverse(text, sizeof text - 1), reverse(text, 5), reverse(text, 0));
	printf("%u %u %u\n", past_zero(0), past_zero(1), past_zero(50));
	return 42;
}
