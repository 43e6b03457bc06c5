/* Multiplication and division of complex numbers, with the recovery of infinities that ISO C 2011,
 * annex G.5.1, asks for. From base-ABI IR, because the ISAs' own libraries disagree about how a complex
 * number is returned. */

#define INF __builtin_inff()

#define NAN_P(x) ((x) != (x))
#define INF_P(x) (__builtin_fabsl(x) == (long double)INF)
#define FINITE_P(x) (__builtin_fabsl(x) < (long double)INF)

/* 1 or 0 with the sign of x, by whether it was infinite. */
#define BOX(type, copysign, x) ((type)copysign(INF_P(x) ? 1 : 0, x))
#define ZERO_IF_NAN(copysign, x) (NAN_P(x) ? copysign(0, x) : (x))

#define MULTIPLY(name, type, copysign) \
	type _Complex name(type a, type b, type c, type d) \
	{ \
		type ac = a * c, bd = b * d, ad = a * d, bc = b * c; \
		type re = ac - bd, im = ad + bc; \
		type _Complex z; \
	\
		if (NAN_P(re) && NAN_P(im)) { \
			int again = 0; \
	\
			if (INF_P(a) || INF_P(b)) { \
				a = BOX(type, copysign, a); \
				b = BOX(type, copysign, b); \
				c = ZERO_IF_NAN(copysign, c); \
				d = ZERO_IF_NAN(copysign, d); \
				again = 1; \
			} \
			if (INF_P(c) || INF_P(d)) { \
				c = BOX(type, copysign, c); \
				d = BOX(type, copysign, d); \
				a = ZERO_IF_NAN(copysign, a); \
				b = ZERO_IF_NAN(copysign, b); \
				again = 1; \
			} \
			if (!again && (INF_P(ac) || INF_P(bd) || INF_P(ad) || INF_P(bc))) { \
				a = ZERO_IF_NAN(copysign, a); \
				b = ZERO_IF_NAN(copysign, b); \
				c = ZERO_IF_NAN(copysign, c); \
				d = ZERO_IF_NAN(copysign, d); \
				again = 1; \
			} \
			if (again) { \
				re = INF * (a * c - b * d); \
				im = INF * (a * d + b * c); \
			} \
		} \
		__real__ z = re; \
		__imag__ z = im; \
		return z; \
	}

MULTIPLY(__mulsc3, float, __builtin_copysignf)
MULTIPLY(__muldc3, double, __builtin_copysign)
MULTIPLY(__multc3, long double, __builtin_copysignl)

/* The exponent of a finite non-zero number and scaling by a power of two, without libm. `digits` are those
 * of the type's fraction, `bias` its exponent bias; `word` holds its bits. */
#define SCALING(suffix, type, word, digits, bias) \
	static inline type power_of_two_##suffix(int n) \
	{ \
		union { word u; type f; } x = { .u = (word)(n + bias) << digits }; \
		return x.f; \
	} \
	\
	static inline int exponent_##suffix(type x) \
	{ \
		union { word u; type f; } v = { .f = x }; \
		int shift = 0, exp = (int)(v.u >> digits) & (2 * bias + 1); \
	\
		if (!exp) { \
			v.f *= power_of_two_##suffix(digits + 1); \
			shift = digits + 1; \
			exp = (int)(v.u >> digits) & (2 * bias + 1); \
		} \
		return exp - bias - shift; \
	} \
	\
	static inline type scale_##suffix(type x, int n) \
	{ \
		while (n > bias) { \
			x *= power_of_two_##suffix(bias); \
			n -= bias; \
		} \
		while (n < 1 - bias) { \
			x *= power_of_two_##suffix(1 - bias); \
			n += bias - 1; \
		} \
		return x * power_of_two_##suffix(n); \
	}

SCALING(s, float, unsigned, 23, 127)
SCALING(d, double, unsigned long, 52, 1023)
SCALING(t, long double, unsigned __int128, 112, 16383)

#define DIVIDE(name, type, suffix, copysign, fabs) \
	type _Complex name(type a, type b, type c, type d) \
	{ \
		type larger = fabs(c) > fabs(d) ? fabs(c) : fabs(d), denominator, re, im; \
		type _Complex z; \
		int scale = 0; \
	\
		if (larger > 0 && FINITE_P(c) && FINITE_P(d)) { \
			scale = exponent_##suffix(larger); \
			c = scale_##suffix(c, -scale); \
			d = scale_##suffix(d, -scale); \
		} \
		denominator = c * c + d * d; \
		re = scale_##suffix((a * c + b * d) / denominator, -scale); \
		im = scale_##suffix((b * c - a * d) / denominator, -scale); \
		if (NAN_P(re) && NAN_P(im)) { \
			if (denominator == 0 && (!NAN_P(a) || !NAN_P(b))) { \
				re = copysign((type)INF, c) * a; \
				im = copysign((type)INF, c) * b; \
			} else if ((INF_P(a) || INF_P(b)) && FINITE_P(c) && FINITE_P(d)) { \
				a = BOX(type, copysign, a); \
				b = BOX(type, copysign, b); \
				re = INF * (a * c + b * d); \
				im = INF * (b * c - a * d); \
			} else if ((INF_P(c) || INF_P(d)) && FINITE_P(a) && FINITE_P(b)) { \
				c = BOX(type, copysign, c); \
				d = BOX(type, copysign, d); \
				re = 0 * (a * c + b * d); \
				im = 0 * (b * c - a * d); \
			} \
		} \
		__real__ z = re; \
		__imag__ z = im; \
		return z; \
	}

DIVIDE(__divsc3, float, s, __builtin_copysignf, __builtin_fabsf)
DIVIDE(__divdc3, double, d, __builtin_copysign, __builtin_fabs)
DIVIDE(__divtc3, long double, t, __builtin_copysignl, __builtin_fabsl)
