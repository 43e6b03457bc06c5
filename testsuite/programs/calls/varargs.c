// Variadic arguments of every class; a va_list stays live across calls that migrate.
#include <stdarg.h>
#include <stdio.h>

struct pair {
	long a;
	double b;
};
struct big {
	int v[10];
};

__attribute__((noinline)) static int work(int n)
{
	volatile int s = 0;
	volatile int bound = n; /* a constant trip count this small would need no point */
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

__attribute__((noinline)) static double mixed(const char *kinds, ...)
{
	va_list ap, copy;
	double sum = 0;
	va_start(ap, kinds);
	va_copy(copy, ap);
	for (const char *k = kinds; *k; k++) {
		sum += work(3);
		switch (*k) {
		case 'i': sum += va_arg(ap, int); break;
		case 'l': sum += va_arg(ap, long); break;
		case 'd': sum += va_arg(ap, double); break;
		case 'p': {
			struct pair p = va_arg(ap, struct pair);
			sum += p.a * p.b;
			break;
		}
		case 'b': {
			struct big b = va_arg(ap, struct big);
			for (int i = 0; i < 10; i++)
				sum += b.v[i] * (i + 1);
			break;
		}
		case 's': sum += va_arg(ap, const char *)[0]; break;
		case 'q': sum += (double)va_arg(ap, long double); break;
		}
	}
	va_end(ap);
	if (*kinds == 'i')
		sum += va_arg(copy, int) * 1000.0;
	va_end(copy);
	return sum;
}

__attribute__((noinline)) static void say(const char *format, ...)
{
	char buf[200];
	va_list ap;
	va_start(ap, format);
	work(2);
	int n = vsnprintf(buf, sizeof buf, format, ap);
	va_end(ap);
	printf("%d:%s\n", n, buf);
}

static int sum_until_zero(int first, ...)
{
	va_list ap;
	int sum = first;
	va_start(ap, first);
	for (int x; (x = va_arg(ap, int));)
		sum += x + work(x & 3);
	va_end(ap);
	return sum;
}

int main(void)
{
	struct pair p = {7, 1.5};
	struct big b = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
	printf("%.3f\n", mixed("i", 5));
	printf("%.3f\n", mixed("ildpbsq", 5, 6L, 2.25, p, b, "A", 0.5L));
	printf("%.3f\n", mixed("dddddddddd", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.));
	printf("%.3f\n", mixed("iiiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
	printf("%.3f\n", mixed("qiqdqpq", 1.0L, 1, 2.0L, 2.0, 3.0L, p, 4.0L));
	say("%d %s %5.2f %c %lx %lld", -3, "text", 3.14159, 'x', 255ul, 1ll << 40);
	say("%Lf %Lg %*d %.*s", 2.5L, 1024.0L, 6, 42, 3, "abcdef");
	printf("%d\n", sum_until_zero(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0));
	return 42;
}
