// The program moves itself with popcorn_migrate and knows where it is.
//#Cycle: every 30 at most 3
#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static const char *here = "x86_64";
static const char *popcorn_current_isa(void) { return here; }
static int popcorn_migrate(const char *isa)
{
	if (strcmp(isa, "x86_64") && strcmp(isa, "aarch64") && strcmp(isa, "riscv64")) {
		errno = EINVAL;
		return -1;
	}
	here = isa;
	return 0;
}
#endif

__attribute__((noinline)) static int visit(int depth, const int *up)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64", "riscv64", "aarch64"};
	int mine = depth * 3 + *up;
	if (depth == 5)
		return mine;
	int r = popcorn_migrate(isas[depth]);
	printf("%d: %d %d\n", depth, r, mine);
	return visit(depth + 1, &mine) + mine + *up;
}

int main(void)
{
	int start = 1;
	printf("%d\n", visit(0, &start));
	errno = 0;
	printf("%d %d\n", popcorn_migrate("vax"), errno == EINVAL);
	const char *isa = popcorn_current_isa();
	return isa && *isa ? 42 : 1;
}
