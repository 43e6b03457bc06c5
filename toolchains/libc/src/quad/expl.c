/* exp, 10^x, exp - 1 and the hyperbolic functions of quads. */

#define _GNU_SOURCE
#include "wide.h"

/* Beyond, every one of these functions has overflowed or is as near to its limit as can be told. */
#define FAR 12000

/* exp(x) of a finite x, however large. */
static wide power(quad x)
{
	return __wide_exp(__wide_of(x > FAR ? FAR : x < -FAR ? -FAR : x));
}

quad expl(quad x)
{
	if (!isfinite(x))
		return x < 0 ? 0 : x + x;
	if (x == 0)
		return 1;
	if (fabsl(x) < 0x1p-130L)
		return __wide_next_to(1, x > 0);
	return __wide_round(power(x));
}

quad expm1l(quad x)
{
	wide w, sum;

	if (!isfinite(x))
		return x < 0 ? -1 : x + x;
	if (fabsl(x) < 0x1p-230L)
		return x == 0 ? x : __wide_next_to(x, x > 0);
	if (x < -200)
		return __wide_next_to(-1, 0);
	if (fabsl(x) >= WIDE_LITTLE)
		return __wide_round(difference(power(x), __wide_int(1)));
	/* x + x^2/2 + x^3/6 + x^4/24 */
	w = __wide_of(x);
	sum = __wide_int(1);
	for (int n = 4; n > 1; n--)
		sum = __wide_add(__wide_int(1), __wide_over(__wide_mul(sum, w), n));
	return __wide_round(__wide_mul(w, sum));
}

quad exp10l(quad x)
{
	return powl(10, x);
}

weak_alias(exp10l, pow10l);

quad sinhl(quad x)
{
	wide e;

	if (!isfinite(x))
		return x + x;
	if (fabsl(x) < WIDE_LITTLE)
		return __wide_cubic(x, 1, 6);
	e = power(x);
	return __wide_round(scaled(difference(e, __wide_div(__wide_int(1), e)), -1));
}

quad coshl(quad x)
{
	wide e;

	if (!isfinite(x))
		return x * x;
	if (x == 0)
		return 1;
	if (fabsl(x) < 0x1p-70L)
		return __wide_next_to(1, 1);
	e = power(x);
	return __wide_round(scaled(__wide_add(e, __wide_div(__wide_int(1), e)), -1));
}

quad tanhl(quad x)
{
	wide e, one = __wide_int(1);

	if (isnan(x))
		return x + x;
	if (isinf(x))
		return x < 0 ? -1 : 1;
	if (fabsl(x) > 100)
		return __wide_next_to(x < 0 ? -1 : 1, 0);
	if (fabsl(x) < WIDE_LITTLE)
		return __wide_cubic(x, -1, 3);
	e = square(power(x));
	return __wide_round(__wide_div(difference(e, one), __wide_add(e, one)));
}
