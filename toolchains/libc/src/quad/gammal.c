/* The gamma function of quads and its logarithm. */

#define _GNU_SOURCE
#include "wide.h"

hidden extern int __signgam;
hidden quad __lgammal_r(quad x, int *sign);

static const wide half_ln_2pi = { { 0xdec6a3133daa155d, 0xcfb08f8d13458b4d, 0x94bc900144192023, 0xeb3f8e4325f5a534 }, 0, 0 };

/* Stirling's series: the Bernoulli numbers B(2 k) / (2 k (2 k - 1)), from k = 1 on. */
static const wide stirling[] = {
	{ { 0xaaaaaaaaaaaaaaab, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa }, -3, 0 },
	{ { 0xb60b60b60b60b60b, 0x0b60b60b60b60b60, 0x60b60b60b60b60b6, 0xb60b60b60b60b60b }, -8, 1 },
	{ { 0xd00d00d00d00d00d, 0x0d00d00d00d00d00, 0x00d00d00d00d00d0, 0xd00d00d00d00d00d }, -10, 0 },
	{ { 0x9c09c09c09c09c0a, 0x09c09c09c09c09c0, 0xc09c09c09c09c09c, 0x9c09c09c09c09c09 }, -10, 1 },
	{ { 0x8f158c7f91ab8754, 0xfe46ae1d4e700dca, 0x7539c0372a3c5631, 0xdca8f158c7f91ab8 }, -10, 0 },
	{ { 0x586ccc9e3e40fb56, 0x5586ccc9e3e40fb5, 0xb5586ccc9e3e40fb, 0xfb5586ccc9e3e40f }, -9, 1 },
	{ { 0xd20d20d20d20d20d, 0x0d20d20d20d20d20, 0x20d20d20d20d20d2, 0xd20d20d20d20d20d }, -7, 0 },
	{ { 0x2547698badcff214, 0x1436587a9cbee103, 0x032547698badcff2, 0xf21436587a9cbee1 }, -5, 1 },
	{ { 0xffd0c3b7f4b1c0f0, 0xd0c3b7f4b1c0f033, 0xc3b7f4b1c0f033ff, 0xb7f4b1c0f033ffd0 }, -2, 0 },
	{ { 0xb3808c0f9cf6dedd, 0x48b14c1f4aa70223, 0xedce7312cc3ea607, 0xb23b3808c0f9cf6d }, 1, 1 },
	{ { 0xa7a9c886459c00b5, 0x9ea72219167002d3, 0x7a9c886459c00b4e, 0xd672219167002d3a }, 4, 0 },
	{ { 0xb3f712eb9e07ca3a, 0xb44a9292e6660d55, 0x3f712eb9e07ca39d, 0x9cd9292e6660d55b }, 8, 1 },
	{ { 0xda740da740da740e, 0x0da740da740da740, 0x40da740da740da74, 0x8911a740da740da7 }, 12, 0 },
	{ { 0x8d541cdbcbc68b5e, 0x94d92e2fd250842c, 0xff6eec24b48ff1b3, 0x8d0cc570e255bf59 }, 16, 1 },
	{ { 0x96093d5ee562c084, 0xdcb00698234d582b, 0x19ee4fdc4469ccae, 0xa8d1044d3708d1c2 }, 20, 0 },
	{ { 0x169abbc406169abc, 0xbbc406169abbc406, 0x06169abbc406169a, 0xe8844d8a169abbc4 }, 24, 1 },
	{ { 0x76f31219dbcc4867, 0x676f31219dbcc486, 0x8676f31219dbcc48, 0xb694d07b219dbcc4 }, 29, 0 },
	{ { 0xf3066b7ea521c5ce, 0xda88c0793f07a1f8, 0xa6024d5c49761634, 0xa2288cecf23376ae }, 34, 1 },
	{ { 0x27350b88127350b9, 0x350b88127350b881, 0x0b88127350b88127, 0xa1bbcde4ea012735 }, 39, 0 },
	{ { 0x3581714af642a243, 0x43581714af642a24, 0x243581714af642a2, 0xb4005bde03d4642a }, 44, 1 },
	{ { 0xaac0952d3b2dcf5d, 0xeeecac9e8573ed1e, 0xc3a9e6daeae46d98, 0xde466b7c78fbaae3 }, 49, 0 },
	{ { 0xcbd569367a8e3a5d, 0x72037c5e151661b4, 0x40509f4fd884644b, 0x977d762877729bcb }, 55, 1 },
	{ { 0x46ba523a04c2cb44, 0x83da6597d3226a6f, 0x0b6b0a352d4f335c, 0xe2e1337f5af0bed9 }, 60, 0 },
	{ { 0x1f50a7d30f4b3a8d, 0x09d8d881ad457156, 0xb4f92ff986cdeea2, 0xb9e094058ad89016 }, 66, 1 },
	{ { 0x0b3d95ed5188a0da, 0x478f4715b08640e9, 0x0326ab4cc8bf3f7c, 0xa5f7eef9e71ac7c8 }, 72, 0 },
	{ { 0x071730f3c513f89a, 0x694deef08cb9cebd, 0xda64925c6c86491a, 0xa0ef80e57954084c }, 78, 1 },
	{ { 0x66ba7710d48231e8, 0xc758797bf4826900, 0x9790760b0ce0256e, 0xa8ebfe48da17dd99 }, 84, 0 },
	{ { 0x2409b737c796cbec, 0x3ba1b5ef128b1478, 0x24c95ab56cbec2ef, 0xbf582a433556fb17 }, 90, 1 },
	{ { 0xedfbfdaa63368773, 0x45c0eb78e86d69d5, 0x7770e67104316dcb, 0xe940b3723e6c7d0e }, 96, 0 },
	{ { 0xb5c73e81cd5cee1c, 0x174b18c9bd60a7d4, 0xf8cc3b4f451835e1, 0x989a150689672663 }, 103, 1 },
	{ { 0xd8d4a245f202cc3e, 0x3d8d4a245f202cc3, 0x58fbed95c39002cc, 0xd5cec8c0e5accfed }, 109, 0 },
};

