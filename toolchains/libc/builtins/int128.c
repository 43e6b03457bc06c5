/* 128-bit integers: division, shifts, checked multiplication; and bit counts. */

#include "quad.h"

/* (high:low) / d for high < d, by two digits of 32 bits (Knuth, The Art of Computer Programming 2,
 * section 4.3.1, algorithm D). */
static u64 divide_two_words(u64 high, u64 low, u64 d, u64 *remainder)
{
	int shift = __builtin_clzl(d), step;
	u64 quotient = 0, d1, d0, next, q, r;

	d <<= shift;
	if (shift)
		high = high << shift | low >> (64 - shift);
	low <<= shift;
	d1 = d >> 32;
	d0 = (u32)d;
	for (step = 0; step < 2; step++) {
		next = step ? (u32)low : low >> 32;
		q = high / d1;
		r = high % d1;
		while (q >> 32 || q * d0 > (r << 32 | next)) {
			q--;
			r += d1;
			if (r >> 32)
				break;
		}
		high = (high << 32 | next) - q * d;
		quotient = quotient << 32 | q;
	}
	*remainder = high >> shift;
	return quotient;
}

u128 __udivmodti4(u128 n, u128 d, u128 *remainder)
{
	u64 n1 = n >> 64, n0 = n, d1 = d >> 64, d0 = d, q1, q0, r;
	u128 quotient = 0;
	int shift;

	if (!d1) {
		q1 = n1 / d0; /* traps as the CPU does if d is zero */
		q0 = divide_two_words(n1 % d0, n0, d0, &r);
		if (remainder)
			*remainder = r;
		return (u128)q1 << 64 | q0;
	}
	if (n < d) {
		if (remainder)
			*remainder = n;
		return 0;
	}
	for (shift = leading_zeros(d) - leading_zeros(n); shift >= 0; shift--) {
		quotient <<= 1;
		if (n >= d << shift) {
			n -= d << shift;
			quotient |= 1;
		}
	}
	if (remainder)
		*remainder = n;
	return quotient;
}

u128 __udivti3(u128 n, u128 d)
{
	return __udivmodti4(n, d, 0);
}

u128 __umodti3(u128 n, u128 d)
{
	u128 remainder;

	__udivmodti4(n, d, &remainder);
	return remainder;
}

static inline u128 absolute(i128 x)
{
	return x < 0 ? -(u128)x : x;
}

i128 __divti3(i128 n, i128 d)
{
	u128 quotient = __udivmodti4(absolute(n), absolute(d), 0);

	return (n < 0) != (d < 0) ? -quotient : quotient;
}

i128 __modti3(i128 n, i128 d)
{
	u128 remainder;

	__udivmodti4(absolute(n), absolute(d), &remainder);
	return n < 0 ? -remainder : remainder;
}

i128 __divmodti4(i128 n, i128 d, i128 *remainder)
{
	u128 rest, quotient = __udivmodti4(absolute(n), absolute(d), &rest);

	*remainder = n < 0 ? -rest : rest;
	return (n < 0) != (d < 0) ? -quotient : quotient;
}

i128 __multi3(i128 x, i128 y)
{
	u64 a1 = (u128)x >> 64, a0 = x, b1 = (u128)y >> 64, b0 = y;
	u64 p00_low, carry, a00 = (u32)a0, a01 = a0 >> 32, b00 = (u32)b0, b01 = b0 >> 32;
	u64 middle = a00 * b01, high = a01 * b01;

	/* In words only: the compiler may turn a wide multiplication into a call of this function. */
	p00_low = a00 * b00;
	carry = (p00_low >> 32) + (u32)middle + (u32)(a01 * b00);
	high += (middle >> 32) + (a01 * b00 >> 32) + (carry >> 32);
	high += a1 * b0 + a0 * b1;
	return (i128)((u128)high << 64 | (carry << 32 | (u32)p00_low));
}

i128 __muloti4(i128 x, i128 y, int *overflow)
{
	u128 a = absolute(x), b = absolute(y), limit;
	int negative = (x < 0) != (y < 0);

	limit = ~(u128)0 >> 1;
	if (negative)
		limit++;
	*overflow = a && b > __udivti3(limit, a);
	return (i128)((u128)x * (u128)y);
}

u128 __ashlti3(u128 x, int n)
{
	u64 high = x >> 64, low = x;

	if (n & 64)
		return (u128)(low << (n & 63)) << 64;
	if (!n)
		return x;
	return (u128)(high << n | low >> (64 - n)) << 64 | low << n;
}

u128 __lshrti3(u128 x, int n)
{
	u64 high = x >> 64, low = x;

	if (n & 64)
		return high >> (n & 63);
	if (!n)
		return x;
	return (u128)(high >> n) << 64 | (low >> n | high << (64 - n));
}

i128 __ashrti3(i128 x, int n)
{
	long high = (long)(x >> 64);
	u64 low = (u64)x;

	if (n & 64)
		return high >> (n & 63);
	if (!n)
		return x;
	return (i128)((u128)(u64)(high >> n) << 64 | (low >> n | (u64)high << (64 - n)));
}

long __popcountdi2(u64 x)
{
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	x = x + (x >> 4) & 0x0f0f0f0f0f0f0f0f;
	x += x >> 8;
	x += x >> 16;
	return (x + (x >> 32)) & 127;
}

long __popcountsi2(u32 x)
{
	return __popcountdi2(x);
}

long __popcountti2(u128 x)
{
	return __popcountdi2((u64)x) + __popcountdi2((u64)(x >> 64));
}

long __paritydi2(u64 x)
{
	return __popcountdi2(x) & 1;
}

long __paritysi2(u32 x)
{
	return __popcountdi2(x) & 1;
}

long __ctzdi2(u64 x)
{
	return __popcountdi2((x & -x) - 1);
}

long __ctzsi2(u32 x)
{
	return __popcountdi2((x & -x) - 1);
}

long __ctzti2(u128 x)
{
	return (u64)x ? __ctzdi2((u64)x) : 64 + __ctzdi2((u64)(x >> 64));
}

long __clzdi2(u64 x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	x |= x >> 32;
	return 64 - __popcountdi2(x);
}

long __clzsi2(u32 x)
{
	return __clzdi2(x) - 32;
}

long __clzti2(u128 x)
{
	u64 high = x >> 64;

	return high ? __clzdi2(high) : 64 + __clzdi2((u64)x);
}

long __ffsdi2(u64 x)
{
	return x ? 1 + __ctzdi2(x) : 0;
}

long __ffssi2(u32 x)
{
	return x ? 1 + __ctzdi2(x) : 0;
}

u32 __bswapsi2(u32 x)
{
	x = x >> 16 | x << 16;
	return (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
}

u64 __bswapdi2(u64 x)
{
	return (u64)__bswapsi2((u32)x) << 32 | __bswapsi2((u32)(x >> 32));
}
