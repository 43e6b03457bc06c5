// Functions of long double have the precision of quads, with the exceptions that they have natively.
//#Flags: -frounding-math
//#Briefly: never
#define _GNU_SOURCE
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct quad {
	unsigned long low, high;
};

struct value {
	long double (*function)(long double);
	struct quad x, result;
};

struct pair {
	long double (*function)(long double, long double);
	struct quad x, y, result;
};

/* Computed with 700 bits (mpmath), rounded to nearest. */
static const struct value values[] = {
	{ expl, { 0xbdd640fb06671ad1UL, 0xbff13eb146685257UL }, { 0x9fdc506f73a94651UL, 0x3ffefff60a8e9862UL } },
	{ expl, { 0x687abd098e65314bUL, 0xbffea5d18b6f2c6eUL }, { 0x6f8cb2bd324a82a5UL, 0x3ffdc1433718034fUL } },
	{ expl, { 0x0000000000000000UL, 0x3fff000000000000UL }, { 0x95355fb8ac404e7aUL, 0x40005bf0a8b14576UL } },
	{ expl, { 0x0000000000000000UL, 0x400c62e400000000UL }, { 0xed1967480b308defUL, 0x7ffef427b74653baUL } },
	{ expl, { 0x0000000000000000UL, 0xc00c644200000000UL }, { 0x000078bf964879e4UL, 0x0000000000000000UL } },
	{ expl, { 0x0000000000000000UL, 0xc00c676000000000UL }, { 0x0000000000000000UL, 0x0000000000000000UL } },
	{ expl, { 0x07a0ca6e0822e8f3UL, 0xbff337f817fc695aUL }, { 0xd56f31db52919f6fUL, 0x3ffeffd902792386UL } },
	{ exp2l, { 0x687d899738314c7dUL, 0x3ffd9d32f69c4dbaUL }, { 0x86780b5942666f7eUL, 0x3fff529e33355c02UL } },
	{ exp2l, { 0x4403e9a13583ececUL, 0x400c35ae30d21ccdUL }, { 0x9cf6a34d6a92e201UL, 0x66b4b5b6483fb78cUL } },
	{ exp2l, { 0xce4a2bbdc241330bUL, 0xbffdb2b928df6ec4UL }, { 0x6e3c3acafe3258e8UL, 0x3ffe7d7b02cf45d1UL } },
	{ exp10l, { 0x0000000000000000UL, 0x4001c00000000000UL }, { 0x0000000000000000UL, 0x4016312d00000000UL } },
	{ exp10l, { 0xb83da78d69fb6b3dUL, 0xc00ae679abf2f257UL }, { 0x9716a557917fbcaaUL, 0x0d7ea3944bd41a25UL } },
	{ exp10l, { 0x564135be6128e18cUL, 0x3ffca580d7b71d8fUL }, { 0x38d272ea5fe227f1UL, 0x3fff9b32f5fb159aUL } },
	{ expm1l, { 0xbacfb3d00b1f9163UL, 0xbf598946759cde66UL }, { 0xbacfb3d00b1f9163UL, 0xbf598946759cde66UL } },
	{ expm1l, { 0x6dda0c6a944788a1UL, 0x3ffd06a29ee99258UL }, { 0x4edfcb2e7cf7c0dcUL, 0x3ffd2b63b6743805UL } },
	{ expm1l, { 0x5c941cf0dc98d2c1UL, 0x3feb313993cd59bfUL }, { 0xc0f24070e2fa16b3UL, 0x3feb31399f2cac00UL } },
	{ expm1l, { 0x1801ee2ced5cbcd2UL, 0xc004b8a717fab0f5UL }, { 0xfffffffd1a9f47a8UL, 0xbffeffffffffffffUL } },
	{ logl, { 0x19db3ad0ddd1dfb2UL, 0x6c694729614ff3d7UL }, { 0xefde9b3f61447d56UL, 0x400bec95426fc88cUL } },
	{ logl, { 0xfffffffffffffa84UL, 0x3ffeffffffffffffUL }, { 0x00000000000001e1UL, 0xbf985f0000000000UL } },
	{ logl, { 0x7103767b64c55810UL, 0x3ffee5a1a5103052UL }, { 0x40f92866a71f0744UL, 0xbffab1263a59296cUL } },
	{ logl, { 0x0000000000000001UL, 0x0000000000000000UL }, { 0x2c89d24d65e96274UL, 0xc00c654628220780UL } },
	{ logl, { 0x0000000000000000UL, 0x4002400000000000UL }, { 0x582dd4adac5705a6UL, 0x400026bb1bbb5551UL } },
	{ log2l, { 0x0000000000000000UL, 0x3fb2000000000000UL }, { 0x0000000000000000UL, 0xc005340000000000UL } },
	{ log2l, { 0xffffed62bc154123UL, 0x3ffeffffffffffffUL }, { 0x6c41b72b2ce7a266UL, 0xbfbaadad31a2735aUL } },
	{ log2l, { 0xd8e8d733331ecca0UL, 0x40001ac8e54b2070UL }, { 0x7156d94c38c17dbcUL, 0x3fff24c06195c149UL } },
	{ log10l, { 0xc60ad85000000000UL, 0x406c8a6e32246c99UL }, { 0x0000000000000000UL, 0x4004080000000000UL } },
	{ log10l, { 0xffff78d71cac08e3UL, 0x3ffeffffffffffffUL }, { 0x2dc030a7d421ee8cUL, 0xbfbbd597cc3dd840UL } },
	{ log10l, { 0x7b54f582545f8966UL, 0x4006a6646090b1e7UL }, { 0x5e5621a86e90a047UL, 0x4000298f4dd03b47UL } },
	{ log1pl, { 0xe059a0ee9132b63eUL, 0xbfad508eb7c93acfUL }, { 0xe059a0eec881947eUL, 0xbfad508eb7c93acfUL } },
	{ log1pl, { 0xea1fca65e27a984dUL, 0xbffc7577a491f0b2UL }, { 0x03f3d908b5867aa8UL, 0xbffc9c52b1504dbfUL } },
	{ log1pl, { 0xffffffffffff9c12UL, 0xbffeffffffffffffUL }, { 0xe612d6703270d934UL, 0xc00510b435f96321UL } },
	{ log1pl, { 0xe5d7b8756dadd6c7UL, 0x429f663f956269f0UL }, { 0x26b334ff864cb118UL, 0x4007d221863a8c4dUL } },
	{ sinhl, { 0xff5e9ff0ff50bde4UL, 0xbfc182702369b584UL }, { 0xff5e9ff0ff50bde4UL, 0xbfc182702369b584UL } },
	{ sinhl, { 0x7d90838fb823288eUL, 0xbfff5d7d7ec8ef63UL }, { 0x7127529ea8140961UL, 0xbfffd4a0e95d7967UL } },
	{ sinhl, { 0x98ae43346c12ace8UL, 0xc004628010435a10UL }, { 0x6232897915f7b74aUL, 0xc03de792326a669aUL } },
	{ sinhl, { 0x405cacec877409a9UL, 0x3fae8da0f89897b9UL }, { 0x405cacec877409a9UL, 0x3fae8da0f89897b9UL } },
	{ coshl, { 0x1d53434bb88139b9UL, 0x3fbee281ae849217UL }, { 0x0000000000000000UL, 0x3fff000000000000UL } },
	{ coshl, { 0x15116a8ea42905beUL, 0xbffd0b4dd2cf7e37UL }, { 0xa76de37e70ea739bUL, 0x3fff08c590aaa80dUL } },
	{ coshl, { 0xf42d47cc00d4af59UL, 0x4002e037b8db0672UL }, { 0xbd7ff512cdf9c713UL, 0x401391c6088b2e37UL } },
	{ coshl, { 0x2dbc2134c30ff46eUL, 0xbfaee9a181f76d1cUL }, { 0x0000000000000000UL, 0x3fff000000000000UL } },
	{ tanhl, { 0xa39231a7d777a477UL, 0xbfc49be581f631d4UL }, { 0xa39231a7d777a477UL, 0xbfc49be581f631d4UL } },
	{ tanhl, { 0x623cfe2852f988a5UL, 0x3fffb31d50423fd0UL }, { 0x9a1607dd5c0fe6c7UL, 0x3ffedee876c4a3f4UL } },
	{ tanhl, { 0x99546eb400257ad1UL, 0xc0037d1552fbe43bUL }, { 0xffffd93c8b06b029UL, 0xbffeffffffffffffUL } },
	{ tanhl, { 0xfc3e058be0f3eab0UL, 0xbfacce88d4e80839UL }, { 0xfc3e058be0f3eab0UL, 0xbfacce88d4e80839UL } },
	{ asinhl, { 0x913e4de2e0c53cb8UL, 0xbfbe1429f26b4776UL }, { 0x913e4de2e0c53cb8UL, 0xbfbe1429f26b4776UL } },
	{ asinhl, { 0xdb4b17e974c40046UL, 0x3fff12217db99b0aUL }, { 0xd4b2da0adb8452c9UL, 0x3ffedc74a41eb27aUL } },
	{ asinhl, { 0x79ac1b1ea8e56e0cUL, 0xc04d8cbff264acccUL }, { 0xeae3493bde97e25aUL, 0xc004b992f4a11997UL } },
	{ acoshl, { 0x000000026c71edc0UL, 0x3fff000000000000UL }, { 0x56979010b68c0278UL, 0x3fd819cf666c0ce2UL } },
	{ acoshl, { 0x83d2e6337ea2dfb0UL, 0x3fff664fcca39ab6UL }, { 0x187c469e07a7fb33UL, 0x3ffebbbb3593b553UL } },
	{ acoshl, { 0x5f987c71a65e688eUL, 0x4254e64d702753a1UL }, { 0x329a2c28c5dc3727UL, 0x40079f24c7628e18UL } },
	{ atanhl, { 0x3f76be1d1efa2197UL, 0xbfc310643985c3cfUL }, { 0x3f76be1d1efa2197UL, 0xbfc310643985c3cfUL } },
	{ atanhl, { 0x7f5525a56ff43714UL, 0xbffeb7f8a2f6a71eUL }, { 0x6a8c569de1befca3UL, 0xbfff4a6d95f06ad7UL } },
	{ atanhl, { 0xffffffc306ddd7dbUL, 0x3ffeffffffffffffUL }, { 0xf63b483e4abe137fUL, 0x4003a5d2322b4bedUL } },
	{ sinl, { 0xdb62618910693e30UL, 0xbffbaa5eefac5c5aUL }, { 0xfd229386405f65bdUL, 0xbffba999ec368f6aUL } },
	{ sinl, { 0xb92da22b21df306fUL, 0x406ee1e3ef7ddc76UL }, { 0xbb2efaf0fe8452feUL, 0xbffe8fc037cc5ecbUL } },
	{ cosl, { 0x1f818a1bacfb7cdcUL, 0xc0003e5f2bac34c5UL }, { 0x69b0fc5a1de41662UL, 0xbffe96412f1a8c6fUL } },
	{ cosl, { 0x6e595ed3a8b317faUL, 0xc0516c6f5ab33edfUL }, { 0xa81ae11e9b5ce2f0UL, 0x3ffee8ac67a79778UL } },
	{ tanl, { 0x46de7d630cf3186eUL, 0x3fff2fdf9202853aUL }, { 0x6b2139ccfdcb3c6aUL, 0x40003cf9fe3b3f53UL } },
	{ tanl, { 0xba6c34ab6712303aUL, 0x4052ccf356dc8907UL }, { 0xec7ee0e43f50c74eUL, 0x3ffe8fc3b1cc98f5UL } },
	{ asinl, { 0x7a98276b5fa1bcf4UL, 0xbffc3dc1d034b8d2UL }, { 0x6f48aa4bff1e2c1dUL, 0xbffc3f0bc60a7d57UL } },
	{ asinl, { 0x3ff350bf766ecb15UL, 0xbfdaec5bdfde4fbfUL }, { 0x3ff3510b58e9d992UL, 0xbfdaec5bdfde4fbfUL } },
	{ acosl, { 0x845f2c6710f51ed9UL, 0x3ffd30679adac0c8UL }, { 0x4529abff9141a849UL, 0x3fff44dad2b7eaa8UL } },
	{ acosl, { 0x03c72ba8d605e770UL, 0x3fea17e0f8102383UL }, { 0x034d01ec51860b92UL, 0x3fff921fac853b11UL } },
	{ atanl, { 0xb417a25fd4fe1755UL, 0xbffe261316c7060eUL }, { 0x2ff47917d5aa4587UL, 0xbffe0aef3c2e37aaUL } },
	{ atanl, { 0x0f02bad0e7067ef4UL, 0xbfe861042a25a888UL }, { 0x8ff8372980ae8adbUL, 0xbfe861042a25a884UL } },
	{ cbrtl, { 0x799b9171b38dda60UL, 0x80000002e8f791fcUL }, { 0x15608fa8b9a54ef2UL, 0xaaa56d7cc22eaafdUL } },
	{ cbrtl, { 0xdd6e06f574316b93UL, 0x400076007d7edb0cUL }, { 0x7775e3320d76b3d7UL, 0x3fff6dfbb88cfd60UL } },
	{ erfl, { 0xd42d48c27496309eUL, 0x3ffedcdeecfbb12fUL }, { 0xc1498fb0575c5ba1UL, 0x3ffe9fdb9bd8874eUL } },
	{ erfl, { 0x9e340865ce913a93UL, 0x40009a9e2fa49eb6UL }, { 0xbe85d52b1b4f94dfUL, 0x3ffeffff404af246UL } },
	{ erfl, { 0x7a0ecfea958ca9baUL, 0x3f3ceb5c80bacd64UL }, { 0x38c9dd9a29946b76UL, 0x3f3d153890234656UL } },
	{ erfcl, { 0xf742b1f7fbce7428UL, 0xbffe409839a8bfadUL }, { 0x992dbf02b3bf8d7bUL, 0x3fff9fc6c8c248e5UL } },
	{ erfcl, { 0xc83aa7d811697f15UL, 0x4001810b43e73c93UL }, { 0xaef346377213ca47UL, 0x3fc7457231d78aa8UL } },
	{ erfcl, { 0x7b5f69debaea7699UL, 0x4002f461aca71dfbUL }, { 0xe1ef0c19922284a1UL, 0x3e995cca119be825UL } },
	{ erfcl, { 0xf4e7d13d232b9337UL, 0x400557eb654ca918UL }, { 0x7465e31f7d3537c2UL, 0x164e7b8a8c8428f9UL } },
	{ lgammal, { 0x6f7f1464224f9466UL, 0x400013812cbe08ceUL }, { 0xe71a439a08ac565cUL, 0x3ffb259d8f59b1b2UL } },
	{ lgammal, { 0x000000000000006aUL, 0x3fff000000000000UL }, { 0x9551f6c6325b5341UL, 0xbf94e97a98219059UL } },
	{ lgammal, { 0xfffffffffeed6d10UL, 0x3fffffffffffffffUL }, { 0x56a80160f21989a0UL, 0xbfa5d057a10c8957UL } },
	{ lgammal, { 0x33d075007fe95937UL, 0xc0003b769f648ff3UL }, { 0xaf908bbc67758e45UL, 0xbff86d1745ee375eUL } },
	{ lgammal, { 0x22bd383bc2ea72f7UL, 0xc00203d4d4eb6cc2UL }, { 0x8fc55da6674aa1acUL, 0xc00216e5ab51f0c9UL } },
	{ lgammal, { 0x5e9953d23e896c64UL, 0x4070286248f4ef12UL }, { 0x20651767efd943cfUL, 0x407666c5f3b1fbcfUL } },
	{ lgammal, { 0xc155f64f98af8d03UL, 0xc0003a7fc9600f86UL }, { 0x2215de23f7cd18afUL, 0x3f8fa06e577d3963UL } },
	{ tgammal, { 0x0000000000000000UL, 0x4003d00000000000UL }, { 0x6aced70000000000UL, 0x4060ec92dd23d696UL } },
	{ tgammal, { 0xe386cd6836628716UL, 0x3ffef7392dd3d89aUL }, { 0x1c2167a20f6d706eUL, 0x3fff029bcd4e09cbUL } },
	{ tgammal, { 0x91a6e2dc6730ee01UL, 0x40095c3797495e77UL }, { 0xa3314c5d7d678961UL, 0x70f46f57e8095614UL } },
	{ tgammal, { 0xbdad72ab16141c08UL, 0xc0000f87d12448f2UL }, { 0xe5579ef996ae29deUL, 0xc000e1d7412ee75eUL } },
	{ tgammal, { 0xa5f084d183ad62fcUL, 0xc008a650e11100b4UL }, { 0xf1382ff08415783dUL, 0xa4a964192f92cca3UL } },
};

