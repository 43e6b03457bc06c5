// Signals that wait for one thread wait for the same thread after a move, with their values and in their order.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 6 };

static pthread_t threads[THREADS];
static pthread_barrier_t barrier;
static _Thread_local volatile int me;
static long seen[THREADS], users[THREADS];
static volatile int wrong, ids[THREADS];

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGUSR1) {
		users[me]++;
		return;
	}
	if (info->si_value.sival_int / 100 != me)
		wrong++;
	seen[me] = (seen[me] * 7 + info->si_value.sival_int) % 1000003;
}

static void work(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

static void queue(int to, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (syscall(SYS_rt_tgsigqueueinfo, getpid(), ids[to], SIGRTMIN + 1, &info))
		wrong++;
}

static void *run(void *argument)
{
	sigset_t set;

	me = (int)(intptr_t)argument;
	ids[me] = gettid();
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGUSR1);
	for (int round = 0; round < ROUNDS; round++) {
		pthread_sigmask(SIG_BLOCK, &set, 0);
		pthread_barrier_wait(&barrier);
		int next = (me + 1) % THREADS;
		for (int i = 0; i < 3; i++)
			queue(next, next * 100 + i);
		if (syscall(SYS_tgkill, getpid(), ids[next], SIGUSR1))
			wrong++;
		pthread_barrier_wait(&barrier);
		work(40);
		pthread_sigmask(SIG_UNBLOCK, &set, 0);
		work(5);
	}
	return 0;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &action, 0);
	sigaction(SIGRTMIN + 1, &action, 0);
	pthread_barrier_init(&barrier, 0, THREADS);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], 0);
	printf("%d wrong\n", wrong);
	for (int i = 0; i < THREADS; i++)
		printf("%d: %ld %ld\n", i, seen[i], users[i]);
	return wrong ? 1 : 42;
}
