/* The floating-point environment, for arithmetic in integers. It lives in the CPU, and operations of `float` ask it
 * for the rounding mode and raise its exceptions: no ISA is named. Their operands are volatile, since the compiler
 * assumes that no mode was set and would compute the results itself.
 *
 * Only inexact results ask, so that exact ones cost nothing. */

#ifndef ROUNDING_H
#define ROUNDING_H

static const volatile float float_zero = 0, float_one = 1, float_minus_one = -1;
static const volatile float float_little = 0x1p-30f, float_tiny = 0x1p-126f, float_huge = 0x1p127f;

static inline void evaluate(float x)
{
	volatile float result = x;
	(void)result;
}

/* Whether an inexact magnitude is rounded to the next one. `rest` holds the first bit that was cut off, the second,
 * and whether there are more; it is not zero. `odd` is the last bit that is kept. Raises FE_INEXACT. */
static inline int rounds_up(int negative, unsigned odd, unsigned rest)
{
	float one = float_one, little = float_little;
	int up = one + little != one;

	if (!up && one - little == one) /* to nearest, ties to even */
		return rest + (odd & 1) > 4;
	if (!negative)
		return up;
	return !up && float_minus_one - little != float_minus_one;
}

/* For a magnitude beyond the largest number: whether it becomes infinite, and not that number. Raises
 * FE_OVERFLOW and FE_INEXACT. */
static inline int overflows(int negative)
{
	float huge = float_huge;
	union { float f; unsigned u; } product = { .f = huge * (negative ? -huge : huge) };

	return (product.u & 0x7fffffff) == 0x7f800000;
}

static inline void raise_underflow(void)
{
	float tiny = float_tiny;

	evaluate(tiny * tiny);
}

static inline void raise_inexact(void)
{
	evaluate(float_one + float_little);
}

static inline void raise_invalid(void)
{
	float zero = float_zero;

	evaluate(zero / zero);
}

static inline void raise_divide_by_zero(void)
{
	evaluate(float_one / float_zero);
}

/* Whether the exact sum of x and -x is negative: when rounding down. */
static inline int zero_is_negative(void)
{
	union { float f; unsigned u; } sum = { .f = float_one + float_minus_one };

	return sum.u >> 31;
}

#endif
