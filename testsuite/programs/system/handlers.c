// Signal handlers that compute, nest and change globals, between and during moves; counters come out exact.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks, nested, depth, most;
static volatile unsigned long sum;

__attribute__((noinline)) static unsigned long work(unsigned n)
{
	unsigned long s = 1;
	while (n--)
		s = s * 6364136223846793005ul + n;
	return s;
}
static void user(int s, siginfo_t *info, void *context)
{
	(void)context;
	if (++depth > most)
		most = depth;
	sum = sum * 3 + work(5) + (unsigned)info->si_signo + (unsigned)(info->si_pid == getpid());
	if (s == SIGUSR1) {
		nested++;
		raise(SIGUSR2); /* arrives inside */
	}
	depth--;
}
static void alarm_clock(int s)
{
	(void)s;
	ticks++;
}

int main(void)
{
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_sigaction = user;
	a.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &a, 0);
	sigaction(SIGUSR2, &a, 0);
	signal(SIGALRM, alarm_clock);
	for (int i = 0; i < 20; i++) {
		raise(i % 3 ? SIGUSR2 : SIGUSR1);
		sum += work((unsigned)i);
	}
	printf("%d %d %lu\n", (int)nested, (int)most, sum);
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	setitimer(ITIMER_REAL, &often, 0);
	unsigned long expected = work(1000);
	int wrong = 0;
	while (ticks < 25)
		wrong += work(1000) != expected;
	setitimer(ITIMER_REAL, &never, 0);
	printf("%d %d\n", wrong, ticks >= 25);
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 0; i < 4; i++)
		raise(SIGUSR2); /* pending once */
	unsigned long before = sum;
	int changed = 0;
	work(200);
	sigprocmask(SIG_SETMASK, &old, 0);
	changed = sum == before * 3 + work(5) + SIGUSR2 + 1;
	printf("%d %d\n", changed, (int)depth);
	return 42;
}
