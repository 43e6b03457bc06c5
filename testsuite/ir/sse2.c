/* Every x86 intrinsic that the passes know, on operands at the edges. Compiled by plain clang to bitcode in
 * which the intrinsics stand: run as that, and lowered for each ISA, it must print the same bits. */

#include <emmintrin.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HIDDEN __attribute__((noinline))

static void show(const char *name, const void *value, int size)
{
	const unsigned char *bytes = value;

	printf("%s ", name);
	for (int i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static const unsigned char ints[][16] = {
	{ 0 },
	{ 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
	{ 0, 128, 255, 127, 1, 0, 128, 0, 127, 255, 0, 255, 200, 100, 50, 25 },
	{ 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255, 0 },
	{ 5, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9 },
	{ 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
};

#define OP(name, ...) { __m128i r = __VA_ARGS__; show(name, &r, 16); }
#define BITS(name, ...) { long long r = __VA_ARGS__; show(name, &r, 8); }

static HIDDEN void integers(__m128i a, __m128i b)
{
	BITS("movemask_epi8", _mm_movemask_epi8(a));
	BITS("movemask_ps", _mm_movemask_ps(_mm_castsi128_ps(a)));
	BITS("movemask_pd", _mm_movemask_pd(_mm_castsi128_pd(a)));
	OP("packs_epi16", _mm_packs_epi16(a, b));
	OP("packs_epi32", _mm_packs_epi32(a, b));
	OP("packus_epi16", _mm_packus_epi16(a, b));
	OP("madd_epi16", _mm_madd_epi16(a, b));
	OP("sad_epu8", _mm_sad_epu8(a, b));
	OP("mulhi_epi16", _mm_mulhi_epi16(a, b));
	OP("mulhi_epu16", _mm_mulhi_epu16(a, b));
	OP("avg_epu8", _mm_avg_epu8(a, b));
	OP("avg_epu16", _mm_avg_epu16(a, b));
	OP("sll_epi16", _mm_sll_epi16(a, b));
	OP("sll_epi32", _mm_sll_epi32(a, b));
	OP("sll_epi64", _mm_sll_epi64(a, b));
	OP("srl_epi16", _mm_srl_epi16(a, b));
	OP("srl_epi32", _mm_srl_epi32(a, b));
	OP("srl_epi64", _mm_srl_epi64(a, b));
	OP("sra_epi16", _mm_sra_epi16(a, b));
	OP("sra_epi32", _mm_sra_epi32(a, b));
	for (volatile int n = 0; n < 70; n += 15) {
		OP("slli_epi16", _mm_slli_epi16(a, n));
		OP("slli_epi32", _mm_slli_epi32(a, n));
		OP("slli_epi64", _mm_slli_epi64(a, n));
		OP("srli_epi16", _mm_srli_epi16(a, n));
		OP("srli_epi32", _mm_srli_epi32(a, n));
		OP("srli_epi64", _mm_srli_epi64(a, n));
		OP("srai_epi16", _mm_srai_epi16(a, n));
		OP("srai_epi32", _mm_srai_epi32(a, n));
	}
	_mm_pause();
	_mm_clflush(&a);
	_mm_mfence();
	_mm_lfence();
	_mm_sfence();
}

static HIDDEN void doubles(__m128d a, __m128d b)
{
#define OPD(name, ...) { __m128d r = __VA_ARGS__; show(name, &r, 16); }
	OPD("min_pd", _mm_min_pd(a, b));
	OPD("max_pd", _mm_max_pd(a, b));
	OPD("min_sd", _mm_min_sd(a, b));
	OPD("max_sd", _mm_max_sd(a, b));
	OPD("cmplt_sd", _mm_cmplt_sd(a, b));
	OPD("cmpneq_sd", _mm_cmpneq_sd(a, b));
	OPD("cmpnle_sd", _mm_cmpnle_sd(a, b));
	OPD("cmpunord_sd", _mm_cmpunord_sd(a, b));
	OPD("cmpge_pd", _mm_cmpge_pd(a, b));
	OPD("cmpord_pd", _mm_cmpord_pd(a, b));
	BITS("comieq_sd", _mm_comieq_sd(a, b));
	BITS("comineq_sd", _mm_comineq_sd(a, b));
	BITS("ucomilt_sd", _mm_ucomilt_sd(a, b));
	BITS("ucomige_sd", _mm_ucomige_sd(a, b));
	BITS("cvtsd_si32", _mm_cvtsd_si32(a));
	BITS("cvtsd_si64", _mm_cvtsd_si64(a));
	BITS("cvttsd_si32", _mm_cvttsd_si32(a));
	BITS("cvttsd_si64", _mm_cvttsd_si64(a));
	OP("cvtpd_epi32", _mm_cvtpd_epi32(a));
	OP("cvttpd_epi32", _mm_cvttpd_epi32(b));
}

static HIDDEN void singles(__m128 a, __m128 b)
{
#define OPS(name, ...) { __m128 r = __VA_ARGS__; show(name, &r, 16); }
	OPS("min_ps", _mm_min_ps(a, b));
	OPS("max_ps", _mm_max_ps(a, b));
	OPS("min_ss", _mm_min_ss(a, b));
	OPS("max_ss", _mm_max_ss(a, b));
	OPS("cmpeq_ss", _mm_cmpeq_ss(a, b));
	OPS("cmple_ss", _mm_cmple_ss(a, b));
	OPS("cmpnlt_ss", _mm_cmpnlt_ss(a, b));
	OPS("cmpord_ss", _mm_cmpord_ss(a, b));
	OPS("cmpngt_ps", _mm_cmpngt_ps(a, b));
	BITS("comile_ss", _mm_comile_ss(a, b));
	BITS("comigt_ss", _mm_comigt_ss(a, b));
	BITS("ucomieq_ss", _mm_ucomieq_ss(a, b));
	BITS("ucomineq_ss", _mm_ucomineq_ss(a, b));
	BITS("cvtss_si32", _mm_cvtss_si32(a));
	BITS("cvtss_si64", _mm_cvtss_si64(a));
	BITS("cvttss_si32", _mm_cvttss_si32(a));
	BITS("cvttss_si64", _mm_cvttss_si64(a));
	OP("cvtps_epi32", _mm_cvtps_epi32(a));
	OP("cvttps_epi32", _mm_cvttps_epi32(b));
}

int main(void)
{
	const double d[] = { 0.0, -0.0, 1.5, 2.5, -2.5, 2147483647.0, 2147483647.5, -2147483649.0, 9.2e18, -9.3e18,
		NAN, INFINITY, -INFINITY, 1e-310 };
	const int n = sizeof ints / sizeof *ints, m = sizeof d / sizeof *d;

	for (int i = 0; i < n * n; i++) {
		__m128i a, b;
		memcpy(&a, ints[i / n], 16);
		memcpy(&b, ints[i % n], 16);
		integers(a, b);
	}
	for (int i = 0; i < m * m; i++) {
		double x = d[i / m], y = d[i % m];
		doubles(_mm_set_pd(y, x), _mm_set_pd(x, y));
		singles(_mm_set_ps(y, x, -y, x), _mm_set_ps(x, -x, y, y));
	}
	return 42;
}
