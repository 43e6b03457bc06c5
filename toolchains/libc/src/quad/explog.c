/* exp and log of 256 bits. */

#include "wide.h"

const wide __wide_ln2 = { { 0x8a0d175b8baafa2c, 0x40f343267298b62d, 0xc9e3b39803f2f6af, 0xb17217f7d1cf79ab }, 0, 0 };
const wide __wide_pi = { { 0x020bbea63b139b22, 0x29024e088a67cc74, 0xc4c6628b80dc1cd1, 0xc90fdaa22168c234 }, 2, 0 };

/* 1/n!, from n = 2 on. */
static const wide reciprocals[] = {
	{ { 0x0000000000000000, 0x0000000000000000, 0x0000000000000000, 0x8000000000000000 }, 0, 0 },
	{ { 0xaaaaaaaaaaaaaaab, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa }, -2, 0 },
	{ { 0xaaaaaaaaaaaaaaab, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa }, -4, 0 },
	{ { 0x8888888888888889, 0x8888888888888888, 0x8888888888888888, 0x8888888888888888 }, -6, 0 },
	{ { 0xb60b60b60b60b60b, 0x0b60b60b60b60b60, 0x60b60b60b60b60b6, 0xb60b60b60b60b60b }, -9, 0 },
	{ { 0xd00d00d00d00d00d, 0x0d00d00d00d00d00, 0x00d00d00d00d00d0, 0xd00d00d00d00d00d }, -12, 0 },
	{ { 0xd00d00d00d00d00d, 0x0d00d00d00d00d00, 0x00d00d00d00d00d0, 0xd00d00d00d00d00d }, -15, 0 },
	{ { 0x472800b8ef1d2ab6, 0xd2ab6399c7d560e4, 0x560e4472800b8ef1, 0xb8ef1d2ab6399c7d }, -18, 0 },
	{ { 0xd28666fa58e4222b, 0x0eef82e16caab3e9, 0x780b69f5333c725b, 0x93f27dbbc4fae397 }, -21, 0 },
	{ { 0x78094ff7c71d48f9, 0x15b9788db55562c8, 0x3a3f25c1bee38f10, 0xd7322b3faa271c7f }, -25, 0 },
	{ { 0xa55b8aa52f68db51, 0x0e7ba5b3ce38ec85, 0x26d4c3d67f425f60, 0x8f76c77fc6c4bdaa }, -28, 0 },
	{ { 0x06980d1a12f73550, 0x9babdfa238e39942, 0x1c198e91d7b4269d, 0xb092309d43684be5 }, -32, 0 },
	{ { 0x75400ef93a3f185b, 0x68c46d4baebaf84b, 0xd6f8a2efd1f27546, 0xc9cba54603e4e905 }, -36, 0 },
	{ { 0x38ccdcc593768061, 0x5eaf6383ed943c0c, 0xc32b58774657f48f, 0xd73f9f399dc0f88e }, -40, 0 },
	{ { 0x38ccdcc593768061, 0x5eaf6383ed943c0c, 0xc32b58774657f48f, 0xd73f9f399dc0f88e }, -44, 0 },
	{ { 0x4484938cc7061e7a, 0xa468d621d08b83cf, 0x3028cbbb8d7ff53b, 0xca963b81856a5359 }, -48, 0 },
	{ { 0xe7924a443f21e233, 0x3ccef73a807c0362, 0x8024435161554bc3, 0xb413c31dcbecbbdd }, -52, 0 },
	{ { 0xb588aa546b0f0f54, 0x5ba0d03143c6bf7b, 0x50f61dbdcb3a5abf, 0x97a4da340a0ab926 }, -56, 0 },
};

/* x = k ln 2 + 2^10 r, with |r| < 2^-11: what follows the 19th power of r is nothing. */
wide __wide_exp(wide x)
{
	enum { SQUARINGS = 10, LAST = sizeof reciprocals / sizeof *reciprocals - 1 };
	long k = floor(__wide_double(x) * 1.4426950408889634 + 0.5);
	wide r = scaled(difference(x, __wide_mul(__wide_int(k), __wide_ln2)), -SQUARINGS);
	wide sum = reciprocals[LAST], one = __wide_int(1);

	for (int i = LAST - 1; i >= 0; i--)
		sum = __wide_add(reciprocals[i], __wide_mul(sum, r));
	sum = __wide_mul(r, __wide_add(one, __wide_mul(r, sum))); /* exp(r) - 1 */
	for (int i = 0; i < SQUARINGS; i++)
		sum = __wide_add(scaled(sum, 1), square(sum));
	return scaled(__wide_add(one, sum), k);
}

/* 2 (s + s^3/3 + ... ) with so many terms. */
static wide log_of_ratio(wide s, int terms)
{
	wide s2 = square(s), sum = __wide_over(__wide_int(1), 2 * terms - 1);

	for (int n = 2 * terms - 3; n > 0; n -= 2)
		sum = __wide_add(__wide_mul(sum, s2), __wide_over(__wide_int(1), n));
	return scaled(__wide_mul(s, sum), 1);
}

/* x = 2^k m; m is exp(y) but for a factor that 53 bits do not tell from 1. */
wide __wide_log(wide x)
{
	wide one = __wide_int(1), y, r;
	long k = x.exp;
	double m;

	x.exp = 0;
	m = __wide_double(x);
	if (m < 0.7071067811865476) {
		x.exp = 1;
		m *= 2;
		k--;
	}
	y = __wide_of(log(m));
	r = difference(__wide_mul(x, __wide_exp(negated(y))), one);
	r = log_of_ratio(__wide_div(r, __wide_add(r, __wide_int(2))), 3);
	return __wide_add(__wide_mul(__wide_int(k), __wide_ln2), __wide_add(y, r));
}

wide __wide_log1p(wide x)
{
	if (x.exp > -20)
		return __wide_log(__wide_add(__wide_int(1), x));
	return log_of_ratio(__wide_div(x, __wide_add(x, __wide_int(2))), 6);
}
