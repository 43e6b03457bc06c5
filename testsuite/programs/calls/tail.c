// Tail calls: a long chain needs no stack, and frames that only pass a result on may be dropped.
#include <stdio.h>

static long even(long n, long acc);
__attribute__((noinline)) static long odd(long n, long acc)
{
	if (n == 0)
		return -acc;
	return even(n - 1, acc + 1);
}
__attribute__((noinline)) static long even(long n, long acc)
{
	if (n == 0)
		return acc;
	return odd(n - 1, acc + 2);
}
__attribute__((noinline)) static long pass(long n)
{
	return even(n, n);
}
struct big { long v[6]; };
__attribute__((noinline)) static struct big chain(int n, struct big b)
{
	b.v[n % 6] += n;
	if (n == 0)
		return b;
	return chain(n - 1, b);
}

int main(void)
{
	for (long n = 0; n < 200; n += 23)
		printf("%ld %ld\n", pass(n), odd(n, 0));
	struct big b = chain(50, (struct big){{1, 2, 3, 4, 5, 6}});
	for (int i = 0; i < 6; i++)
		printf("%ld ", b.v[i]);
	printf("\n");
	return 42;
}
