// Dozens of values of all kinds live across one call: more than any CPU has registers.
#include <stdio.h>

static int tick;
static volatile int two = 2, three = 3; /* constant trip counts this small need no point */
__attribute__((noinline)) static int call(int x)
{
	for (int i = 0; i < two; i++)
		tick += x;
	return tick & 7;
}

__attribute__((noinline)) static double many(int n, double z)
{
	long a = n, b = n * 3, c = n ^ 5, d = n + 7, e = n << 2, f = n - 9, g = n * n, h = ~n, i = n | 64, j = n % 3;
	long a2 = a * b, b2 = b ^ c, c2 = c + d, d2 = d - e, e2 = e * f, f2 = f ^ g, g2 = g + h, h2 = h - i;
	double p = z, q = z / 2, r = z * z, s = z + 1, t = 1 / z, u = z - 3, v = q * r, w = s - t, x = u * v, y = w + x;
	float k = (float)z, l = k * 2, m = l - 1, o = m / 3;
	unsigned char c8 = (unsigned char)(n * 77);
	short s16 = (short)(n * 1234);
	const char *str = "a string" + (n & 3);
	for (int turn = 0; turn < three; turn++) {
		int got = call(n + turn);
		a += b2 * got; b -= c2; c ^= d2; d += e2; e -= f2; f ^= g2; g += h2; h -= a2; i += j; j ^= got;
		p += q; q -= r; r *= 0.5; s += t; t -= u; u *= 0.25; v += w; w -= x; x /= 2; y -= p;
		k += o; l -= k; m *= 0.5f; o += m;
		c8 = (unsigned char)(c8 * 5 + got);
		s16 = (short)(s16 ^ (c8 << 4));
		str += got & 1;
	}
	return (double)((a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j) + a2 + b2 + c2 + d2 + e2 + f2 + g2 + h2) + p + q + r + s +
		t + u + v + w + x + y + k + l + m + o + c8 + s16 + *str;
}

int main(void)
{
	for (int n = 1; n < 12; n++)
		printf("%.14g\n", many(n, n + 0.5));
	return 42;
}
