/* Arithmetic of 256 bits. */

#include "wide.h"

static int leading(u64 x)
{
	return __builtin_clzl(x);
}

wide __wide_of(quad x)
{
	wide w = { { 0 }, 0, bits_of(x) >> 127 };
	u128 magnitude = bits_of(x) & ~SIGN, sig;

	if (!magnitude)
		return w;
	w.exp = split(magnitude, &sig) - BIAS + 1;
	sig <<= 15;
	w.digits[2] = sig;
	w.digits[3] = sig >> 64;
	return w;
}

wide __wide_int(long n)
{
	wide w = { { 0 }, 64, n < 0 };
	u64 magnitude = n < 0 ? -(u64)n : n;
	int shift;

	if (!n)
		return w;
	shift = leading(magnitude);
	w.digits[3] = magnitude << shift;
	w.exp -= shift;
	return w;
}

/* The digits n to the right; what is shifted out leaves a last bit. */
static void shift_right(u64 digits[4], u64 n)
{
	u64 lost = 0;

	if (n >= 256) {
		lost = digits[0] | digits[1] | digits[2] | digits[3];
		digits[0] = lost != 0;
		digits[1] = digits[2] = digits[3] = 0;
		return;
	}
	for (; n >= 64; n -= 64) {
		lost |= digits[0];
		digits[0] = digits[1];
		digits[1] = digits[2];
		digits[2] = digits[3];
		digits[3] = 0;
	}
	if (n) {
		lost |= digits[0] << (64 - n);
		for (int i = 0; i < 3; i++)
			digits[i] = digits[i] >> n | digits[i + 1] << (64 - n);
		digits[3] >>= n;
	}
	digits[0] |= lost != 0;
}

/* Brings the highest bit to its place. */
static wide normal(wide w)
{
	int shift;

	for (int i = 0; i < 3 && !w.digits[3]; i++) {
		w.digits[3] = w.digits[2];
		w.digits[2] = w.digits[1];
		w.digits[1] = w.digits[0];
		w.digits[0] = 0;
		w.exp -= 64;
	}
	if (!w.digits[3])
		return (wide){ 0 };
	shift = leading(w.digits[3]);
	if (shift) {
		for (int i = 3; i > 0; i--)
			w.digits[i] = w.digits[i] << shift | w.digits[i - 1] >> (64 - shift);
		w.digits[0] <<= shift;
		w.exp -= shift;
	}
	return w;
}

static int is_smaller(wide a, wide b)
{
	if (a.exp != b.exp)
		return a.exp < b.exp;
	for (int i = 3; i > 0; i--)
		if (a.digits[i] != b.digits[i])
			return a.digits[i] < b.digits[i];
	return a.digits[0] < b.digits[0];
}

wide __wide_add(wide a, wide b)
{
	u64 carry = 0;

	if (is_zero(a))
		return b;
	if (is_zero(b))
		return a;
	if (is_smaller(a, b)) {
		wide swap = a;

		a = b;
		b = swap;
	}
	shift_right(b.digits, a.exp - b.exp);
	if (a.negative == b.negative) {
		for (int i = 0; i < 4; i++) {
			u128 sum = (u128)a.digits[i] + b.digits[i] + carry;

			a.digits[i] = sum;
			carry = sum >> 64;
		}
		if (carry) {
			shift_right(a.digits, 1);
			a.digits[3] |= (u64)1 << 63;
			a.exp++;
		}
		return a;
	}
	for (int i = 0; i < 4; i++) {
		u128 rest = (u128)a.digits[i] - b.digits[i] - carry;

		a.digits[i] = rest;
		carry = rest >> 64 & 1;
	}
	return normal(a);
}

wide __wide_mul(wide a, wide b)
{
	u64 product[8] = { 0 };
	wide w;

	if (is_zero(a) || is_zero(b))
		return (wide){ 0 };
	for (int i = 0; i < 4; i++) {
		u64 carry = 0;

		for (int j = 0; j < 4; j++) {
			u128 sum = (u128)a.digits[i] * b.digits[j] + product[i + j] + carry;

			product[i + j] = sum;
			carry = sum >> 64;
		}
		product[i + 4] = carry;
	}
	w = (wide){ { product[4], product[5], product[6], product[7] }, a.exp + b.exp, a.negative ^ b.negative };
	if (!(w.digits[3] >> 63)) {
		for (int i = 3; i > 0; i--)
			w.digits[i] = w.digits[i] << 1 | w.digits[i - 1] >> 63;
		w.digits[0] = w.digits[0] << 1 | product[3] >> 63;
		w.exp--;
	}
	return w;
}

