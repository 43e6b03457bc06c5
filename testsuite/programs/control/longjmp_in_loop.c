// The result of a call leaves the loop that longjmp makes, and lives on behind it.
#include <setjmp.h>
#include <stdio.h>

static jmp_buf stops[8];

__attribute__((noinline)) static int level(int n)
{
	int code = setjmp(stops[n]);
	if (code) {
		if (code % 3 == 0)
			longjmp(stops[n - 1], code + 2);
		return code * 10 + n;
	}
	if (n == 7)
		longjmp(stops[5], 6);
	return level(n + 1);
}

int main(void)
{
	printf("%d\n", level(1));
	printf("%d\n", level(4));
	return 42;
}
