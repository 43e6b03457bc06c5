/* IEEE binary128 in integers, shared by the files of this folder.
 *
 * Rounded as the rounding mode says, with IEEE's exceptions; a result is tiny if it is below the smallest normal
 * number after rounding, as on the base ISA. Results that a back end takes as a 32-bit integer are returned as long,
 * sign-extended, which every ISA accepts. */

#ifndef QUAD_H
#define QUAD_H

#include "rounding.h"

typedef unsigned __int128 u128;
typedef __int128 i128;
typedef unsigned long u64;
typedef unsigned int u32;
typedef long double quad;

#define ONE ((u128)1)
#define SIGN (ONE << 127)
#define INFINITE ((u128)0x7fff << 112)
#define QUIET_NAN ((u128)0x7fff8 << 108)
#define QUIET (ONE << 111)
#define IMPLICIT (ONE << 112)
#define FRACTION (IMPLICIT - 1)
#define BIAS 16383
#define MAX_EXP 0x7fff

union quad_bits {
	quad f;
	u128 u;
};

static inline u128 bits_of(quad x)
{
	return ((union quad_bits){ .f = x }).u;
}

static inline quad quad_of(u128 u)
{
	return ((union quad_bits){ .u = u }).f;
}

static inline int leading_zeros(u128 x)
{
	u64 high = x >> 64;

	return high ? __builtin_clzl(high) : 64 + __builtin_clzl((u64)x);
}

/* x shifted right; a last bit stands for all that was shifted out. */
static inline u128 shift_sticky(u128 x, int n)
{
	if (n <= 0)
		return x;
	if (n >= 128)
		return x != 0;
	return x >> n | ((x & ((ONE << n) - 1)) != 0);
}

/* A NaN that raises FE_INVALID wherever it is an operand. */
static inline int is_signaling(u128 u)
{
	return (u & ~SIGN) > INFINITE && !(u & QUIET);
}

/* The result of an operation with one NaN, x, or with two. */
static inline quad nan_of(u128 x, u128 y)
{
	if (is_signaling(x) || is_signaling(y))
		raise_invalid();
	return quad_of(((x & ~SIGN) > INFINITE ? x : y) | QUIET_NAN);
}

/* The result of an operation that has none. */
static inline quad invalid(void)
{
	raise_invalid();
	return quad_of(QUIET_NAN);
}

/* Whether a magnitude just below the smallest normal number rounds up to it with the precision of normal numbers;
 * otherwise it is tiny. `sig` has `digits` bits and three more, as in round_pack. */
static inline int rounds_to_normal(int negative, u128 sig, int digits)
{
	return sig >> 3 == (ONE << digits) - 1 && (sig & 7) && rounds_up(negative, 1, sig & 7);
}

static quad pack_overflow(u128 sign)
{
	return quad_of(sign | (overflows(sign != 0) ? INFINITE : INFINITE - 1));
}

/* A result with exp <= 0. */
static quad pack_subnormal(u128 sign, long exp, u128 sig)
{
	int negative = sign != 0, tiny = exp < 0 || !rounds_to_normal(negative, sig, 113);
	u32 rest;

	sig = shift_sticky(sig, exp < -120 ? 121 : 1 - (int)exp);
	rest = sig & 7;
	sig >>= 3;
	if (rest) {
		sig += rounds_up(negative, (u32)sig, rest);
		if (tiny)
			raise_underflow();
	}
	return quad_of(sign | sig);
}

/* The value sig * 2^(exp - BIAS - 115), rounded: 113 bits and three more (guard, round, sticky). The
 * leading bit of sig is bit 115. */
static inline quad round_pack(u128 sign, long exp, u128 sig)
{
	u32 rest = sig & 7;
	u128 u;

	if (exp >= MAX_EXP)
		return pack_overflow(sign);
	if (exp <= 0)
		return pack_subnormal(sign, exp, sig);
	u = ((u128)(exp - 1) << 112) + (sig >> 3);
	if (rest) {
		u += rounds_up(sign != 0, (u32)u, rest); /* a carry goes on into the exponent */
		if (u == INFINITE)
			return pack_overflow(sign);
	}
	return quad_of(sign | u);
}

/* The same if the leading bit of sig may be bit 116, whose weight is twice that of bit 115. */
static inline quad carry_pack(u128 sign, long exp, u128 sig)
{
	if (sig >> 116)
		return round_pack(sign, exp + 1, sig >> 1 | (sig & 1));
	return round_pack(sign, exp, sig);
}

/* The same for any non-zero sig, whose bit 115 has the exponent exp. */
static inline quad normalise_pack(u128 sign, long exp, u128 sig)
{
	int shift = leading_zeros(sig) - 12;

	if (shift >= 0)
		return round_pack(sign, exp - shift, sig << shift);
	return round_pack(sign, exp - shift, shift_sticky(sig, -shift));
}

/* Splits a finite non-zero number: the significand gets its leading bit at 112, for subnormals too. */
static inline long split(u128 magnitude, u128 *sig)
{
	long exp = magnitude >> 112;
	int shift;

	if (exp) {
		*sig = (magnitude & FRACTION) | IMPLICIT;
		return exp;
	}
	shift = leading_zeros(magnitude) - 15;
	*sig = magnitude << shift;
	return 1 - shift;
}

#endif
