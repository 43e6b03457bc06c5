// While a handler runs, the signals of its sa_mask wait, on every ISA, also after a move.
//#Config: O2
//#Migrate: every 3
//#Cycle: every 5 at most 6
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int inner;

static void on_int(int number)
{
	inner += number == SIGINT;
}

static void on_abort(int number)
{
	sigset_t mask;
	raise(SIGINT);
	sigprocmask(SIG_SETMASK, 0, &mask);
	printf("%d: %d %d %d, %d\n", number == SIGABRT, sigismember(&mask, SIGINT), sigismember(&mask, SIGABRT),
	       sigismember(&mask, SIGTERM), inner);
}

static int work(int n)
{
	volatile int sum = 0, bound = n;
	for (int i = 0; i < bound; i++)
		sum += i;
	return sum;
}

int main(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_int;
	sigaction(SIGINT, &action, 0);
	action.sa_handler = on_abort;
	sigaddset(&action.sa_mask, SIGINT);
	sigaction(SIGABRT, &action, 0);
	for (int i = 0; i < 4; i++) {
		raise(SIGABRT);
		printf("%d %d\n", inner, work(10));
	}
	sigaction(SIGABRT, 0, &action);
	printf("%d %d\n", sigismember(&action.sa_mask, SIGINT), sigismember(&action.sa_mask, SIGTERM));
	return 42;
}
