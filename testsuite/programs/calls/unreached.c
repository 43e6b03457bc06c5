// A function all of whose calls one back end finds unreachable, and another not, still links and moves.
#include <stdio.h>

static long g = 5;

__attribute__((noinline)) static int inner(int n)
{
	int sum = 0;
	for (int i = 0; i < n; i++)
		sum += i ^ (int)g;
	return sum;
}
__attribute__((noinline)) static int outer(int n)
{
	int sum = n;
	if ((g ^ g) != 0) /* at -O0 two loads */
		sum += inner(n);
	for (int i = 0; i < n; i++)
		sum = sum * 3 + i;
	return sum;
}

int main(void)
{
	for (int i = 0; i < 12; i += 3)
		printf("%d %d\n", outer(i), inner(i));
	return 42;
}
