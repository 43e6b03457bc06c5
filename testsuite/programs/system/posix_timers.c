// POSIX timers go on over moves: number, what is left, interval, overrun, value, a signal that is pending; whatever they
// notify by, on all clocks, set to a span or to a date.
//#Config: O2
//#Briefly: O1
//#Migrate: every 7
//#Cycle: every 40 at most 5
//#Flags: -pthread
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
static volatile sig_atomic_t ticks, last, wrong, alarms;
static timer_t ticker;

static void on_tick(int sig, siginfo_t *info, void *context)
{
	(void)context;
	ticks++;
	last = info->si_value.sival_int;
	if (info->si_signo != sig || info->si_code != SI_TIMER || info->si_timerid != (int)(long)ticker)
		wrong++;
}
static void on_alarm(int sig, siginfo_t *info, void *context)
{
	(void)context;
	alarms += info->si_code == SI_TIMER && sig == SIGALRM;
}

static int work(int n)
{
	volatile int s = 0, bound = n;
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

static struct itimerspec after(long long nanoseconds, long long interval)
{
	return (struct itimerspec){{interval / 1000000000, interval % 1000000000},
		{nanoseconds / 1000000000, nanoseconds % 1000000000}};
}

static long long left(timer_t timer)
{
	struct itimerspec now;
	if (timer_gettime(timer, &now))
		return -1;
	return now.it_value.tv_sec * 1000000000ll + now.it_value.tv_nsec;
}

static const struct timespec *in(long long milliseconds)
{
	static struct timespec time;
	time = (struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000};
	return &time;
}

int main(void)
{
	struct sigaction act = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaction(SIGUSR1, &act, 0);
	act.sa_sigaction = on_alarm;
	sigaction(SIGALRM, &act, 0);

	/* A number that is free again must not be another's after a move. */
	timer_t first, hours, date, none, waited, plain;
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	timer_create(CLOCK_MONOTONIC, &event, &first);
	timer_create(CLOCK_MONOTONIC, &event, &none);
	event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 17};
	timer_create(CLOCK_MONOTONIC, &event, &ticker);
	timer_create(CLOCK_REALTIME, &event, &hours);
	timer_create(CLOCK_REALTIME, &event, &date);
	timer_delete(first);
	struct itimerspec span = after(7200000000000, 5000000000), old;
	timer_settime(hours, 0, &span, 0);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	span = (struct itimerspec){{0, 0}, {now.tv_sec + 3600, now.tv_nsec}};
	timer_settime(date, TIMER_ABSTIME, &span, 0);
	span = after(3600000000000, 0);
	timer_settime(none, 0, &span, 0);

	for (int round = 0; round < 3; round++) {
		/* One that fires again and again. */
		int before = ticks;
		span = after(2000000, 2000000);
		timer_settime(ticker, 0, &span, 0);
		popcorn_migrate(isas[round]);
		while (ticks < before + 5)
			work(100);
		span = after(0, 0);
		timer_settime(ticker, 0, &span, &old);
		printf("value %d, wrong %d, interval %ld\n", (int)last, (int)wrong, old.it_interval.tv_nsec);
		/* One that has fired and waits, and one for a wait. */
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigaddset(&set, 45);
		sigprocmask(SIG_BLOCK, &set, 0);
		event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = 45, .sigev_value.sival_int = 80 + round};
		event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
		timer_create(CLOCK_MONOTONIC, &event, &waited);
		timer_create(CLOCK_REALTIME, 0, &plain);
		span = after(1000000, 0);
		timer_settime(ticker, 0, &span, 0);
		timer_settime(waited, 0, &span, 0);
		timer_settime(plain, 0, &span, 0);
		siginfo_t info;
		while (left(waited) > 0 || left(ticker) > 0)
			work(10);
		popcorn_migrate(isas[(round + 1) % 3]);
		sigdelset(&set, SIGUSR1);
		int sig = sigtimedwait(&set, &info, in(5000));
		printf("%d: code %d, value %d, number %d\n", sig, info.si_code == SI_TIMER, info.si_value.sival_int,
			info.si_timerid == (int)(long)waited);
		before = ticks;
		sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, 0);
		printf("waited %d, alarms %d\n", ticks - before, (int)alarms);
		timer_delete(waited);
		timer_delete(plain);
		/* What is left. */
		popcorn_migrate(isas[(round + 2) % 3]);
		long long a = left(hours), b = left(date), c = left(none), d = left(ticker);
		printf("%d %d %d %lld\n", a > 7000000000000 && a <= 7200000000000, b > 3500000000000 && b <= 3600000000000,
			c > 3500000000000 && c <= 3600000000000, d);
		timer_gettime(hours, &old);
		printf("interval %ld, overrun %d\n", (long)old.it_interval.tv_sec, timer_getoverrun(hours));
		int error = timer_gettime(waited, &old) ? errno : 0;
		printf("deleted %d\n", error == EINVAL);
	}
	timer_t others[12];
	for (int i = 0; i < 12; i++)
		timer_create(CLOCK_MONOTONIC, &event, &others[i]);
	popcorn_migrate("aarch64");
	for (int i = 0; i < 12; i++)
		printf("%d", timer_delete(others[i]));
	printf(" wrong %d\n", (int)wrong);
	return 42;
}
