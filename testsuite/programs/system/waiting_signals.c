// Signals that wait, blocked, over moves are taken by sigwaitinfo, sigtimedwait, sigwait and signalfd as what they are; a
// timer of every kind that setitimer has, alarm and timerfd keep what is left.
//#Config: O2
//#Briefly: never
//#Migrate: every 5
//#Cycle: every 30 at most 5
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};

static int work(int n)
{
	volatile int s = 0, bound = n;
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

static void tell(int sig, const siginfo_t *info)
{
	printf("%d: signo %d code %d value %d us %d\n", sig, info->si_signo, info->si_code,
		info->si_code == SI_QUEUE ? info->si_value.sival_int : 0, info->si_pid == getpid());
}

int main(void)
{
	sigset_t set, pending;
	siginfo_t info;
	struct signalfd_siginfo read_info;
	sigemptyset(&set);
	for (int sig = 0; sig < 65; sig++)
		if (sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGCHLD || sig == SIGALRM || sig == 40 || sig == 41)
			sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, 0);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(timer, 0, &(struct itimerspec){{3600, 0}, {5000, 0}}, 0);
	setitimer(ITIMER_VIRTUAL, &(struct itimerval){{0, 0}, {4000, 0}}, 0);
	setitimer(ITIMER_PROF, &(struct itimerval){{7, 0}, {5000, 0}}, 0);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++) {
			sigqueue(getpid(), 41, (union sigval){.sival_int = 10 * round + i});
			sigqueue(getpid(), 40, (union sigval){.sival_int = 100 * round + i});
		}
		raise(SIGUSR1);
		kill(getpid(), SIGUSR2);
		popcorn_migrate(isas[round]);
		work(20);
		sigpending(&pending);
		printf("pending %d %d %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
			sigismember(&pending, 40), sigismember(&pending, 41), sigismember(&pending, SIGALRM));
		sigset_t one;
		int sig;
		sigemptyset(&one);
		sigaddset(&one, 40);
		sig = sigwaitinfo(&one, &info);
		tell(sig, &info);
		popcorn_migrate(isas[(round + 1) % 3]);
		sig = sigtimedwait(&one, &info, &(struct timespec){5, 0});
		tell(sig, &info);
		sigwait(&one, &sig);
		printf("%d, none left %d\n", sig, sigtimedwait(&one, &info, &(struct timespec){0, 1000}) == -1 && errno == EAGAIN);
		sigemptyset(&one);
		sigaddset(&one, SIGUSR1);
		sigwaitinfo(&one, &info);
		printf("%d %d %d\n", info.si_signo, info.si_code <= 0, info.si_pid == getpid());
		sigaddset(&one, SIGUSR2);
		sigwaitinfo(&one, &info);
		printf("%d %d %d\n", info.si_signo, info.si_code == SI_USER, info.si_pid == getpid());
		popcorn_migrate(isas[(round + 2) % 3]);
		/* The others, through the descriptor. */
		while (read(fd, &read_info, sizeof read_info) == sizeof read_info)
			printf("fd: %u code %d value %d us %d\n", read_info.ssi_signo, read_info.ssi_code, read_info.ssi_int,
				(int)read_info.ssi_pid == getpid());
		/* A child's end. */
		pid_t child = fork();
		if (child == 0)
			_exit(round + 5);
		struct pollfd ready = {fd, POLLIN, 0};
		while (poll(&ready, 1, 1000) != 1)
			work(10);
		popcorn_migrate(isas[round]);
		read(fd, &read_info, sizeof read_info);
		printf("child %d code %d status %d\n", (int)read_info.ssi_pid == child, read_info.ssi_code, read_info.ssi_status);
		waitpid(child, 0, 0);
		/* A clock that ends while the process moves. */
		alarm(5000);
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 2000}}, 0);
		popcorn_migrate(isas[(round + 1) % 3]);
		sigemptyset(&one);
		sigaddset(&one, SIGALRM);
		sig = sigtimedwait(&one, &info, &(struct timespec){20, 0});
		printf("%d\n", sig);
		struct itimerval virtual, prof;
		struct itimerspec span;
		getitimer(ITIMER_VIRTUAL, &virtual);
		getitimer(ITIMER_PROF, &prof);
		timerfd_gettime(timer, &span);
		printf("%d %d %ld %d %ld\n", virtual.it_value.tv_sec > 3900, prof.it_value.tv_sec > 4900,
			(long)prof.it_interval.tv_sec, span.it_value.tv_sec > 4900, (long)span.it_interval.tv_sec);
		alarm(1000);
		popcorn_migrate(isas[(round + 2) % 3]);
		printf("alarm %d\n", alarm(0) > 900);
		uint64_t expired;
		timerfd_settime(timer, 0, &(struct itimerspec){{0, 1000000}, {0, 1000000}}, 0);
		popcorn_migrate(isas[round]);
		ready.fd = timer;
		while (poll(&ready, 1, 1000) != 1)
			work(10);
		printf("expired %d\n", read(timer, &expired, 8) == 8 && expired > 0);
		timerfd_settime(timer, 0, &(struct itimerspec){{3600, 0}, {5000, 0}}, 0);
	}
	return 42;
}
