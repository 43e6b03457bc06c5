/* binary128 to and from the other formats and integers. */

#include "quad.h"

union double_bits {
	double f;
	u64 u;
};

union float_bits {
	float f;
	u32 u;
};

union half_bits {
	_Float16 f;
	unsigned short u;
};

/* A number with `fraction` bits below the implicit one and the given bias, as binary128: exact. */
static inline quad widen(u64 u, int width, int fraction, int bias)
{
	u128 sign = (u128)(u >> (width - 1)) << 127;
	u64 magnitude = u & ((1UL << (width - 1)) - 1);
	long exp = magnitude >> fraction, max = 2 * bias + 1;
	u128 sig;
	int shift;

	if (!magnitude)
		return quad_of(sign);
	sig = (u128)(magnitude & ((1UL << fraction) - 1)) << (112 - fraction);
	if (exp == max) {
		if (is_signaling(INFINITE | sig))
			raise_invalid();
		return quad_of(sign | INFINITE | sig | (sig ? QUIET_NAN : 0));
	}
	if (!exp) {
		shift = leading_zeros(sig) - 15;
		sig = sig << shift & FRACTION;
		exp = 1 - shift;
	}
	return quad_of(sign | (u128)(exp - bias + BIAS) << 112 | sig);
}

/* The magnitude of a result beyond the largest number. */
static inline u64 narrow_overflow(int negative, u64 infinite)
{
	return overflows(negative) ? infinite : infinite - 1;
}

/* binary128 as a narrower format, rounded. */
static inline u64 narrow(quad x, int width, int fraction, int bias)
{
	u128 u = bits_of(x), sig;
	u64 sign = (u64)(u >> 127) << (width - 1), result;
	u64 infinite = (u64)(2 * bias + 1) << fraction;
	long exp;
	int drop = 112 - fraction, tiny = 0;
	u32 rest;

	if (is_signaling(u))
		raise_invalid();
	u &= ~SIGN;
	if (u > INFINITE)
		return sign | infinite | 1UL << (fraction - 1)
			| (u64)((u & FRACTION) >> drop);
	if (!u)
		return sign;
	if (u == INFINITE)
		return sign | infinite;
	exp = (long)(u >> 112) - BIAS + bias;
	if (exp >= 2 * bias + 1)
		return sign | narrow_overflow(sign != 0, infinite);
	sig = u >> 112 ? (u & FRACTION) | IMPLICIT : ONE; /* a subnormal one is far below all that can be told apart */
	if (exp <= 0) {
		tiny = exp < 0 || !rounds_to_normal(sign != 0, shift_sticky(sig, drop - 3), fraction + 1);
		drop += exp < -fraction - 2 ? fraction + 3 : 1 - (int)exp;
		exp = 1;
	}
	/* Three bits more than the result has: the first two dropped ones and the rest. */
	sig = shift_sticky(sig, drop - 3);
	rest = (u32)sig & 7;
	result = ((u64)(exp - 1) << fraction) + (u64)(sig >> 3);
	if (rest) {
		result += rounds_up(sign != 0, (u32)result, rest);
		if (tiny)
			raise_underflow();
		if (result == infinite)
			result = narrow_overflow(sign != 0, infinite);
	}
	return sign | result;
}

quad __extenddftf2(double x)
{
	return widen(((union double_bits){ .f = x }).u, 64, 52, 1023);
}

quad __extendsftf2(float x)
{
	return widen(((union float_bits){ .f = x }).u, 32, 23, 127);
}

quad __extendhftf2(_Float16 x)
{
	return widen(((union half_bits){ .f = x }).u, 16, 10, 15);
}

double __trunctfdf2(quad x)
{
	return ((union double_bits){ .u = narrow(x, 64, 52, 1023) }).f;
}

float __trunctfsf2(quad x)
{
	return ((union float_bits){ .u = narrow(x, 32, 23, 127) }).f;
}

_Float16 __trunctfhf2(quad x)
{
	return ((union half_bits){ .u = narrow(x, 16, 10, 15) }).f;
}

/* Half precision in terms of the above, for the ISAs without instructions for it. */

float __extendhfsf2(_Float16 x)
{
	return __trunctfsf2(widen(((union half_bits){ .f = x }).u, 16, 10, 15));
}

