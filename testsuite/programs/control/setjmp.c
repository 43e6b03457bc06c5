// longjmp across several frames, into outer and inner buffers, in a loop, with values that must survive.
#include <setjmp.h>
#include <stdio.h>

static jmp_buf outer, inner;
static int depth;

__attribute__((noinline)) static void dive(int n, int target)
{
	int before = depth++;
	for (int i = 0; i < 2; i++) {
		if (n == 0) {
			if (target == 1)
				longjmp(outer, depth);
			if (target == 2)
				longjmp(inner, depth + 100);
			depth = before;
			return;
		}
		dive(n - 1, target);
	}
	depth = before;
}

__attribute__((noinline)) static int middle(int n, int target)
{
	volatile int tries = 0;
	int r = setjmp(inner);
	if (r == 0) {
		tries++;
		dive(n, target);
		return tries;
	}
	depth = 0;
	if (r > 100 && tries < 4) {
		tries++;
		dive(n, tries < 4 ? 2 : 0);
	}
	return r + tries * 1000;
}

int main(void)
{
	for (int i = 0; i < 6; i++) {
		for (int target = 0; target < 3; target++) {
			volatile int seen = i;
			depth = 0;
			int r = setjmp(outer);
			if (r == 0) {
				seen++;
				printf("%d/%d middle %d\n", i, target, middle(i, target));
			} else {
				printf("%d/%d outer %d seen %d\n", i, target, r, seen);
			}
		}
	}
	return 42;
}
