// siglongjmp out of a handler that a fault in a leaf function raised: the leaf does not look as if it could unwind.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

static sigjmp_buf back;
static int caught;

static void fault(int s)
{
	caught++;
	siglongjmp(back, s);
}
__attribute__((noinline)) static int peek(const volatile int *p)
{
	return *p;
}
__attribute__((noinline)) static int probe(const volatile int *p, int n)
{
	if (sigsetjmp(back, 1))
		return -n;
	return peek(p) + n;
}

int main(void)
{
	int here = 5, *closed = mmap(0, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	signal(SIGSEGV, fault);
	for (int i = 0; i < 6; i++) {
		int r = probe(i % 2 ? closed : &here, i);
		printf("%d %d\n", r, caught);
	}
	return 42;
}
