// More arguments than registers, of every class, narrow ones included, across recursion.
#include <stdbool.h>
#include <stdio.h>

struct point { double x, y; };
struct block { long v[5]; };

__attribute__((noinline)) static double f(signed char a, unsigned char b, short c, unsigned short d, int e,
	unsigned g, long h, unsigned long i, bool j, float k, double l, float m, double n, float o, double p,
	float q, double r, double s, double t, struct point u, struct block v, const char *w, long double x)
{
	double sum = a + b + c + d + e + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u.x + u.y +
		v.v[0] + v.v[4] + w[0] + (double)x;
	if (h <= 0)
		return sum;
	return sum + f(a - 1, b + 100, c - 7, d + 9, -e, g * 3, h - 1, i ^ h, !j, k / 2, l * 2, m + 1, n - 1,
		-o, p / 4, q, r, s + t, t, (struct point){u.y, u.x}, v, w + 1, x * 0.5L);
}

__attribute__((noinline)) static unsigned narrow(signed char c, unsigned short s, bool b)
{
	return (unsigned)c * 3u + s * 5u + b;
}

int main(void)
{
	struct block v = {{1, 2, 3, 4, 5}};
	printf("%.12g\n", f(-100, 200, -30000, 60000, -7, 7u, 9, 1ul << 40, true, 1.5f, 2.5, 3.5f, 4.5, 5.5f,
		6.5, 7.5f, 8.5, 9.5, 10.5, (struct point){11, 12}, v, "abcdefghijkl", 3.0L));
	for (int i = -300; i <= 300; i += 77)
		printf("%u ", narrow((signed char)i, (unsigned short)(i * 300), i & 1));
	printf("\n");
	return 42;
}