/* Where the series has 250 digits. */
#define FAR 64

/* log gamma(x) + log *factor, x > 0 */
static wide log_gamma(wide x, wide *factor)
{
	enum { LAST = sizeof stirling / sizeof *stirling - 1 };
	wide sum = { 0 }, one = __wide_int(1), inverse, inverse2, log;

	*factor = one;
	while (__wide_double(x) < FAR) {
		*factor = __wide_mul(*factor, x);
		x = __wide_add(x, one);
	}
	if (x.exp < 300) {
		inverse = __wide_div(one, x);
		inverse2 = square(inverse);
		for (int i = LAST; i >= 0; i--)
			sum = __wide_add(stirling[i], __wide_mul(sum, inverse2));
		sum = __wide_mul(sum, inverse);
	}
	/* (x - 1/2) log x - x = x (log x - 1) - log x / 2 */
	log = __wide_log(x);
	sum = __wide_add(sum, half_ln_2pi);
	sum = __wide_add(sum, scaled(negated(log), -1));
	return __wide_add(__wide_mul(x, difference(log, one)), sum);
}

/* |sin(pi x)| of an x that is not whole */
static wide sine_of_pi(quad x)
{
	wide angle = __wide_mul(__wide_of(fabsl(x - roundl(x))), __wide_pi), square_of = square(angle);
	wide term = angle, sum = angle;

	for (u32 n = 2; term.exp > sum.exp - 256; n += 2) {
		term = negated(__wide_over(__wide_mul(term, square_of), n * (n + 1)));
		sum = __wide_add(sum, term);
	}
	return sum;
}

/* Of gamma at an x that is negative and not whole. */
static int is_negative(quad x)
{
	quad half = floorl(x) / 2;

	return half != floorl(half);
}

quad __lgammal_r(quad x, int *sign)
{
	wide w, log, factor;

	*sign = signbit(x) && (x == 0 || (x < 0 && isfinite(x) && floorl(x) != x && is_negative(x))) ? -1 : 1;
	if (isnan(x))
		return x + x;
	if (isinf(x))
		return INFINITY;
	if (x == 0 || (x < 0 && floorl(x) == x)) {
		raise_divide_by_zero();
		return INFINITY;
	}
	if (x == 1 || x == 2)
		return 0;
	w = __wide_of(fabsl(x));
	log = log_gamma(w, &factor);
	log = difference(log, __wide_log(factor));
	if (x < 0) /* gamma(x) gamma(-x) = -pi / (x sin(pi x)) */
		log = difference(__wide_log(__wide_div(__wide_pi, __wide_mul(w, sine_of_pi(x)))), log);
	return __wide_round(log);
}

quad lgammal(quad x)
{
	return __lgammal_r(x, &__signgam);
}

weak_alias(__lgammal_r, lgammal_r);

quad tgammal(quad x)
{
	wide w, log, factor;

	if (isnan(x) || x == INFINITY)
		return x + x;
	if (x == 0) {
		raise_divide_by_zero();
		return signbit(x) ? -INFINITY : INFINITY;
	}
	if (x < 0 && (isinf(x) || floorl(x) == x))
		return invalid();
	/* Beyond, it is more or less than any number. */
	w = __wide_of(fminl(fabsl(x), 2000));
	log = log_gamma(w, &factor);
	w = x < 0 ? __wide_div(__wide_mul(factor, __wide_pi), __wide_mul(__wide_mul(__wide_exp(log), w), sine_of_pi(x)))
		: __wide_div(__wide_exp(log), factor);
	w.negative = x < 0 && is_negative(x);
	return __wide_round_to_exact(w);
}
