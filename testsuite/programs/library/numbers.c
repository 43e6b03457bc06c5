// strtod, strtol and printf of every width, quads included, in more than one locale; round trips are exact.
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int round_trips(double d)
{
	char text[64];
	snprintf(text, sizeof text, "%.17g", d);
	double back = strtod(text, 0);
	snprintf(text, sizeof text, "%a", d);
	return memcmp(&back, &d, sizeof d) == 0 && strtod(text, 0) == d;
}
__attribute__((noinline)) static int quad_round_trips(long double q)
{
	char text[64];
	snprintf(text, sizeof text, "%.36Lg", q);
	return strtold(text, 0) == q;
}

int main(void)
{
	int ok = 1;
	setlocale(LC_ALL, "C");
	double d = 1;
	long double q = 1;
	for (int i = 0; i < 40; i++) {
		d *= i % 2 ? -12345.678 : 0.7e-5;
		q = q * 7 / 3 + 1 / q;
		ok &= round_trips(d) && quad_round_trips(q);
	}
	printf("%d %.6e\n", ok, d);
	static const char *const texts[] = {"1e5x", "  -0x1.8p3", "inf", "1e999", "1e-999", ".5.5", "--1", "123456789012345678901234567890"};
	for (int i = 0; i < 8; i++) {
		char *end;
		errno = 0;
		double v = strtod(texts[i], &end);
		printf("%g %td %d ", v, end - texts[i], errno == ERANGE);
		errno = 0;
		long l = strtol(texts[i], &end, 0);
		printf("%ld %td %d\n", l, end - texts[i], errno == ERANGE);
	}
	printf("%jd %zu %td %hhd %ho %#x %+d % d %08.3f %-8s| %5c %n\n", (intmax_t)-5, (size_t)7, (ptrdiff_t)9, (signed char)300,
		(unsigned short)0777, 255, 5, 6, -3.14159, "left", 'c', &(int){0});
	printf("%Lf %.3Le %LG %La\n", 2.5L, 12345.6789L, 1e-10L, 0.0L);
	printf("%.0f %.0f %.0f %g %g\n", 0.5, 1.5, 2.5, DBL_MAX, DBL_MIN);
	printf("%s %s\n", setlocale(LC_NUMERIC, "POSIX") ? "set" : "refused", localeconv()->decimal_point);
	printf("%lu %lld %llx\n", strtoul("zz", 0, 36), strtoll("-777", 0, 8), strtoull("ffffffffffffffff", 0, 16));
	return ok ? 42 : 1;
}
