/* Compares the helper functions, linked here under names that begin with "my", with the host's own.
 * Random operands: zeros, subnormals, infinities, NaNs, near values and rounding ties among them; in every
 * rounding mode, and the exceptions are compared too. Prints what differs. Out-of-range conversions to integers are
 * undefined in C and not compared. */

#include <fenv.h>
#include <stdio.h>
#include <string.h>

typedef __float128 quad;
typedef unsigned __int128 u128;
typedef __int128 i128;
typedef unsigned long u64;
typedef unsigned u32;

quad my__addtf3(quad, quad), my__subtf3(quad, quad), my__multf3(quad, quad), my__divtf3(quad, quad);
long my__letf2(quad, quad), my__getf2(quad, quad), my__eqtf2(quad, quad), my__unordtf2(quad, quad);
double my__trunctfdf2(quad);
float my__trunctfsf2(quad);
_Float16 my__trunctfhf2(quad), my__truncsfhf2(float), my__truncdfhf2(double);
quad my__extenddftf2(double), my__extendsftf2(float);
float my__extendhfsf2(_Float16);
long my__fixtfsi(quad), my__fixtfdi(quad), my__fixunstfsi(quad);
u64 my__fixunstfdi(quad);
i128 my__fixtfti(quad), my__fixdfti(double);
u128 my__fixunstfti(quad), my__fixunsdfti(double);
quad my__floatsitf(int), my__floatunsitf(u32), my__floatditf(long), my__floatunditf(u64);
quad my__floattitf(i128), my__floatuntitf(u128);
double my__floattidf(i128), my__floatuntidf(u128);
float my__floattisf(i128), my__floatuntisf(u128);
u128 my__udivti3(u128, u128), my__umodti3(u128, u128), my__ashlti3(u128, int), my__lshrti3(u128, int);
i128 my__divti3(i128, i128), my__modti3(i128, i128), my__multi3(i128, i128), my__ashrti3(i128, int);
i128 my__muloti4(i128, i128, int *);
long my__popcountdi2(u64), my__clzdi2(u64), my__ctzdi2(u64), my__paritydi2(u64);
u64 my__bswapdi2(u64);
double my__powidf2(double, int);
double _Complex my__muldc3(double, double, double, double), my__divdc3(double, double, double, double);
double _Complex __muldc3(double, double, double, double);

static int failures;

#define CHECK(name, condition) \
	do { \
		if (!(condition) && failures++ < 20) \
			printf("%s differs in round %d\n", name, round); \
	} while (0)

static u64 state = 88172645463325252;

/* Marsaglia's xorshift. */
static u64 random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static u128 random128(void)
{
	return (u128)random64() << 64 | random64();
}

static quad quad_of(u128 u)
{
	quad x;

	memcpy(&x, &u, 16);
	return x;
}

static u128 bits_of(quad x)
{
	u128 u;

	memcpy(&u, &x, 16);
	return u;
}

static u128 with_exponent(u128 u, unsigned exponent)
{
	return (u & ~((u128)0x7fff << 112)) | (u128)exponent << 112;
}

static quad random_quad(void)
{
	u128 u = random128();

	switch (random64() % 8) {
	case 0:
		u = with_exponent(u, 0);
		break;
	case 1:
		u = with_exponent(u, 0x7fff);
		if (random64() & 1)
			u &= ~(u128)0 << 112;
		break;
	case 2:
		u &= (u128)1 << 127;
		break;
	case 3:
	case 4:
	case 5:
		u = with_exponent(u, 16383 - 130 + random64() % 260);
		if (random64() % 3 == 0)
			u &= ~(u128)0 << random64() % 112;
	}
	return quad_of(u);
}

static double random_double(void)
{
	u64 u = random64();
	double x;

	switch (random64() % 16) {
	case 0:
		u = 0;
		break;
	case 1:
		u = 0x7ffUL << 52;
		break;
	case 2:
		u = 0x7ff8UL << 48;
		break;
	case 3:
		u &= ~(0x7ffUL << 52);
		break;
	default:
		u = (u & ~(0x7ffUL << 52)) | (1023 - 60 + random64() % 120) << 52;
	}
	memcpy(&x, &u, 8);
	return x;
}

/* Equal bits, or both NaN: which NaN is not compared. */
#define SAME(x, y) (!memcmp(&(x), &(y), sizeof(x)) || ((x) != (x) && (y) != (y)))
#define SAME_VALUE(type, x, y) ({ type x_ = (x), y_ = (y); SAME(x_, y_); })

