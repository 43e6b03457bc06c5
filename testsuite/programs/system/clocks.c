// The clock goes on over moves, wherever it is read from, and a handler may siglongjmp out of reading it, read it too, and
// be interrupted in that again.
//#Migrate: every 101
//#AsBuilt: every 7
//#Cycle: every 1000 at most 4
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile long seen;
static long last;

static long nanoseconds(const struct timespec *t) { return t->tv_sec * 1000000000 + t->tv_nsec; }

// Wherever it is read, it never goes back.
static long now(int system_call)
{
	struct timespec t;
	if (system_call)
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	else
		clock_gettime(CLOCK_MONOTONIC, &t);
	return nanoseconds(&t);
}

static int steady(void)
{
	for (int i = 0; i < 400; i++) {
		long time = now(i & 1);
		if (time < last)
			return 0;
		last = time;
	}
	return 1;
}

static void on_alarm(int sig)
{
	long a = now(0), b = now(0);
	if (a > b)
		_exit(3);
	siglongjmp(back, sig);
}

static void on_second(int sig)
{
	seen++;
	for (int i = 0; i < 50; i++)
		now(0);
	if (seen % 2)
		siglongjmp(back, sig);
}

// Not before main has left its own code.
static long reading(long signal)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, (int)signal);
	sigprocmask(SIG_UNBLOCK, &set, 0);
	long reads = 0;
	while (reads >= 0) {
		struct timespec t;
		reads += clock_gettime(CLOCK_MONOTONIC, &t) + 1;
	}
	return reads;
}
static long (*volatile read_on)(long) = reading;

int main(void)
{
	struct timespec t;
	struct timeval v;
	if (!steady())
		return 1;

	time_t before = time(0);
	gettimeofday(&v, 0);
	clock_gettime(CLOCK_REALTIME, &t);
	if (v.tv_sec < before || t.tv_sec < v.tv_sec || t.tv_sec > before + 60)
		return 2;
	if (sched_getcpu() < 0)
		return 3;
	if (clock_gettime(1000, &t) != -1 || errno != EINVAL)
		return 4;
	// The call itself checks its pointer.
	if (syscall(SYS_clock_gettime, CLOCK_REALTIME, 8) != -1 || errno != EFAULT)
		return 5;

	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGVTALRM);
	sigprocmask(SIG_BLOCK, &set, 0);
	signal(SIGALRM, on_alarm);
	signal(SIGVTALRM, on_second);
	volatile int caught = 0;
	for (volatile int i = 0; i < 60; i++) {
		int which = i & 1 ? ITIMER_VIRTUAL : ITIMER_REAL;
		int sig = i & 1 ? SIGVTALRM : SIGALRM;
		if (sigsetjmp(back, 1) == 0) {
			setitimer(which, &(struct itimerval){{0, 500 + 7 * i}, {0, 1000 + 13 * i}}, 0);
			read_on(sig);
			return 6;
		}
		setitimer(which, &(struct itimerval){{0, 0}, {0, 0}}, 0);
		caught++;
	}
	printf("%d %d\n", caught, steady());
	return caught == 60 && steady() ? 42 : 7;
}
