// siglongjmp out of handlers that interrupt busy code anywhere: prologues, leaf functions, the poll itself.
//#Migrate: every 7 / 101
//#AsBuilt: every 7
//#Cycle: every 1000 at most 4
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile long spun;

static void on_alarm(int sig) { siglongjmp(back, sig); }

static long turn(long depth)
{
	volatile long x = depth;
	if (depth)
		return turn(depth - 1) + x;
	while (spun >= 0)
		x += spun++;
	return x;
}

// Not before main has left its own code: a handler cannot longjmp into the function that it interrupted.
static long begin(long depth)
{
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, 0);
	return turn(depth) + 1;
}
static long (*volatile spin)(long) = begin;

int main(void)
{
	volatile int caught = 0;
	sigset_t alarm;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, 0);
	signal(SIGALRM, on_alarm);
	for (volatile int i = 0; i < 30; i++) {
		int sig = sigsetjmp(back, 1);
		if (sig == 0) {
			setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 3000}}, 0);
			spin(10);
			return 1;
		}
		caught += sig == SIGALRM;
		printf("%d %d\n", i, caught);
	}
	return caught == 30 && spun ? 42 : 1;
}