static const struct pair pairs[] = {
	{ powl, { 0x9b1fe4062ea35868UL, 0x4000b6968b29440dUL }, { 0x063ba56add23b127UL, 0xbffff2eb0e638334UL }, { 0x060e605545018452UL, 0x3ffb738872918545UL } },
	{ powl, { 0x0000000000000022UL, 0x3fff000000000000UL }, { 0x00e85ece0b49452dUL, 0xc06bc5685563f616UL }, { 0xec7183bbe68a8971UL, 0x3ff97c188d825865UL } },
	{ powl, { 0x0000000000000000UL, 0x4000800000000000UL }, { 0x0000000000000000UL, 0x40051c0000000000UL }, { 0x5f77dd11edb8a78bUL, 0x406f723ecaf7ceb0UL } },
	{ powl, { 0x0000000000000000UL, 0x4001c00000000000UL }, { 0x0000000000000000UL, 0x4004400000000000UL }, { 0xa9c74345f78771c1UL, 0x406f39e862f1509bUL } },
	{ powl, { 0x7f4c05eaf2f2061dUL, 0xc001963dc496993eUL }, { 0x0000000000000000UL, 0xc004280000000000UL }, { 0x91d0ce684dd7f87dUL, 0xbf9c467b45706a19UL } },
	{ powl, { 0x1ca3c4480279b6a6UL, 0x032af1ee13432e61UL }, { 0x26286bfbe767dceaUL, 0x3ffe09398babce3bUL }, { 0x43d01685559bab1bUL, 0x207c558a5d871ac9UL } },
	{ hypotl, { 0x5d92ea21c57aafaaUL, 0xc000c19fa05530daUL }, { 0x03d406756efd4a66UL, 0xc00207903c3d4f90UL }, { 0x15a3414c4e360382UL, 0x40021e8844cf9649UL } },
	{ hypotl, { 0xae9bec3635c7936cUL, 0xff8caabc3fe12e47UL }, { 0xdfed2c43e256a6dcUL, 0x7f69f94d6808593fUL }, { 0xae9bf0e2e10babd4UL, 0x7f8caabc3fe12e47UL } },
};

