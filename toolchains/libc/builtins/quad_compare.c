/* Comparisons of binary128. The result is compared with zero by the caller: negative for less, zero
 * for equal, positive for greater; if one is NaN, what makes the comparison false. Back ends call the same functions
 * for quiet comparisons (isless) and others (<), so only signaling NaNs raise FE_INVALID. */

#include "quad.h"

static inline int unordered(u128 a, u128 b)
{
	if ((a & ~SIGN) <= INFINITE && (b & ~SIGN) <= INFINITE)
		return 0;
	if (is_signaling(a) || is_signaling(b))
		raise_invalid();
	return 1;
}

static inline long compare(quad x, quad y, long if_nan)
{
	u128 a = bits_of(x), b = bits_of(y);

	if (unordered(a, b))
		return if_nan;
	if (!((a | b) & ~SIGN) || a == b)
		return 0;
	if ((a ^ b) & SIGN)
		return a & SIGN ? -1 : 1;
	return (a < b) == !(a & SIGN) ? -1 : 1;
}

long __letf2(quad x, quad y)
{
	return compare(x, y, 1);
}

long __lttf2(quad x, quad y)
{
	return compare(x, y, 1);
}

long __eqtf2(quad x, quad y)
{
	return compare(x, y, 1);
}

long __netf2(quad x, quad y)
{
	return compare(x, y, 1);
}

long __cmptf2(quad x, quad y)
{
	return compare(x, y, 1);
}

long __getf2(quad x, quad y)
{
	return compare(x, y, -1);
}

long __gttf2(quad x, quad y)
{
	return compare(x, y, -1);
}

long __unordtf2(quad x, quad y)
{
	return unordered(bits_of(x), bits_of(y));
}
