// Unions, bit-fields of many widths, packed structs, flexible array members, and their live copies.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

union number {
	double d;
	uint64_t u;
	uint8_t bytes[8];
	struct { uint32_t lo, hi; } w;
};
struct bits {
	unsigned a : 3;
	int b : 5;
	unsigned long c : 40;
	unsigned d : 1;
	signed char e : 7;
	unsigned : 0;
	unsigned f : 31;
};
struct __attribute__((packed)) packed {
	char c;
	int i;
	short s;
	double d;
};
struct flex {
	int n;
	short v[];
};

__attribute__((noinline)) static struct bits change(struct bits b, int n)
{
	for (int i = 0; i < n; i++) {
		b.a += 1;
		b.b -= 3;
		b.c = b.c * 5 + i;
		b.d ^= 1;
		b.e = (signed char)(b.e + 9);
		b.f += 0x1234567;
	}
	return b;
}
__attribute__((noinline)) static union number swap(union number x)
{
	for (int i = 0; i < 4; i++) {
		uint8_t t = x.bytes[i];
		x.bytes[i] = x.bytes[7 - i];
		x.bytes[7 - i] = t;
	}
	return x;
}

int main(void)
{
	union number x = {.d = 3.14159};
	for (int i = 0; i < 5; i++) {
		x = swap(swap(x));
		x.w.lo ^= 1u << i;
		printf("%016llx %.15g\n", (unsigned long long)swap(x).u, x.d);
	}
	struct bits b = {1, -2, 3, 1, -5, 6};
	for (int i = 1; i < 8; i++) {
		b = change(b, i);
		printf("%u %d %lu %u %d %u\n", b.a, b.b, (unsigned long)b.c, b.d, b.e, b.f);
	}
	struct packed p[5];
	for (int i = 0; i < 5; i++)
		p[i] = (struct packed){(char)('a' + i), i * 1000003, (short)(i * 31), i / 8.0};
	double s = 0;
	for (int i = 0; i < 5; i++)
		s += p[i].c + p[i].i + p[i].s + p[i].d;
	printf("%zu %.10g\n", sizeof *p, s);
	struct flex *f = malloc(sizeof *f + 20 * sizeof(short));
	f->n = 20;
	for (int i = 0; i < f->n; i++)
		f->v[i] = (short)(i * i * 7);
	int t = 0;
	for (int i = 0; i < f->n; i++)
		t = t * 3 + f->v[i];
	printf("%d\n", t);
	free(f);
	return sizeof(struct bits) == 16 ? 42 : 1;
}