static long double number(struct quad q)
{
	long double x;

	memcpy(&x, &q, sizeof x);
	return x;
}

/* Units in the last place between two numbers. */
static unsigned long distance(long double x, struct quad right)
{
	struct quad q;
	__int128 a, b;

	memcpy(&q, &x, sizeof q);
	a = (__int128)q.high << 64 | q.low;
	b = (__int128)right.high << 64 | right.low;
	a = a > b ? a - b : b - a;
	return a >> 64 ? -1UL : (unsigned long)a;
}

static const char *wrong(unsigned long units, unsigned i)
{
	static char text[100];

	/* The plain build's long double may be another type, whose functions are not tested here. */
	if (LDBL_MANT_DIG != 113 || units <= 2)
		return "right";
	sprintf(text, "%lu units wrong (%u)", units, i);
	return text;
}

static const struct {
	const char *name;
	long double (*function)(long double);
} functions[] = {
	{ "exp", expl }, { "exp2", exp2l }, { "expm1", expm1l }, { "log", logl }, { "log2", log2l }, { "log10", log10l },
	{ "log1p", log1pl }, { "sinh", sinhl }, { "cosh", coshl }, { "tanh", tanhl }, { "asinh", asinhl },
	{ "acosh", acoshl }, { "atanh", atanhl }, { "erf", erfl }, { "erfc", erfcl }, { "lgamma", lgammal },
	{ "tgamma", tgammal },
};

