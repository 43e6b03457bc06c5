/* The error function of quads. */

#include "wide.h"

/* Where the series of erf and that of erfc are as good as each other: exp(-x^2) is 2^-120. */
#define BORDER 9.125L

static const wide one_over_root_of_pi = { { 0x39a15830cce620b1, 0x1409a0ebac3e7517, 0x71d48a7f6bfec344, 0x906eba8214db688d }, 0, 0 };

/* 2 x exp(-x^2) / sqrt(pi) * (1 + 2 x^2/3 + (2 x^2)^2/(3 5) + ...) */
static wide near(wide x)
{
	wide x2 = square(x), term = scaled(x, 1), sum = term;

	for (u32 n = 3; term.exp > sum.exp - 256; n += 2) {
		term = __wide_over(scaled(__wide_mul(term, x2), 1), n);
		sum = __wide_add(sum, term);
	}
	return __wide_mul(__wide_mul(sum, one_over_root_of_pi), __wide_exp(negated(x2)));
}

/* erfc(x) = exp(-x^2) / (x sqrt(pi)) * (1 - 1/(2 x^2) + 3/(2 x^2)^2 - ...), as far as its terms become smaller */
static wide far(wide x)
{
	wide x2 = square(x), step = __wide_div(__wide_int(-1), scaled(x2, 1)), term = __wide_int(1), sum = term;

	for (long n = 1; term.exp > -250; n += 2) {
		wide next = __wide_mul(__wide_mul(term, step), __wide_int(n));

		if (next.exp > term.exp)
			break;
		term = next;
		sum = __wide_add(sum, term);
	}
	sum = __wide_mul(__wide_mul(sum, one_over_root_of_pi), __wide_exp(negated(x2)));
	return __wide_div(sum, x);
}

quad erfl(quad x)
{
	if (isnan(x))
		return x + x;
	if (isinf(x))
		return x < 0 ? -1 : 1;
	if (x == 0)
		return x;
	if (fabsl(x) > BORDER)
		return __wide_next_to(x < 0 ? -1 : 1, 0);
	if (fabsl(x) < 0x1p-130L) /* so that the square of a small number is not needed */
		return __wide_round(scaled(__wide_mul(__wide_of(x), one_over_root_of_pi), 1));
	return __wide_round(near(__wide_of(x)));
}

quad erfcl(quad x)
{
	wide one = __wide_int(1);

	if (isnan(x))
		return x + x;
	if (isinf(x))
		return x < 0 ? 2 : 0;
	if (x == 0)
		return 1;
	if (fabsl(x) < 0x1p-130L)
		return __wide_next_to(1, x < 0);
	if (fabsl(x) <= BORDER)
		return __wide_round(difference(one, near(__wide_of(x))));
	if (x < 0)
		return __wide_next_to(2, 0);
	return __wide_round(far(__wide_of(x > 120 ? 120 : x)));
}
