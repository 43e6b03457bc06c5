// Loops with two entries, loops that share a tail, and state machines made of goto.
#include <stdio.h>

__attribute__((noinline)) static int two_entries(int n, int enter)
{
	int sum = 0, i = 0;
	if (enter & 1)
		goto second;
first:
	sum = sum * 3 + i;
	i += 2;
	if (i > n)
		return sum;
second:
	sum ^= i << 4;
	i -= 1;
	if (sum & 8 && i < n / 2) {
		i += 3;
		goto second;
	}
	goto first;
}
__attribute__((noinline)) static int three(unsigned seed, int n)
{
	int visits[3] = {0};
	switch (seed % 3) {
	case 0: goto a;
	case 1: goto b;
	default: goto c;
	}
a:
	visits[0]++;
	seed = seed * 1103515245u + 12345;
	if (n-- <= 0)
		goto end;
	if (seed >> 16 & 1)
		goto c;
b:
	visits[1]++;
	seed = seed * 22695477u + 1;
	if (n-- <= 0)
		goto end;
	if (seed >> 17 & 1)
		goto a;
c:
	visits[2]++;
	seed ^= seed >> 5;
	if (n-- > 0) {
		if (seed & 2)
			goto b;
		goto a;
	}
end:
	return visits[0] * 10000 + visits[1] * 100 + visits[2];
}
__attribute__((noinline)) static int number(const char *s)
{
	int sign = 1, value = 0, fraction = 0;
start:
	if (*s == '-') {
		sign = -sign;
		s++;
		goto start;
	}
integer:
	if (*s >= '0' && *s <= '9') {
		value = value * 10 + *s++ - '0';
		if (fraction)
			goto after;
		goto integer;
	}
	if (*s != '.')
		return sign * value * (fraction ? 1 : 100);
	s++;
after:
	if (++fraction < 3)
		goto integer;
	return sign * value;
}

int main(void)
{
	for (int n = 0; n < 40; n += 7)
		printf("%d %d %d\n", two_entries(n, 0), two_entries(n, 1), three((unsigned)n * 77 + 5, n));
	printf("%d %d %d %d\n", number("12.34"), number("--7"), number("-0.5"), number("."));
	return 42;
}
