// longjmp across thousands of frames, to buffers in several of them, again and again.
//#Migrate: every 997 / 10007
//#AsBuilt: every 997
//#Cycle: every 6007 at most 4
#include <setjmp.h>
#include <stdio.h>

static jmp_buf stops[5];
static int reached;

__attribute__((noinline)) static int down(int n, int to)
{
	int mine[4] = {n, to, n ^ to, n & to};
	if (n == 0)
		longjmp(stops[to], reached + 1);
	reached += mine[n % 4] & 1;
	return down(n - 1, to) + mine[(n + 1) % 4];
}
__attribute__((noinline)) static int level(int l, int to)
{
	volatile int kept = l * 100;
	int code = setjmp(stops[l]);
	if (code) {
		printf("level %d: %d, %d\n", l, code, kept);
		if (code % 3 == 0 && l > 0)
			longjmp(stops[l - 1], code * 2 + 1);
		return kept + code;
	}
	kept++;
	return l == 4 ? down(4000, to) : level(l + 1, to);
}

int main(void)
{
	for (int to = 4; to >= 0; to--) {
		reached %= 1000;
		printf("%d\n", level(0, to));
	}
	return 42;
}
