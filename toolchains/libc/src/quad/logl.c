/* Logarithms and the inverse hyperbolic functions of quads. */

#include "wide.h"

/* Whether x has no logarithm that is to be computed; then it is in *result. */
static int is_special(quad x, quad *result)
{
	if (isnan(x) || x == INFINITY)
		*result = x + x;
	else if (x == 0) {
		raise_divide_by_zero();
		*result = -INFINITY;
	} else if (x < 0)
		*result = invalid();
	else if (x == 1)
		*result = 0;
	else
		return 0;
	return 1;
}

quad logl(quad x)
{
	quad result;

	return is_special(x, &result) ? result : __wide_round(__wide_log(__wide_of(x)));
}

/* log(x) / log(base). The result is a whole number only where x is a power of base. */
static quad to_base(quad x, wide base)
{
	return __wide_round_to_exact(__wide_div(__wide_log(__wide_of(x)), base));
}

quad log2l(quad x)
{
	quad result;

	return is_special(x, &result) ? result : to_base(x, __wide_ln2);
}

quad log10l(quad x)
{
	static const wide ln10 = { { 0x83c61e8201f02d73, 0xe28fecf9da5df90e, 0xea56d62b82d30a28, 0x935d8dddaaa8ac16 }, 2, 0 };
	quad result;

	return is_special(x, &result) ? result : to_base(x, ln10);
}

quad log1pl(quad x)
{
	quad result;

	if (x == 0)
		return x;
	if (x > -1 && fabsl(x) < 0x1p-230L)
		return __wide_next_to(x, x < 0);
	if (!(x > -1 && x < INFINITY)) {
		is_special(1 + x, &result);
		return result;
	}
	return __wide_round(__wide_log1p(__wide_of(x)));
}

quad asinhl(quad x)
{
	wide w, root, log;

	if (!isfinite(x))
		return x + x;
	if (fabsl(x) < WIDE_LITTLE)
		return __wide_cubic(x, -1, 6);
	w = __wide_of(fabsl(x));
	root = __wide_sqrt(__wide_add(square(w), __wide_int(1)));
	log = __wide_log(__wide_add(w, root));
	log.negative = x < 0;
	return __wide_round(log);
}

quad acoshl(quad x)
{
	wide w = { 0 };

	if (isnan(x) || x == INFINITY)
		return x + x;
	if (x < 1)
		return invalid();
	if (x == 1)
		return 0;
	w = __wide_of(x);
	return __wide_round(__wide_log(__wide_add(w, __wide_sqrt(difference(square(w), __wide_int(1))))));
}

quad atanhl(quad x)
{
	wide w, one = __wide_int(1);

	if (isnan(x))
		return x + x;
	if (fabsl(x) > 1)
		return invalid();
	if (fabsl(x) == 1) {
		raise_divide_by_zero();
		return x < 0 ? -INFINITY : INFINITY;
	}
	if (fabsl(x) < WIDE_LITTLE)
		return __wide_cubic(x, 1, 3);
	w = __wide_of(x);
	return __wide_round(scaled(__wide_log(__wide_div(__wide_add(one, w), difference(one, w))), -1));
}
