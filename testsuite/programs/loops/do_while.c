// do-while loops: the body runs before the test, with the test's operands changed by the body and by calls.
#include <stdio.h>

static int calls;

__attribute__((noinline)) static int more(int left)
{
	calls++;
	return left > 0;
}

__attribute__((noinline)) static unsigned gcd(unsigned a, unsigned b)
{
	do {
		unsigned t = a % b;
		a = b;
		b = t;
	} while (b);
	return a;
}

__attribute__((noinline)) static int digits(unsigned long n, char *to)
{
	char *p = to;
	do
		*p++ = (char)('0' + n % 7);
	while ((n /= 7) != 0);
	*p = 0;
	return (int)(p - to);
}

__attribute__((noinline)) static int nested(int n)
{
	int sum = 0, i = n;
	do {
		int j = i;
		do {
			if ((i + j) % 4 == 3)
				continue; /* goes to the test */
			sum = sum * 3 + j;
		} while (more(--j));
	} while (--i > 0);
	return sum;
}

int main(void)
{
	char text[32];
	for (unsigned i = 1; i < 12; i++) {
		int n = digits(i * i * i * 12345ul, text);
		printf("%u %d %s\n", gcd(i * 84, 1260), n, text);
	}
	printf("%d", digits(0, text));
	printf(" %s\n", text);
	for (int n = 0; n < 6; n++)
		printf("%d\n", nested(n)); /* once even for zero */
	printf("%d\n", calls);
	return 42;
}
