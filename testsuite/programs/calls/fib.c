// Plain recursion: every activation's arguments and partial sums survive.
//#Cycle: every 40 at most 9
//#Briefly: O1, O3, Os, Oz
//#ExpectSym: fib same-address
//#ExpectSym: main same-address
#include <stdio.h>

__attribute__((noinline)) int fib(int n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(void)
{
	for (int i = 0; i <= 15; i++)
		printf("fib(%d) = %d\n", i, fib(i));
	return fib(10) == 55 ? 42 : 1;
}