/* One operation by the host and by ours: results and exceptions. */
#define CHECK_RAISED(name, type, host, mine) \
	do { \
		type x_, y_; \
		int raised_; \
	\
		feclearexcept(FE_ALL_EXCEPT); \
		x_ = (host); \
		raised_ = fetestexcept(FE_ALL_EXCEPT); \
		feclearexcept(FE_ALL_EXCEPT); \
		y_ = (mine); \
		CHECK(name, SAME(x_, y_)); \
		CHECK(name " (exceptions)", raised_ == fetestexcept(FE_ALL_EXCEPT)); \
	} while (0)

static void arithmetic(int round)
{
	quad a = random_quad(), b = random_quad();

	if (round % 5 == 0) /* near or opposite */
		b = quad_of(bits_of(a) ^ (random64() & 7) ^ (u128)(random64() & 1) << 127);
	if (round % 5 == 1) /* products and quotients around the limits */
		b = quad_of(with_exponent(bits_of(b), (16383 + 0x7ffe - (unsigned)(bits_of(a) >> 112)) & 0x7fff));
	if (round % 5 == 2)
		b = quad_of(with_exponent(bits_of(b), (16383 - (unsigned)(bits_of(a) >> 112)) & 0x7fff));
	CHECK_RAISED("__addtf3", quad, a + b, my__addtf3(a, b));
	CHECK_RAISED("__subtf3", quad, a - b, my__subtf3(a, b));
	CHECK_RAISED("__multf3", quad, a * b, my__multf3(a, b));
	CHECK_RAISED("__divtf3", quad, a / b, my__divtf3(a, b));
	CHECK("__letf2", (a <= b) == (my__letf2(a, b) <= 0) && (a < b) == (my__letf2(a, b) < 0));
	CHECK("__getf2", (a >= b) == (my__getf2(a, b) >= 0) && (a > b) == (my__getf2(a, b) > 0));
	CHECK_RAISED("__eqtf2", int, a == b, my__eqtf2(a, b) == 0);
	CHECK_RAISED("__unordtf2", int, __builtin_isunordered(a, b), my__unordtf2(a, b) != 0);
}

static void formats(int round)
{
	quad a = random_quad(), near;
	double d = random_double();
	u32 u = random64();
	float f;

	memcpy(&f, &u, 4);
	CHECK_RAISED("__trunctfdf2", double, a, my__trunctfdf2(a));
	CHECK_RAISED("__trunctfsf2", float, a, my__trunctfsf2(a));
	/* Around the subnormals and the largest numbers of the narrow formats. */
	near = quad_of(with_exponent(bits_of(a), 16383 - 1080 + random64() % 60));
	CHECK_RAISED("__trunctfdf2", double, near, my__trunctfdf2(near));
	near = quad_of(with_exponent(bits_of(a), 16383 + 1022 + random64() % 4));
	CHECK_RAISED("__trunctfdf2", double, near, my__trunctfdf2(near));
	near = quad_of(with_exponent(bits_of(a), 16383 - 155 + random64() % 40));
	CHECK_RAISED("__trunctfsf2", float, near, my__trunctfsf2(near));
	near = quad_of(with_exponent(bits_of(a), 16383 - 28 + random64() % 46));
	CHECK_RAISED("__trunctfhf2", _Float16, near, my__trunctfhf2(near));
	/* All ones, which are carried into the next exponent. */
	near = quad_of(bits_of(near) | (((u128)1 << random64() % 112) - 1) << random64() % 100 & (((u128)1 << 112) - 1));
	CHECK_RAISED("__trunctfhf2", _Float16, near, my__trunctfhf2(near));
	near = quad_of(with_exponent(~(u128)0 << random64() % 64, 16383 - 1080 + random64() % 60));
	CHECK_RAISED("__trunctfdf2", double, near, my__trunctfdf2(near));
	CHECK_RAISED("__truncdfhf2", _Float16, d, my__truncdfhf2(d));
	CHECK_RAISED("__truncsfhf2", _Float16, f, my__truncsfhf2(f));
	CHECK_RAISED("__extendhfsf2", float, (_Float16)d, my__extendhfsf2((_Float16)d));
	CHECK_RAISED("__extenddftf2", quad, d, my__extenddftf2(d));
	CHECK_RAISED("__extendsftf2", quad, f, my__extendsftf2(f));
}

