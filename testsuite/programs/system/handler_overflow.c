// Both stacks overflow, the one with locals and the one without; each time a handler runs on the alternate stack, has
// locals of its own there, and jumps out.
//#Config: O2
//#Briefly: never
//#Migrate: every 9001
//#AsBuilt: every 20011
//#Cycle: every 30011 at most 5
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf back;
static char alternate[1 << 16];
static volatile sig_atomic_t caught, on_alternate;

static void use(char *bytes, int n)
{
	memset(bytes, n, 64);
}

static void overflowed(int sig, siginfo_t *info, void *context)
{
	char local[4000];
	stack_t now;
	(void)context;
	use(local + 1000, sig);
	use(local + 3900, info->si_code > 0);
	sigaltstack(0, &now);
	on_alternate += now.ss_flags == SS_ONSTACK;
	caught += local[1000] == SIGSEGV;
	siglongjmp(back, 1);
}

__attribute__((noinline)) static long with_locals(long n)
{
	volatile char block[1 << 16];
	block[n & 0xffff] = (char)n;
	return n < 0 ? 0 : with_locals(n + 1) + block[(n + 1) & 0xffff];
}

/* Many values that live across the call, and no address of any. */
#define TEN(o) o(0) o(1) o(2) o(3) o(4) o(5) o(6) o(7) o(8) o(9)
__attribute__((noinline)) static long without(long n, long *in)
{
#define READ(i) long a##i = in[i], b##i = in[10 + i], c##i = in[20 + i], d##i = in[30 + i];
#define WRITE(i) s = s * 31 + (a##i ^ b##i) + (c##i ^ d##i), s ^= a##i * d##i + b##i * c##i;
	TEN(READ)
	in[n % 40] = n;
	long s = n < 0 ? 0 : without(n + 1, in);
	TEN(WRITE)
	return s;
}

static long numbers[40];

__attribute__((noinline)) static void overflow(int kind)
{
	long s = kind ? with_locals(1) : without(1, numbers);
	printf("%ld\n", s);
}

int main(void)
{
	struct sigaction act = {.sa_sigaction = overflowed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	sigaction(SIGSEGV, &act, 0);
	sigaltstack(&stack, 0);
	for (volatile int i = 0; i < 4; i++) {
		if (!sigsetjmp(back, 1))
			overflow(i & 1);
		sigaltstack(0, &stack);
		printf("%d: caught %d, on the alternate stack %d, now %d\n", i, (int)caught, (int)on_alternate, stack.ss_flags);
	}
	return 42;
}
