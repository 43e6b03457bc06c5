// Functions that return from the middle of loops, with values of different loops live in the result.
#include <stdio.h>
#include <string.h>

__attribute__((noinline)) static int first_twice(const unsigned char *s, int n)
{
	unsigned long seen[4] = {0};
	for (int i = 0; i < n; i++) {
		if (seen[s[i] / 64] >> (s[i] % 64) & 1)
			return i;
		seen[s[i] / 64] |= 1ul << (s[i] % 64);
	}
	return n;
}

__attribute__((noinline)) static const char *find(const char *text, const char *word)
{
	for (; *text; text++) {
		const char *t = text, *w = word;
		while (*t && *t == *w) {
			t++;
			if (!*++w)
				return text;
		}
	}
	return 0;
}

__attribute__((noinline)) static double newton(double x, int *rounds)
{
	double guess = x;
	for (*rounds = 0; *rounds < 200; ++*rounds) {
		double better = (guess + x / guess) / 2;
		double error = better - guess;
		if (error < 1e-12 * better && error > -1e-12 * better)
			return better;
		guess = better;
	}
	return -1;
}

__attribute__((noinline)) static int queens(int n, int row, int *columns)
{
	if (row == n)
		return 1;
	for (int c = 0; c < n; c++) {
		int ok = 1;
		for (int r = 0; r < row && ok; r++)
			ok = columns[r] != c && columns[r] - c != r - row && columns[r] - c != row - r;
		columns[row] = c;
		if (ok && queens(n, row + 1, columns))
			return 1;
	}
	return 0;
}

int main(void)
{
	unsigned char s[300];
	for (int step = 1; step < 40; step += 6) {
		for (int i = 0; i < 300; i++)
			s[i] = (unsigned char)(i * step ^ i >> 3);
		printf("%d ", first_twice(s, 300));
	}
	const char *text = "the cat sat on the mat, then left";
	printf("\n%td %td %d\n", find(text, "then") - text, find(text, "mat") - text, find(text, "dog") == 0);
	for (double x = 0.5; x < 1e6; x *= 37) {
		int rounds;
		double r = newton(x, &rounds);
		printf("%.9f %d\n", r, rounds);
	}
	for (int n = 1; n < 9; n++) {
		int columns[8] = {0};
		int found = queens(n, 0, columns);
		printf("%d:", found);
		for (int i = 0; i < n && found; i++)
			printf(" %d", columns[i]);
		printf("\n");
	}
	return 42;
}
