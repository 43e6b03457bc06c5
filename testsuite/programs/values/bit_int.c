// _BitInt of odd widths, signed and unsigned, narrow and beyond 64 bits, live in arguments, loops and structs.
#include <stdio.h>

typedef unsigned _BitInt(7) u7;
typedef _BitInt(13) s13;
typedef unsigned _BitInt(37) u37;
typedef _BitInt(65) s65;
typedef unsigned _BitInt(96) u96;
typedef _BitInt(128) s128;

struct mixed {
	u7 a;
	s13 b;
	u37 c;
	s65 d;
};

__attribute__((noinline)) static u7 small(u7 x, int n)
{
	return n ? (u7)(small((u7)(x * 3 + 1), n - 1) ^ x) : x;
}
__attribute__((noinline)) static s13 medium(s13 x, int n)
{
	for (int i = 0; i < n; i++)
		x = (s13)((x % 300) * 7 - i);
	return x;
}
__attribute__((noinline)) static u37 odd(u37 x, u37 y, int n)
{
	for (int i = 0; i < n; i++) {
		x = x * y + (x >> 11);
		y ^= x << 5;
	}
	return x + y;
}
__attribute__((noinline)) static s65 large(s65 x, int n)
{
	return n ? large(x / 3 - n, n - 1) + x % 1000 : x;
}
__attribute__((noinline)) static u96 larger(u96 x, int n)
{
	u96 y = 1;
	for (int i = 0; i < n; i++) {
		y = y * x + i;
		x = x << 3 | x >> 93;
	}
	return y;
}
__attribute__((noinline)) static struct mixed all(struct mixed m, int n)
{
	struct mixed r = {small(m.a, 2), medium(m.b, 3), odd(m.c, m.a, 3), large(m.d, 3)};
	return n ? all(r, n - 1) : r;
}

int main(void)
{
	for (int i = 0; i < 100; i += 19) {
		printf("%u %d %llu\n", (unsigned)small((u7)i, i / 9), (int)medium((s13)(i * 40), i / 6),
			(unsigned long long)odd((u37)i << 30, 0x1234567, i / 5));
		s65 l = large(((s65)1 << 63) - i, i / 4);
		u96 h = larger((u96)i << 70 | 12345, i / 5);
		printf("%lld %llx:%08x\n", (long long)(l >> 3), (unsigned long long)(h >> 32), (unsigned)h);
	}
	struct mixed m = all((struct mixed){100, -2000, 99999999999, (s65)1 << 60}, 4);
	printf("%u %d %llu %lld\n", (unsigned)m.a, (int)m.b, (unsigned long long)m.c, (long long)(m.d / 2));
	s128 f = 1;
	for (int i = 2; i < 34; i++)
		f = f * i ^ (f >> 64);
	printf("%llx %llx %zu\n", (unsigned long long)(f >> 64), (unsigned long long)f, sizeof(struct mixed));
	return 42;
}