static void limits(void)
{
	static const volatile long double arguments[] = {
		0, -0.0L, 1, -1, INFINITY, -INFINITY, NAN, 1e5L, -1e5L, -3,
	};

	for (unsigned f = 0; f < sizeof functions / sizeof *functions; f++) {
		printf("%s", functions[f].name);
		for (unsigned i = 0; i < sizeof arguments / sizeof *arguments; i++) {
			feclearexcept(FE_ALL_EXCEPT);
			long double y = functions[f].function(arguments[i]);
			int raised = fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);

			if (isnan(y))
				printf(" nan/%x", (unsigned)raised);
			else
				printf(" %.4Lg/%x", y, (unsigned)raised);
		}
		puts("");
	}
	static const volatile long double x[] = { 0, -0.0L, 1, -1, 2, -2, 0.5L, INFINITY, -INFINITY, NAN };
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned j = 0; j < 10; j++) {
			feclearexcept(FE_ALL_EXCEPT);
			long double y = powl(x[i], x[j]);
			if (isnan(y))
				printf(" nan/%x", (unsigned)fetestexcept(FE_INVALID | FE_DIVBYZERO));
			else
				printf(" %.4Lg/%x", y, (unsigned)fetestexcept(FE_INVALID | FE_DIVBYZERO));
		}
		puts("");
	}
}

/* The next number above what is exact or nearest, if anything is cut off. */
static void directions(void)
{
	static const volatile long double third = 1 / 3.0L, three = 3, tiny = 0x1p-200L;

	fesetround(FE_UPWARD);
	long double up = expl(third), power_up = powl(three, 30), one_up = coshl(tiny);
	fesetround(FE_DOWNWARD);
	long double down = expl(third), power_down = powl(three, 30), one_down = coshl(tiny);
	fesetround(FE_TONEAREST);
	puts(LDBL_MANT_DIG != 113 || (up == nextafterl(down, 2) && power_up == power_down && one_up > 1 && one_down == 1)
		? "right" : "not rounded as asked");
}

int main(void)
{
	unsigned i;

	for (i = 0; i < sizeof values / sizeof *values; i++)
		puts(wrong(distance(values[i].function(number(values[i].x)), values[i].result), i));
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
		puts(wrong(distance(pairs[i].function(number(pairs[i].x), number(pairs[i].y)), pairs[i].result), i));
	limits();
	directions();
	return 42;
}
