// sigsetjmp saves the signal mask, or not; siglongjmp out of a handler restores it.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static sigjmp_buf buf;
static volatile int handled;

static void handler(int sig)
{
	handled++;
	siglongjmp(buf, sig);
}
static int blocked(int sig)
{
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	return sigismember(&now, sig);
}
static int spin(int n)
{
	volatile int s = 0;
	volatile int bound = n; /* a constant trip count this small would need no point */
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

int main(void)
{
	struct sigaction act;
	memset(&act, 0, sizeof act);
	act.sa_handler = handler;
	sigaction(SIGUSR1, &act, 0);
	for (volatile int i = 0; i < 4; i++) {
		int r = sigsetjmp(buf, i & 1);
		if (r == 0) {
			spin(20);
			raise(SIGUSR1);
			printf("not reached\n");
			return 1;
		}
		printf("%d: %d %d\n", i, r == SIGUSR1, blocked(SIGUSR1));
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, 0);
		spin(10);
	}
	printf("%d\n", handled);
	return handled == 4 ? 42 : 1;
}
