// Variadic structures, quads, complex and 128-bit values; va_lists handed down by pointer and by value, live
// across moves in each function that draws from them.
#include <complex.h>
#include <stdarg.h>
#include <stdio.h>

struct byte { char c; };
struct seven { char c[7]; };
struct floats { float x, y, z; };
struct mixed { double d; int i; };
struct quad { long double q; char c; };
struct large { short s[30]; };

__attribute__((noinline)) static int one(va_list *ap, int kind)
{
	switch (kind) {
	case 0: return va_arg(*ap, struct byte).c;
	case 1: {
		struct seven s = va_arg(*ap, struct seven);
		return s.c[0] * s.c[6];
	}
	case 2: {
		struct floats f = va_arg(*ap, struct floats);
		return (int)(f.x + f.y * f.z);
	}
	case 3: {
		struct mixed m = va_arg(*ap, struct mixed);
		return (int)(m.d * m.i);
	}
	case 4: {
		struct quad q = va_arg(*ap, struct quad);
		return (int)(q.q * q.c);
	}
	case 5: {
		struct large l = va_arg(*ap, struct large);
		return l.s[0] + l.s[29];
	}
	case 6: return (int)(va_arg(*ap, long double) * 8);
	case 7: {
		double _Complex z = va_arg(*ap, double _Complex);
		return (int)(creal(z) * 100 + cimag(z));
	}
	case 8: return (int)(va_arg(*ap, __int128) >> 60);
	default: return va_arg(*ap, int (*)(int))(kind);
	}
}
static int twice(int x)
{
	return x * 2;
}
__attribute__((noinline)) static int rest(va_list ap, int from, int step, int count)
{
	int sum = 0;
	for (int k = 0; k < count; k++)
		sum = sum * 3 + one((va_list *)ap, (from + k * step) % 10);
	return sum;
}
__attribute__((noinline)) static int all(int from, int step, int count, ...)
{
	va_list ap, again;
	va_start(ap, count);
	va_copy(again, ap);
	int a = one(&ap, from % 10);
	int b = one(&again, from % 10) + rest(ap, from + step, step, count - 1);
	va_end(ap);
	for (int k = 1; k < count; k++)
		b = b * 3 - one(&again, (from + k * step) % 10);
	va_end(again);
	return a * 1000 + b;
}

int main(void)
{
	struct byte b = {5};
	struct seven s = {{2, 0, 0, 0, 0, 0, 9}};
	struct floats f = {1, 2, 3};
	struct mixed m = {2.5, 4};
	struct quad q = {1.25L, 8};
	struct large l = {{7, [29] = 11}};
	__int128 i = (__int128)5 << 62;
	printf("%d\n", all(0, 1, 10, b, s, f, m, q, l, 4.5L, 1 + 2.0 * I, i, twice));
	printf("%d\n", all(9, 9, 10, twice, i, 3 - 1.0 * I, 0.5L, l, q, m, f, s, b));
	printf("%d\n", all(4, 4, 8, q, i, f, 2.5L, b, q, i, f));
	printf("%d\n", all(7, 3, 1, 1.0 * I));
	return 42;
}
