// __int128: multiplication, division, shifts, arguments and results across calls.
#include <stdio.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

static void print(u128 x)
{
	char buf[40], *p = buf + sizeof buf;
	*--p = 0;
	do
		*--p = (char)('0' + (int)(x % 10));
	while (x /= 10);
	printf("%s\n", p);
}
__attribute__((noinline)) static u128 fact(int n, u128 acc)
{
	return n < 2 ? acc : fact(n - 1, acc * (unsigned)n);
}
__attribute__((noinline)) static i128 gcd(i128 a, i128 b)
{
	while (b) {
		i128 t = a % b;
		a = b;
		b = t;
	}
	return a < 0 ? -a : a;
}
__attribute__((noinline)) static u128 powmod(u128 b, unsigned long e, u128 m)
{
	u128 r = 1;
	for (b %= m; e; e >>= 1, b = b * b % m)
		if (e & 1)
			r = r * b % m;
	return r;
}

int main(void)
{
	print(fact(33, 1));
	print(gcd(fact(20, 1), fact(15, 1) * 1000003));
	print(powmod(3, 1000000006, 1000000007));
	print(powmod(12345678987654321ul, 987654321, ((u128)1 << 61) - 1));
	u128 x = 1;
	for (int i = 0; i < 127; i += 9) {
		x = x << 9 ^ x >> 5 ^ (u128)i * 0x123456789abcdefull;
		print(x);
	}
	i128 s = -1;
	for (int i = 0; i < 30; i++)
		s = s * -3 - i;
	print((u128)(s < 0 ? -s : s));
	printf("%d %d\n", s < 0, (double)x > 1e30);
	return 42;
}
