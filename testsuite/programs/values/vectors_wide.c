// Vectors of 8, 16, 32 and 64 bytes, several live across calls, in structs, arrays and through pointers.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define V(T, N) T __attribute__((vector_size(N)))
typedef V(int16_t, 8) v8;
typedef V(float, 16) v16;
typedef V(int64_t, 32) v32;
typedef V(uint8_t, 32) v32b;
typedef V(double, 64) v64;
typedef V(uint32_t, 64) v64i;

struct holder {
	char c;
	v32 v;
	v8 w;
};

static v64i global;

__attribute__((noinline)) static void note(int n)
{
	for (int i = 0; i < 16; i++)
		global[i] += (unsigned)(n * i);
}
__attribute__((noinline)) static int work(v8 *a, v16 *b, v32 *c, v64 *d, int n)
{
	v8 x = *a;
	v16 y = *b;
	v32 z = *c;
	v64 w = *d;
	v32b bytes = (v32b)z;
	for (int i = 0; i < n; i++) {
		note(i);
		x = x * 3 + (int16_t)i;
		y = y / 2 + (float)i;
		note(i + 1);
		z = (z ^ z >> 3) + x[i & 3];
		w -= y[i & 3];
		bytes = bytes * 5 + (v32b)z;
	}
	*a = x;
	*b = y;
	*c = z + (v32)bytes;
	*d = w;
	return x[0];
}
__attribute__((noinline)) static void by_struct(struct holder h, int n, struct holder *out)
{
	h.v = h.v << 1 | h.c;
	h.w += (int16_t)n;
	if (n)
		by_struct(h, n - 1, out);
	else
		*out = h;
	out->w ^= h.w;
}

int main(void)
{
	v8 a = {1, -2, 3, -4};
	v16 b = {1.5f, 2.5f, -3.5f, 4.5f};
	v32 c = {1, -1, 1ll << 40, -(1ll << 50)};
	v64 d = {1, 2, 3, 4, 5, 6, 7, 8};
	for (int n = 1; n < 8; n += 3)
		printf("%d\n", work(&a, &b, &c, &d, n));
	for (int i = 0; i < 4; i++)
		printf("%d %g %lld\n", a[i], (double)b[i], (long long)c[i]);
	for (int i = 0; i < 8; i++)
		printf("%g ", d[i]);
	for (int i = 0; i < 16; i++)
		printf("%u ", global[i]);
	struct holder h = {5, c, a}, out;
	by_struct(h, 5, &out);
	printf("\n%d %lld %lld %d %d\n", out.c, (long long)out.v[0], (long long)out.v[3], out.w[0], out.w[3]);
	v64i wide[3] = {global, global + 1, global * 2};
	v64i mask = wide[1] > wide[0];
	unsigned sum = 0;
	for (int i = 0; i < 16; i++)
		sum = sum * 31 + wide[i % 3][i] + mask[i];
	printf("%u %zu\n", sum, sizeof(struct holder));
	return 42;
}