wide __wide_over(wide a, u32 n)
{
	u64 rest = 0;

	for (int i = 3; i >= 0; i--) {
		u64 high = rest << 32 | a.digits[i] >> 32, low = high % n << 32 | (u32)a.digits[i];

		a.digits[i] = high / n << 32 | low / n;
		rest = low % n;
	}
	return normal(a);
}

double __wide_double(wide x)
{
	long exp = x.exp > 1000 ? 1000 : x.exp;
	double magnitude = exp < -900 ? 0 : scalbn(x.digits[3], (int)exp - 64);

	return x.negative ? -magnitude : magnitude;
}

/* About the value of a positive double from 2^-60 to 2^60. */
static wide about(double x)
{
	int exp;
	wide w = __wide_int(frexp(x, &exp) * 0x1p62);

	return scaled(w, exp - 62);
}

/* 1/a: each step doubles the digits that are right. */
static wide inverse(wide a)
{
	long exp = a.exp;
	wide one = __wide_int(1), r;

	a.exp = 0;
	r = about(1 / __wide_double((wide){ { 0, 0, 0, a.digits[3] }, 0, 0 }));
	r.negative = a.negative;
	for (int i = 0; i < 3; i++)
		r = __wide_add(r, __wide_mul(r, difference(one, __wide_mul(a, r))));
	r.exp -= exp;
	return r;
}

wide __wide_div(wide a, wide b)
{
	wide r = inverse(b), q = __wide_mul(a, r);

	return __wide_add(q, __wide_mul(r, difference(a, __wide_mul(b, q))));
}

wide __wide_sqrt(wide a)
{
	long exp = a.exp & ~1L;
	wide one = __wide_int(1), r, root;

	if (is_zero(a))
		return a;
	a.exp -= exp;
	r = about(1 / sqrt(__wide_double(a)));
	for (int i = 0; i < 3; i++)
		r = __wide_add(r, scaled(__wide_mul(r, difference(one, __wide_mul(a, square(r)))), -1));
	root = __wide_mul(a, r);
	root = __wide_add(root, scaled(__wide_mul(r, difference(a, square(root))), -1));
	return scaled(root, exp / 2);
}

quad __wide_round(wide x)
{
	u128 high = (u128)x.digits[3] << 64 | x.digits[2];
	u64 rest = (x.digits[2] & 0xfff) | x.digits[1] | x.digits[0];

	if (is_zero(x))
		return x.negative ? -0.0L : 0.0L;
	return round_pack(x.negative ? SIGN : 0, x.exp - 1 + BIAS, high >> 12 | (rest != 0));
}

quad __wide_round_to_exact(wide x)
{
	/* Digits 129 to 208 all 0 or all 1, and it is one of fewer. */
	u64 few = x.digits[0] >> 48;

	if (x.digits[1] == 0 && few == 0)
		x.digits[0] = 0;
	else if (x.digits[1] == (u64)-1 && few == 0xffff) {
		wide last = { { 0, 0, 0, (u64)1 << 63 }, x.exp - 127, x.negative };

		x.digits[0] = x.digits[1] = 0;
		x = __wide_add(x, last);
	}
	return __wide_round(x);
}

quad __wide_next_to(quad x, int away)
{
	wide w = __wide_of(x), little = { { 0, 0, 0, (u64)1 << 63 }, w.exp - 200, w.negative ^ !away };

	return __wide_round(__wide_add(w, little));
}

quad __wide_cubic(quad x, long a, u32 b)
{
	wide w = __wide_of(x);

	if (x == 0)
		return x;
	if (fabsl(x) < 0x1p-70L)
		return __wide_next_to(x, a > 0);
	return __wide_round(__wide_add(w, __wide_over(__wide_mul(__wide_int(a), __wide_mul(w, square(w))), b)));
}
