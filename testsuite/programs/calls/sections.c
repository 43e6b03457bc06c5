// Functions that share a section which the source names, and rows of a table that a section gathers.
//#ExpectSym: outer same-address
//#ExpectSym: gathered_outer same-address
#include <stdio.h>

__attribute__((section(".text.startup"), noinline)) int inner(int x) { return printf("inner %d\n", x); }
__attribute__((section(".text.startup"), noinline)) int outer(int x)
{
	return x > 0 ? outer(x - 1) + inner(x) : 0;
}

__attribute__((section("group"), noinline)) int gathered_inner(int x) { return printf("gathered %d\n", x); }
__attribute__((section("group"), noinline)) int gathered_outer(int x)
{
	return gathered_inner(x) + gathered_inner(x + 1);
}
extern char __start_group[], __stop_group[];

struct row { const char *name; int number; };
#define ROW(x) __attribute__((used, section("rows"))) static struct row row_##x = { #x, __COUNTER__ };
ROW(first)
ROW(second)
ROW(third)
extern struct row __start_rows[], __stop_rows[];

static int is_gathered(int (*f)(int))
{
	return (char *)f >= __start_group && (char *)f < __stop_group;
}

int main(void)
{
	int sum = outer(4) + gathered_outer(7);
	for (struct row *row = __start_rows; row < __stop_rows; row++)
		printf("%s %d\n", row->name, row->number);
	printf("%d %d %d\n", sum, is_gathered(gathered_inner), is_gathered(gathered_outer));
	return 42;
}
