/* Addition, subtraction, multiplication and division of binary128. */

#include "quad.h"

static quad add_bits(u128 a, u128 b)
{
	u128 sign_a = a & SIGN, sign_b = b & SIGN, sig_a, sig_b, swap;
	long exp_a, exp_b;

	a &= ~SIGN;
	b &= ~SIGN;
	if (a > INFINITE || b > INFINITE)
		return quad_of((a > INFINITE ? sign_a | a : sign_b | b) | QUIET_NAN);
	if (a == INFINITE)
		return quad_of(b == INFINITE && sign_a != sign_b ? QUIET_NAN : sign_a | a);
	if (b == INFINITE)
		return quad_of(sign_b | b);
	if (!b)
		return quad_of(a ? sign_a | a : sign_a & sign_b);
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
		return normalise_pack(sign_a, exp_a, sig_a + sig_b);
	if (sig_a == sig_b)
		return quad_of(0);
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
		return quad_of((a > INFINITE ? bits_of(x) : bits_of(y)) | QUIET_NAN);
	if (a == INFINITE || b == INFINITE)
		return quad_of(a && b ? sign | INFINITE : QUIET_NAN);
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
	return normalise_pack(sign, exp, sig);
}

quad __divtf3(quad x, quad y)
{
	u128 a = bits_of(x), b = bits_of(y), sign = (a ^ b) & SIGN, quotient = 0;
	long exp;
	int i;

	a &= ~SIGN;
	b &= ~SIGN;
	if (a > INFINITE || b > INFINITE)
		return quad_of((a > INFINITE ? bits_of(x) : bits_of(y)) | QUIET_NAN);
	if (a == INFINITE)
		return quad_of(b == INFINITE ? QUIET_NAN : sign | INFINITE);
	if (b == INFINITE)
		return quad_of(sign);
	if (!b)
		return quad_of(a ? sign | INFINITE : QUIET_NAN);
	if (!a)
		return quad_of(sign);

	exp = split(a, &a);
	exp -= split(b, &b);
	/* One bit of the quotient per step, the first has the weight of bit 115. */
	for (i = 0; i < 117; i++) {
		quotient <<= 1;
		if (a >= b) {
			a -= b;
			quotient |= 1;
		}
		a <<= 1;
	}
	return normalise_pack(sign, exp + BIAS - 1, quotient | (a != 0));
}
