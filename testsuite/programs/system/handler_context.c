// What a handler with SA_SIGINFO is told is the base ABI's on every ISA: siginfo_t, and of ucontext_t the mask, the
// alternate stack, stack pointer and program counter; and what it changes there is in force when it returns.
//#Config: O2
//#Briefly: never
//#Cycle: every 2 at most 6
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static char alternate[1 << 16];
static char *page;
static volatile sig_atomic_t calls;

static int blocked(int sig)
{
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	return sigismember(&now, sig);
}

static void describe(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	sigset_t *mask = &uc->uc_sigmask;
	calls++;
	printf("signal %d: si_signo %d, si_code %d, from us %d\n", sig, info->si_signo, info->si_code,
		info->si_code <= 0 && info->si_pid == getpid() && info->si_uid == getuid());
	if (info->si_code == SI_QUEUE)
		printf("  value %d\n", info->si_value.sival_int);
	printf("  mask to return to: USR1 %d USR2 %d HUP %d; in force: USR1 %d USR2 %d HUP %d\n",
		sigismember(mask, SIGUSR1), sigismember(mask, SIGUSR2), sigismember(mask, SIGHUP),
		blocked(SIGUSR1), blocked(SIGUSR2), blocked(SIGHUP));
	printf("  stack %d %d %d, link %d\n", uc->uc_stack.ss_sp == (void *)alternate,
		uc->uc_stack.ss_size == sizeof alternate, uc->uc_stack.ss_flags, uc->uc_link != 0);
	printf("  pc %d sp %d\n", uc->uc_mcontext.gregs[REG_RIP] != 0, uc->uc_mcontext.gregs[REG_RSP] != 0);
	if (sig == SIGUSR1)
		sigaddset(mask, SIGUSR2);
	else
		sigdelset(mask, SIGUSR2);
}

static void fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	calls++;
	printf("signal %d: si_code %d, address %ld, cr2 %ld\n", sig, info->si_code, (long)((char *)info->si_addr - page),
		(long)((char *)uc->uc_mcontext.gregs[REG_CR2] - page));
	mprotect(page, 65536, PROT_READ | PROT_WRITE);
}

int main(void)
{
	struct sigaction act = {.sa_sigaction = describe, .sa_flags = SA_SIGINFO};
	sigaddset(&act.sa_mask, SIGHUP);
	sigaction(SIGUSR1, &act, 0);
	sigaction(SIGUSR2, &act, 0);
	act.sa_flags |= SA_ONSTACK | SA_NODEFER;
	sigaction(40, &act, 0);

	raise(SIGUSR1);
	printf("USR2 blocked %d\n", blocked(SIGUSR2));
	raise(SIGUSR2); /* waits */
	printf("calls %d\n", (int)calls);
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	sigaltstack(&stack, 0);
	sigqueue(getpid(), 40, (union sigval){.sival_int = 77});
	printf("USR2 blocked %d, calls %d\n", blocked(SIGUSR2), (int)calls);

	page = mmap(0, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act.sa_sigaction = fault;
	sigaction(SIGSEGV, &act, 0);
	page[4711] = 1;
	printf("%d %d\n", page[4711], (int)calls);
	return 42;
}
