// Handlers, masks, pending signals, alternate dispositions and a timer are the same after a hop.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t count[65], last_value;

static void plain(int sig) { count[sig]++; }
static void info(int sig, siginfo_t *si, void *context)
{
	(void)context;
	count[sig] += 10;
	last_value = si->si_signo;
}
static int work(int n)
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
	sigset_t set, old, pending;
	memset(&act, 0, sizeof act);
	act.sa_handler = plain;
	sigaction(SIGUSR1, &act, 0);
	act.sa_sigaction = info;
	act.sa_flags = SA_SIGINFO | SA_RESTART;
	sigaddset(&act.sa_mask, SIGUSR1);
	sigaction(SIGUSR2, &act, 0);
	signal(SIGPIPE, SIG_IGN);

	for (int i = 0; i < 4; i++) {
		work(20);
		raise(i & 1 ? SIGUSR2 : SIGUSR1);
	}
	printf("%d %d %d\n", count[SIGUSR1], count[SIGUSR2], last_value == SIGUSR2);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	work(60);
	sigpending(&pending);
	printf("pending %d %d\n", sigismember(&pending, SIGUSR1), count[SIGUSR1]);
	sigprocmask(SIG_SETMASK, &old, 0);
	printf("delivered %d\n", count[SIGUSR1]);
	work(30);
	sigprocmask(SIG_BLOCK, 0, &set);
	printf("%d %d\n", sigismember(&set, SIGTERM), sigismember(&set, SIGUSR1));
	sigaction(SIGUSR2, 0, &act);
	printf("%d %d %d\n", act.sa_sigaction == info, (act.sa_flags & SA_RESTART) != 0, sigismember(&act.sa_mask, SIGUSR1));
	printf("%d\n", signal(SIGPIPE, SIG_DFL) == SIG_IGN);

	signal(SIGALRM, plain);
	struct itimerval timer = {{0, 2000}, {0, 2000}};
	setitimer(ITIMER_REAL, &timer, 0);
	while (count[SIGALRM] < 3)
		pause();
	memset(&timer, 0, sizeof timer);
	setitimer(ITIMER_REAL, &timer, 0);
	printf("alarms %d\n", count[SIGALRM] >= 3);
	return 42;
}
