// Weak functions and variables, defined and absent, and aliases: what the linker chose is the same everywhere.
#include <stdio.h>

extern int absent(int) __attribute__((weak));
extern int absent_variable __attribute__((weak));
__attribute__((weak, noinline)) int present(int x)
{
	return x * 3 + 1;
}
__attribute__((weak)) int variable = 17;
static __attribute__((noinline)) int real(int x)
{
	return x > 0 ? real(x - 1) + present(x) : variable;
}
int other(int x) __attribute__((alias("real_name"), weak));
__attribute__((noinline)) int real_name(int x)
{
	return real(x) * 2;
}
extern int shadow __attribute__((alias("variable")));
/* musl and glibc have it weak or not; ours wins. */
__attribute__((noinline)) int clearenv(void)
{
	return 1234;
}

int main(void)
{
	int (*volatile maybe)(int) = absent;
	int *volatile where = &absent_variable;
	printf("%d %d\n", maybe == 0, where == 0);
	for (int i = 0; i < 10; i++) {
		variable += i;
		printf("%d %d %d\n", real(i), other(i), shadow);
	}
	printf("%d %d %d\n", clearenv(), other == real_name, &shadow == &variable);
	return 42;
}
