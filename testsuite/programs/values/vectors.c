// Vector types: arithmetic, comparisons, shuffles, as arguments and results, live across calls.
#include <stdio.h>

typedef int v4i __attribute__((vector_size(16)));
typedef float v4f __attribute__((vector_size(16)));
typedef double v2d __attribute__((vector_size(16)));
typedef unsigned char v16c __attribute__((vector_size(16)));
typedef short v4s __attribute__((vector_size(8)));

__attribute__((noinline)) static v4i mix(v4i a, v4i b, int n)
{
	v4i r = a * 3 + (b >> 1);
	r ^= __builtin_shufflevector(a, b, 3, 4, 1, 6);
	return n ? mix(r, a, n - 1) + (a > b) : r;
}
__attribute__((noinline)) static v4f turn(v4f v, v2d by, int n)
{
	for (int i = 0; i < n; i++) {
		v = v * 1.5f - __builtin_shufflevector(v, v, 1, 2, 3, 0);
		v[i & 3] += (float)by[i & 1];
	}
	return v;
}
__attribute__((noinline)) static v16c bytes(v16c x, int n)
{
	return n ? bytes(x + (v16c)(x << 1), n - 1) ^ 0x5a : x;
}

static volatile int nine = 9; /* a constant trip count this small needs no point */

int main(void)
{
	v4i m = mix((v4i){1, -2, 3, -4}, (v4i){50, 60, -70, 80}, 6);
	printf("%d %d %d %d\n", m[0], m[1], m[2], m[3]);
	v4f t = turn((v4f){1, 2, 3, 4}, (v2d){0.5, 0.25}, nine);
	printf("%.7g %.7g %.7g %.7g\n", (double)t[0], (double)t[1], (double)t[2], (double)t[3]);
	v16c b;
	for (int i = 0; i < 16; i++)
		b[i] = (unsigned char)(i * 11);
	b = bytes(b, 4);
	for (int i = 0; i < 16; i++)
		printf("%02x", b[i]);
	v4s s = {1, 2, 3, 4};
	for (int i = 0; i < 10; i++)
		s = s * 3 + (v4s){4, 3, 2, 1};
	printf(" %d %d %d %d\n", s[0], s[1], s[2], s[3]);
	return 42;
}