static void integers(int round)
{
	quad a = random_quad(), magnitude = a < 0 ? -a : a;
	double d = random_double();
	u128 u = random128() >> random64() % 128, v = random128() >> random64() % 128 | 1;
	i128 product;
	u64 w = random64() >> random64() % 64 | 1;
	int n = random64() % 128, overflow;

	if (round % 3 == 0)
		u <<= random64() % 100;
	if (magnitude < 0x1p31Q)
		CHECK_RAISED("__fixtfsi", int, a, my__fixtfsi(a));
	if (magnitude < 0x1p63Q)
		CHECK_RAISED("__fixtfdi", long, a, my__fixtfdi(a));
	if (magnitude < 0x1p127Q)
		CHECK_RAISED("__fixtfti", i128, a, my__fixtfti(a));
	if (a >= 0 && a < 0x1p32Q)
		CHECK_RAISED("__fixunstfsi", u32, a, my__fixunstfsi(a));
	if (a >= 0 && a < 0x1p64Q)
		CHECK_RAISED("__fixunstfdi", u64, a, my__fixunstfdi(a));
	if (a >= 0 && a < 0x1p128Q)
		CHECK_RAISED("__fixunstfti", u128, a, my__fixunstfti(a));
	if (d > -0x1p127 && d < 0x1p127)
		CHECK("__fixdfti", (i128)d == my__fixdfti(d));
	if (d >= 0 && d < 0x1p128)
		CHECK("__fixunsdfti", (u128)d == my__fixunsdfti(d));
	CHECK_RAISED("__floatsitf", quad, (int)w, my__floatsitf(w));
	CHECK_RAISED("__floatunsitf", quad, (u32)w, my__floatunsitf(w));
	CHECK_RAISED("__floatditf", quad, (long)w, my__floatditf(w));
	CHECK_RAISED("__floatunditf", quad, w, my__floatunditf(w));
	CHECK_RAISED("__floattitf", quad, (i128)u, my__floattitf(u));
	CHECK_RAISED("__floatuntitf", quad, u, my__floatuntitf(u));
	CHECK_RAISED("__floattidf", double, (i128)u, my__floattidf(u));
	CHECK_RAISED("__floatuntidf", double, u, my__floatuntidf(u));
	CHECK_RAISED("__floattisf", float, (i128)u, my__floattisf(u));
	CHECK_RAISED("__floatuntisf", float, u, my__floatuntisf(u));

	CHECK("__udivti3", u / v == my__udivti3(u, v));
	CHECK("__umodti3", u % v == my__umodti3(u, v));
	CHECK("__divti3", (i128)u / (i128)v == my__divti3(u, v));
	CHECK("__modti3", (i128)u % (i128)v == my__modti3(u, v));
	CHECK("__multi3", u * v == (u128)my__multi3(u, v));
	int expected = __builtin_mul_overflow((i128)u, (i128)v, &product);
	CHECK("__muloti4", my__muloti4(u, v, &overflow) == product && expected == (overflow != 0));
	CHECK("__ashlti3", u << n == my__ashlti3(u, n));
	CHECK("__lshrti3", u >> n == my__lshrti3(u, n));
	CHECK("__ashrti3", (i128)u >> n == my__ashrti3(u, n));
	CHECK("__popcountdi2", __builtin_popcountl(w) == my__popcountdi2(w));
	CHECK("__paritydi2", __builtin_parityl(w) == my__paritydi2(w));
	CHECK("__clzdi2", __builtin_clzl(w) == my__clzdi2(w));
	CHECK("__ctzdi2", __builtin_ctzl(w) == my__ctzdi2(w));
	CHECK("__bswapdi2", __builtin_bswap64(w) == my__bswapdi2(w));
}

static void complex(int round)
{
	double a = random_double(), b = random_double(), c = random_double(), d = random_double();
	double _Complex z = __muldc3(a, b, c, d), mine = my__muldc3(a, b, c, d);

	CHECK("__muldc3", SAME_VALUE(double, __real__ z, __real__ mine)
		&& SAME_VALUE(double, __imag__ z, __imag__ mine));
	/* Division is not unique in the last bits: multiply back. */
	a = 1 + (random64() >> 40), b = 1 + (random64() >> 40);
	c = 1 + (random64() >> 40), d = 1 + (random64() >> 40);
	mine = my__divdc3(a, b, c, d);
	mine = my__muldc3(__real__ mine, __imag__ mine, c, d);
	CHECK("__divdc3", __builtin_fabs(__real__ mine - a) < 1e-7 && __builtin_fabs(__imag__ mine - b) < 1e-7);
	CHECK("__powidf2", my__powidf2(2, round % 1000) == __builtin_ldexp(1, round % 1000)
		&& my__powidf2(2, -(round % 1000)) == __builtin_ldexp(1, -(round % 1000)));
}

int main(void)
{
	static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };

	for (int round = 0; round < 400000; round++) {
		fesetround(modes[round / 7 % 4]);
		arithmetic(round);
		formats(round);
		integers(round);
		fesetround(FE_TONEAREST);
		complex(round);
	}
	printf("%d differences\n", failures);
	return failures != 0;
}
