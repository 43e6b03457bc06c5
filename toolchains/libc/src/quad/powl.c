/* The power of quads. */

#include "wide.h"

/* 0: y is no whole number, 1: an odd one, 2: an even one. */
static int parity(quad y)
{
	if (fabsl(y) < 1 || truncl(y) != y)
		return 0;
	return truncl(y / 2) == y / 2 ? 2 : 1;
}

/* A power of zero or infinity. */
static quad of_limit(quad x, quad y)
{
	quad magnitude = (x == 0) == (y > 0) ? 0 : INFINITY;

	if (x == 0 && y < 0 && y != -INFINITY)
		raise_divide_by_zero();
	return signbit(x) && parity(y) == 1 ? -magnitude : magnitude;
}

quad powl(quad x, quad y)
{
	int whole;
	wide p;

	if (x == 1 || y == 0)
		return is_signaling(bits_of(x)) || is_signaling(bits_of(y)) ? x + y : 1;
	if (isnan(x) || isnan(y))
		return x + y;
	if (isinf(y)) {
		if (fabsl(x) == 1)
			return 1;
		return (fabsl(x) > 1) == (y > 0) ? INFINITY : 0;
	}
	if (x == 0 || isinf(x))
		return of_limit(x, y);
	whole = parity(y);
	if (x < 0 && !whole)
		return invalid();
	if (fabsl(x) == 1)
		return whole == 1 ? x : 1;
	p = __wide_mul(__wide_of(y), __wide_log(__wide_of(fabsl(x))));
	if (p.exp < -130)
		return __wide_next_to(x < 0 && whole == 1 ? -1 : 1, !p.negative);
	if (p.exp > 14) { /* 16384: more than any result's */
		int negative = p.negative;

		p = __wide_int(1 << 14);
		p.negative = negative;
	}
	p = __wide_exp(p);
	p.negative = x < 0 && whole == 1;
	return __wide_round_to_exact(p);
}
