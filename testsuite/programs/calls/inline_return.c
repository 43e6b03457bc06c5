// Small functions that are inlined, static, extern inline, always_inline, noreturn, and calls in expressions.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf out;
inline int doubled(int x)
{
	return x + x;
}
extern inline int doubled(int x);
static inline __attribute__((always_inline)) int clamp(int x, int low, int high)
{
	for (; x < low; x += 7)
		;
	return x > high ? high : x;
}
__attribute__((noreturn, noinline)) static void give_up(int code)
{
	for (int i = 0; i < 20; i++)
		code = code * 3 % 1009 + 1;
	longjmp(out, code);
}
__attribute__((noinline, const)) static int pure(int x)
{
	return x <= 1 ? 1 : pure(x - 1) + pure(x - 2) % 5;
}
__attribute__((noinline)) static int may(int x)
{
	if (x % 5 == 4)
		give_up(x);
	return clamp(doubled(x), 5, 30) + (pure(x) > 3 ? pure(x / 2) : clamp(pure(3), pure(2), pure(4)));
}

int main(void)
{
	for (volatile int i = 0; i < 12; i++) {
		int code = setjmp(out);
		if (code)
			printf("gave up with %d\n", code);
		else
			printf("%d\n", may(i) + (may(i - (i > 6)) ?: may(i)) * (i % 2 && may(1) ? may(2) : 1));
	}
	exit(42);
}
