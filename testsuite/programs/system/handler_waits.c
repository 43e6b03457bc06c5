// Handlers that come while the program waits in a system call, on their alternate stack or not: there they wait and compute
// themselves, are moved, nest, jump out, and the call goes on or fails as it does for a handler.
//#Config: O2
//#Briefly: O0
//#Cycle: every 9 at most 6
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
static char alternate[1 << 16];
static int pair[2];
static volatile sig_atomic_t round_, jumps;
static sigjmp_buf back;

static void where(const char *when)
{
	stack_t now;
	sigset_t mask;
	sigaltstack(0, &now);
	sigprocmask(SIG_BLOCK, 0, &mask);
	printf("%s: %s, ALRM %d USR1 %d HUP %d\n", when, now.ss_flags & SS_DISABLE ? "none" : now.ss_flags ? "on it" : "not on it",
		sigismember(&mask, SIGALRM), sigismember(&mask, SIGUSR1), sigismember(&mask, SIGHUP));
}

static int work(int n)
{
	volatile int s = 0, bound = n;
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

static void nested(int sig)
{
	char local[300];
	memset(local, sig, sizeof local);
	where("nested");
	work(3);
	for (unsigned i = 0; i < sizeof local; i++)
		if (local[i] != sig)
			printf("local %u is lost\n", i);
}

/* An event loop of its own, in a handler. */
static void loops(int sig, siginfo_t *info, void *context)
{
	char local[500];
	(void)context;
	memset(local, sig, sizeof local);
	where("handler");
	popcorn_migrate(isas[round_ % 3]);
	for (int i = 0; i < 3; i++) {
		poll(0, 0, 1);
		work(5);
	}
	raise(SIGUSR1);
	popcorn_migrate(isas[(round_ + 1) % 3]);
	raise(SIGUSR1);
	where("later");
	printf("signal %d %d\n", sig, info->si_signo);
	for (unsigned i = 0; i < sizeof local; i++)
		if (local[i] != sig)
			printf("local %u is lost\n", i);
	if (jumps) {
		jumps = 0;
		siglongjmp(back, 1);
	}
	if (write(pair[1], "x", 1) != 1)
		printf("not written\n");
}

__attribute__((noinline)) static void soon(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 20000}}, 0);
}

/* The handler may come before the wait, so this is not the function that it jumps to. */
__attribute__((noinline)) static void jumps_out(void)
{
	char c;
	soon();
	ssize_t got = read(pair[0], &c, 1);
	printf("not reached, %zd\n", got);
}

int main(void)
{
	sigset_t empty, alarms;
	sigemptyset(&empty);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	char c[4];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, none = {.ss_flags = SS_DISABLE};
	if (pipe(pair))
		return 1;
	for (round_ = 0; round_ < 4; round_++) {
		struct sigaction act = {.sa_handler = nested, .sa_flags = SA_ONSTACK};
		sigaction(SIGUSR1, &act, 0);
		act = (struct sigaction){.sa_sigaction = loops, .sa_flags = SA_SIGINFO | (round_ & 1 ? SA_ONSTACK : 0)};
		sigaddset(&act.sa_mask, SIGHUP);
		act.sa_flags |= SA_RESTART;
		sigaction(SIGALRM, &act, 0);
		sigaltstack(round_ < 2 ? &stack : &none, 0);
		/* A read goes on, and finds what the handler wrote. */
		soon();
		ssize_t got = read(pair[0], c, 4);
		printf("read %zd\n", got);
		where("behind");
		/* A wait for signals ends. */
		sigprocmask(SIG_BLOCK, &alarms, 0);
		soon();
		int result = sigsuspend(&empty);
		printf("sigsuspend %d %d\n", result, errno == EINTR);
		got += read(pair[0], c, 4);
		/* A wait for something else ends, too, whatever the flags. */
		soon();
		result = ppoll(&(struct pollfd){pair[1], 0, 0}, 1, &(struct timespec){100, 0}, &empty);
		printf("ppoll %d %d\n", result, errno == EINTR);
		where("behind that");
		sigprocmask(SIG_UNBLOCK, &alarms, 0);
		got += read(pair[0], c, 4);
		printf("%zd\n", got);
		/* A jump out of it. */
		jumps = 1;
		if (!sigsetjmp(back, 1))
			jumps_out();
		where("jumped");
	}
	return 42;
}
