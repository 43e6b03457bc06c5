// Mutual recursion through three functions, one of them reached by pointer only.
#include <stdio.h>

static int c(int n, int acc);
static int (*volatile indirect)(int, int) = c;

__attribute__((noinline)) static int a(int n, int acc)
{
	return n == 0 ? acc : indirect(n - 1, acc * 3 + 1);
}

__attribute__((noinline)) static int b(int n, int acc)
{
	int r = n == 0 ? acc : a(n - 1, acc ^ n);
	return r + (n & 1);
}

static int c(int n, int acc)
{
	if (n == 0)
		return acc;
	int left = b(n - 1, acc + 1);
	int right = n > 6 ? a(n / 2, acc) : n;
	return left - right;
}

int main(void)
{
	for (int n = 0; n < 22; n++)
		printf("%d %d %d %d\n", n, a(n, 1), b(n, 2), c(n, 3));
	return 42;
}
