/* Addition, subtraction, multiplication and division of binary128. */

#include "quad.h"

/* The sum of a number and its opposite. */
static quad exact_zero(void)
{
	return quad_of(zero_is_negative() ? SIGN : 0);
}

static quad add_bits(u128 a, u128 b)
{
	u128 sign_a = a & SIGN, sign_b = b & SIGN, sig_a, sig_b, swap;
	long exp_a, exp_b;

	a &= ~SIGN;
	b &= ~SIGN;
	if (a > INFINITE || b > INFINITE)
		return nan_of(sign_a | a, sign_b | b);
	if (a == INFINITE)
		return b == INFINITE && sign_a != sign_b ? invalid() : quad_of(sign_a | a);
	if (b == INFINITE)
		return quad_of(sign_b | b);
	if (!b && !a)
		return sign_a == sign_b ? quad_of(sign_a) : exact_zero();
	if (!b)
		return quad_of(sign_a | a);
	if (!a)
		return quad_of(sign_b | b);

	if (a < b) {
		swap = a, a = b, b = swap;
		swap = sign_a, sign_a = sign_b, sign_b = swap;
	}
	exp_a = split(a, &sig_a);
	exp_b = split(b, &sig_b);
	sig_a <<= 3;
	sig_b = shift_sticky(sig_b << 3, exp_a - exp_b > 120 ? 120 : (int)(exp_a - exp_b));
	if (sign_a == sign_b)
		return carry_pack(sign_a, exp_a, sig_a + sig_b);
	if (sig_a == sig_b)
		return exact_zero();
	return normalise_pack(sign_a, exp_a, sig_a - sig_b);
}

quad __addtf3(quad x, quad y)
{
	return add_bits(bits_of(x), bits_of(y));
}

quad __subtf3(quad x, quad y)
{
	return add_bits(bits_of(x), bits_of(y) ^ SIGN);
}

quad __negtf2(quad x)
{
	return quad_of(bits_of(x) ^ SIGN);
}

quad __multf3(quad x, quad y)
{
	u128 a = bits_of(x), b = bits_of(y), sign = (a ^ b) & SIGN, high, low, middle, sig;
	u64 a1, a0, b1, b0;
	long exp;

	a &= ~SIGN;
	b &= ~SIGN;
	if (a > INFINITE || b > INFINITE)
		return nan_of(bits_of(x), bits_of(y));
	if (a == INFINITE || b == INFINITE)
		return a && b ? quad_of(sign | INFINITE) : invalid();
	if (!a || !b)
		return quad_of(sign);

	exp = split(a, &a) + split(b, &b) - BIAS;
	a1 = a >> 64, a0 = a, b1 = b >> 64, b0 = b;
	low = (u128)a0 * b0;
	middle = (u128)a1 * b0 + (low >> 64); /* a1, b1 < 2^49: no overflow */
	high = (u128)a0 * b1 + (u64)middle;
	low = high << 64 | (u64)low;
	high = (u128)a1 * b1 + (middle >> 64) + (high >> 64);

	/* The product has its leading bit at 224 or 225; bit 224 is exp's. Keep 117 bits. */
	sig = high << 19 | low >> 109 | ((low & ((ONE << 109) - 1)) != 0);
	return carry_pack(sign, exp, sig);
}

quad __divtf3(quad x, quad y)
{
	u128 a = bits_of(x), b = bits_of(y), sign = (a ^ b) & SIGN, quotient;
	u64 high, digit;
	long exp;
	int i;

	a &= ~SIGN;
	b &= ~SIGN;
	if (a > INFINITE || b > INFINITE)
		return nan_of(bits_of(x), bits_of(y));
	if (a == INFINITE)
		return b == INFINITE ? invalid() : quad_of(sign | INFINITE);
	if (b == INFINITE)
		return quad_of(sign);
	if (!b) {
		if (!a)
			return invalid();
		raise_divide_by_zero();
		return quad_of(sign | INFINITE);
	}
	if (!a)
		return quad_of(sign);

	exp = split(a, &a);
	exp -= split(b, &b);
	quotient = a >= b;
	if (quotient)
		a -= b;
	/* 15 bits of the quotient per step: a < b < 2^113. A digit is found from 49 bits of b, rounded up, so it is right
	 * or one too small. */
	high = (u64)(b >> 64) + 1;
	for (i = 0; i < 8; i++) {
		a <<= 15;
		digit = (u64)(a >> 64) / high;
		a -= digit * b;
		if (a >= b) {
			a -= b;
			digit++;
		}
		quotient = quotient << 15 | digit;
	}
	/* 1 to 2^121; bit 120 has the weight of exp. */
	return normalise_pack(sign, exp + BIAS - 5, quotient | (a != 0));
}
