// Real-time signals that are pending over a move arrive as what they are: number, value, order, sender.
//#Config: O2
//#Migrate: every 3
//#Cycle: every 5 at most 6
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("%d %d %d %d\n", number, info->si_code == SI_QUEUE, info->si_value.sival_int, info->si_pid == getpid());
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
	static const int numbers[] = {40, 35, 61, 50};
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO;
	sigfillset(&action.sa_mask);
	sigset_t set, old;
	sigemptyset(&set);
	for (int i = 0; i < 4; i++) {
		sigaction(numbers[i], &action, 0);
		sigaddset(&set, numbers[i]);
	}
	for (int round = 0; round < 6; round++) {
		sigprocmask(SIG_BLOCK, &set, &old);
		for (int i = 0; i < 12; i++) {
			union sigval value = {.sival_int = round * 100 + i};
			if (sigqueue(getpid(), numbers[i % 4], value))
				printf("cannot queue\n");
		}
		int sum = 0;
		for (int i = 0; i < 20; i++)
			sum += work(10);
		printf("round %d %d\n", round, sum);
		/* One number after the other: emulators do not keep the order between them. */
		for (int i = 0; i < 4; i++) {
			sigset_t one;
			sigemptyset(&one);
			sigaddset(&one, numbers[i]);
			sigprocmask(SIG_UNBLOCK, &one, 0);
		}
		sigprocmask(SIG_SETMASK, &old, 0);
		printf("end\n");
	}
	return 42;
}
