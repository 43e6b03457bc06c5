/* Powers with an integer exponent. */

#define POWI(name, type) \
	type name(type x, int n) \
	{ \
		unsigned left = n < 0 ? -(unsigned)n : (unsigned)n; \
		type result = 1; \
	\
		for (;;) { \
			if (left & 1) \
				result *= x; \
			left >>= 1; \
			if (!left) \
				break; \
			x *= x; \
		} \
		return n < 0 ? 1 / result : result; \
	}

POWI(__powisf2, float)
POWI(__powidf2, double)
POWI(__powitf2, long double)