_Float16 __truncsfhf2(float x)
{
	return __trunctfhf2(__extendsftf2(x));
}

_Float16 __truncdfhf2(double x)
{
	return __trunctfhf2(__extenddftf2(x));
}

/* The integer part of |x|, saturated at limit; NaN counts as beyond every limit. */
static inline u128 magnitude_of(u128 u, u128 limit)
{
	long exp = (long)((u & ~SIGN) >> 112) - BIAS;
	u128 sig = (u & FRACTION) | IMPLICIT, value;

	if (exp < 0) {
		if (u & ~SIGN)
			raise_inexact();
		return 0;
	}
	if (exp <= 127) {
		value = exp <= 112 ? sig >> (112 - exp) : sig << (exp - 112);
		if (value <= limit) {
			if (exp < 112 && value << (112 - exp) != sig)
				raise_inexact();
			return value;
		}
	}
	raise_invalid();
	return limit;
}

/* To a signed integer of `width` bits, saturated. */
static inline i128 to_signed(quad x, int width)
{
	u128 u = bits_of(x), limit = ONE << (width - 1);

	if (u & SIGN)
		return -magnitude_of(u, limit);
	return magnitude_of(u, limit - 1);
}

static inline u128 to_unsigned(quad x, u128 limit)
{
	u128 u = bits_of(x);

	return magnitude_of(u, u & SIGN ? 0 : limit);
}

long __fixtfsi(quad x)
{
	return (int)to_signed(x, 32);
}

long __fixtfdi(quad x)
{
	return (long)to_signed(x, 64);
}

i128 __fixtfti(quad x)
{
	return to_signed(x, 128);
}

long __fixunstfsi(quad x)
{
	return (int)(u32)to_unsigned(x, 0xffffffff);
}

u64 __fixunstfdi(quad x)
{
	return (u64)to_unsigned(x, ~0UL);
}

u128 __fixunstfti(quad x)
{
	return to_unsigned(x, ~(u128)0);
}

static inline quad from_unsigned(u128 sign, u128 x)
{
	return x ? normalise_pack(sign, BIAS + 115, x) : quad_of(0);
}

static inline quad from_signed(i128 x)
{
	return x < 0 ? from_unsigned(SIGN, -(u128)x) : from_unsigned(0, x);
}

quad __floatsitf(int x)
{
	return from_signed(x);
}

quad __floatditf(long x)
{
	return from_signed(x);
}

quad __floattitf(i128 x)
{
	return from_signed(x);
}

quad __floatunsitf(u32 x)
{
	return from_unsigned(0, x);
}

quad __floatunditf(u64 x)
{
	return from_unsigned(0, x);
}

quad __floatuntitf(u128 x)
{
	return from_unsigned(0, x);
}

/* 128-bit integers to and from double and float. The way from an integer must round once: the bits that
 * binary128 could not hold are folded into a sticky one first. */

i128 __fixdfti(double x)
{
	return to_signed(__extenddftf2(x), 128);
}

i128 __fixsfti(float x)
{
	return to_signed(__extendsftf2(x), 128);
}

u128 __fixunsdfti(double x)
{
	return to_unsigned(__extenddftf2(x), ~(u128)0);
}

u128 __fixunssfti(float x)
{
	return to_unsigned(__extendsftf2(x), ~(u128)0);
}

static inline quad from_sticky(u128 sign, u128 x)
{
	int shift = x >> 112 ? 16 : 0;

	if (!x)
		return quad_of(0);
	return normalise_pack(sign, BIAS + 115 + shift, shift_sticky(x, shift));
}

static inline quad from_sticky_signed(i128 x)
{
	return x < 0 ? from_sticky(SIGN, -(u128)x) : from_sticky(0, x);
}

double __floattidf(i128 x)
{
	return __trunctfdf2(from_sticky_signed(x));
}

float __floattisf(i128 x)
{
	return __trunctfsf2(from_sticky_signed(x));
}

double __floatuntidf(u128 x)
{
	return __trunctfdf2(from_sticky(0, x));
}

float __floatuntisf(u128 x)
{
	return __trunctfsf2(from_sticky(0, x));
}
