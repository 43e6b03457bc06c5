// printf and scanf conversions, with the numbers computed while hopping.
//#Cycle: every 2 at most 6
#include <stdio.h>
#include <string.h>

static double value(int i)
{
	double v = 1;
	for (int k = 0; k < i; k++)
		v *= k & 1 ? -3.7 : 11.3;
	return v;
}

int main(void)
{
	for (int i = 0; i < 9; i++) {
		double v = value(i);
		printf("[%e] [%12.4f] [%-15g] [%+.3G] [%a]\n", v, v / 1e3, v, v, v);
	}
	for (int i = 1; i < 1 << 27 && i > -(1 << 27); i *= -9)
		printf("[%d] [%8x] [%-10o] [%+d] [%#X] [%hhd] [%hu]\n", i, i, i, i, i, (signed char)i, (unsigned short)i);
	printf("[%5s] [%-5s] [%.2s] [%c] [%%] [%ls]\n", "abc", "abc", "abc", 'c', L"wide");
	int a, b, n = 0;
	double d;
	char word[20], set[20];
	const char *input = "12,34 word 5.5e1 xyz!rest";
	int got = sscanf(input, "%d,%x %19s %lf %19[x-z]%n", &a, &b, word, &d, set, &n);
	printf("%d: %d %d %s %g %s %d\n", got, a, b, word, d, set, n);
	char small[8];
	printf("%d", snprintf(small, sizeof small, "%s-%d", "truncate", 5));
	printf(" %s %zu\n", small, strlen(small));
	return 42;
}
