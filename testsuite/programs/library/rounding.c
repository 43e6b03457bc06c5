// printf and strtod round as the rounding mode says; plain libc and musl agree, and a hop keeps the mode.
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int mode;
} modes[] = {
	{ "nearest", FE_TONEAREST },
	{ "upward", FE_UPWARD },
	{ "downward", FE_DOWNWARD },
	{ "to zero", FE_TOWARDZERO },
};

static const char *const numbers[] = { "0.1", "-0.1", "1e23", "-1e-310", "1e-310", "-0x1p-160", "0.5", "9007199254740993" };

__attribute__((noinline)) static void show(double x)
{
	printf("%.0f %.3f %.5e %a\n", x, x, x, x);
}

__attribute__((noinline)) static void parse(const char *text)
{
	char *end;
	double x = strtod(text, &end);
	float f = strtof(text, 0);

	unsigned long bits;

	memcpy(&bits, &x, sizeof bits);
	printf("%s: %016lx %a %d\n", text, bits, f, (int)(end - text));
}

int main(void)
{
	volatile double third = 1 / 3.0, half = 2.5, small = -0.0625;

	for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
		fesetround(modes[i].mode);
		printf("%s\n", modes[i].name);
		show(third);
		show(-third);
		show(half);
		show(small);
		show(123456.789);
		for (unsigned n = 0; n < sizeof numbers / sizeof *numbers; n++)
			parse(numbers[n]);
	}
	if (fegetround() != FE_TOWARDZERO)
		return 1;
	fesetround(FE_TONEAREST);
	return 42;
}
