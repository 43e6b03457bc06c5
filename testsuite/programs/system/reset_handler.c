// A handler that the kernel takes away once it has run stays away after a move; flags and mask of every disposition
// are what they were.
//#Config: O2
//#Briefly: never
//#Migrate: every 1
//#Cycle: every 1 at most 4
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static volatile sig_atomic_t ran;
static void count(int sig) { ran += sig == SIGUSR1 ? 1 : 100; }

static const int flags[] = {SA_RESETHAND, SA_RESETHAND | SA_NODEFER, SA_NODEFER | SA_ONSTACK, SA_RESTART};

static void show(int sig)
{
	struct sigaction now;
	sigaction(sig, 0, &now);
	const char *what = now.sa_handler == SIG_DFL ? "default" : now.sa_handler == count ? "count" : "other";
	printf("%d: %s %x %d%d\n", sig, what, now.sa_flags & (SA_RESETHAND | SA_NODEFER | SA_ONSTACK | SA_RESTART),
	       sigismember(&now.sa_mask, SIGHUP), sigismember(&now.sa_mask, SIGUSR2));
}

int main(void)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64", "x86_64"};
	for (int k = 0; k < 4; k++) {
		struct sigaction act = {.sa_handler = count, .sa_flags = flags[k]};
		sigaddset(&act.sa_mask, k & 1 ? SIGHUP : SIGUSR2);
		sigaction(SIGUSR1, &act, 0);
		sigaction(SIGTERM, &act, 0);
		popcorn_migrate(isas[k]);
		show(SIGUSR1);
		raise(SIGUSR1);
		popcorn_migrate(isas[(k + 1) % 4]);
		show(SIGUSR1);
		show(SIGTERM);
		printf("%d\n", ran);
	}
	return 42;
}
