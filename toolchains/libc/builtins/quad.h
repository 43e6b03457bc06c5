/* IEEE binary128 in integers, shared by the files of this folder.
 *
 * Round to nearest, ties to even, whatever the rounding mode; no exception flags. Results that a back
 * end takes as a 32-bit integer are returned as long, sign-extended, which every ISA accepts. */

#ifndef QUAD_H
#define QUAD_H

typedef unsigned __int128 u128;
typedef __int128 i128;
typedef unsigned long u64;
typedef unsigned int u32;
typedef long double quad;

#define ONE ((u128)1)
#define SIGN (ONE << 127)
#define INFINITE ((u128)0x7fff << 112)
#define QUIET_NAN ((u128)0x7fff8 << 108)
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

/* The value sig * 2^(exp - BIAS - 115), rounded: 113 bits and three more (guard, round, sticky). The
 * leading bit of sig is bit 115. */
static inline quad round_pack(u128 sign, long exp, u128 sig)
{
	u32 rest;
	u128 u;

	if (exp >= MAX_EXP)
		return quad_of(sign | INFINITE);
	if (exp <= 0) {
		sig = shift_sticky(sig, exp < -120 ? 121 : 1 - (int)exp);
		exp = 1;
	}
	rest = sig & 7;
	sig >>= 3;
	u = ((u128)(exp - 1) << 112) + sig; /* a carry goes on into the exponent */
	if (rest > 4 || (rest == 4 && (sig & 1)))
		u++;
	return quad_of(sign | u);
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
