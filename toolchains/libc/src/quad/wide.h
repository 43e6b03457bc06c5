/* Numbers of 256 bits, for functions of quads. musl has these functions for long doubles of 64 bits and, for quads, takes
 * those of double.
 *
 * A function is computed with 140 bits more than its result has, by the shortest way there is: one argument reduction
 * and one series. So it needs no error analysis of its own, no polynomial per interval, and its result is right but for
 * one in 2^100 or so, in every rounding mode. Quads are computed in integers on most CPUs, so this is no slower than
 * polynomials of quads would be. */

#ifndef WIDE_H
#define WIDE_H

#include <math.h>
#include <features.h>
#include "../../builtins/quad.h"

/* (-1)^negative * 0.digits * 2^exp. The highest bit of the digits, little-endian, is set; zero has none. */
struct wide {
	u64 digits[4];
	long exp;
	int negative;
};
typedef struct wide wide;

hidden wide __wide_of(quad x); /* exactly; x is finite */
hidden wide __wide_int(long n);
hidden wide __wide_add(wide a, wide b);
hidden wide __wide_mul(wide a, wide b);
hidden wide __wide_over(wide a, u32 n);
hidden wide __wide_div(wide a, wide b);
hidden wide __wide_sqrt(wide a); /* a >= 0 */
hidden wide __wide_exp(wide x);
hidden wide __wide_log(wide x); /* x > 0 */
hidden wide __wide_log1p(wide x); /* x > -1, however small */
hidden double __wide_double(wide x); /* about */

/* The nearest quad, or the next one that the rounding mode wants, with its exceptions. */
hidden quad __wide_round(wide x);
/* The same if x may stand for a number of few digits: it is taken for that if it is as good as one. */
hidden quad __wide_round_to_exact(wide x);

/* x + a x^3 / b, for an |x| below WIDE_LITTLE: the function's next term is too small to count. */
#define WIDE_LITTLE 0x1p-60L
hidden quad __wide_cubic(quad x, long a, u32 b);

hidden extern const wide __wide_ln2, __wide_pi;

static inline int is_zero(wide x)
{
	return !x.digits[3];
}

static inline wide negated(wide x)
{
	x.negative ^= 1;
	return x;
}

static inline wide scaled(wide x, int exp)
{
	x.exp += exp;
	return x;
}

static inline wide difference(wide a, wide b)
{
	return __wide_add(a, negated(b));
}

static inline wide square(wide a)
{
	return __wide_mul(a, a);
}

/* x, or the quad next to it on the side away from zero or not, as the rounding mode says: the value of a function that
 * is x but for less than can be told. */
hidden quad __wide_next_to(quad x, int away);

#endif
