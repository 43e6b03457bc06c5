// siglongjmp out of handlers that interrupted a loop, a read and a sleep, after moves.
//#Migrate: every 7
//#AsBuilt: every 7
//#Cycle: every 3 at most 5
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static sigjmp_buf back;
static volatile long spun;

static void on_alarm(int sig) { siglongjmp(back, sig); }
static void soon(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 20000}}, 0);
}
static long turn(long depth)
{
	volatile long x = depth;
	if (depth)
		return turn(depth - 1) + x;
	/* Not before: the way down may hop for longer than that. */
	soon();
	while (spun >= 0)
		x += spun++;
	return x;
}
static long (*volatile spin)(long) = turn;

int main(void)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
	volatile int caught = 0;
	int pipes[2];
	char byte;
	pipe(pipes);
	signal(SIGALRM, on_alarm);
	for (volatile int i = 0; i < 9; i++) {
		popcorn_migrate(isas[i / 3]);
		int sig = sigsetjmp(back, 1);
		if (sig == 0) {
			if (i % 3 == 0)
				spin(10);
			soon();
			if (i % 3 == 1)
				read(pipes[0], &byte, 1);
			else
				sleep(60);
			return 1;
		}
		caught += sig == SIGALRM;
		printf("%d %d\n", i, caught);
	}
	return caught == 9 && spun ? 42 : 1;
}
