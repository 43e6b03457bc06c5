// A thread keeps its id, its name, its mask and its processors; signals to it find it; new threads have other ids.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 40 };

static pthread_t threads[THREADS];
static volatile int ids[THREADS], wrong, ready;
static _Thread_local volatile int got, me;

static void on_signal(int signal)
{
	(void)signal;
	got++;
	if (ids[me] != syscall(SYS_gettid))
		wrong++;
}

static void work(void)
{
	for (volatile int i = 0; i < 20; i++)
		;
}

static void *run(void *argument)
{
	int n = me = (int)(intptr_t)argument;
	char name[16] = "thread 0", seen[16];
	sigset_t set, mask;
	cpu_set_t processors, before;

	ids[n] = syscall(SYS_gettid);
	name[7] += n;
	pthread_setname_np(pthread_self(), name);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + n);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	/* The first thread runs on the first processor that it may, the others on the last. */
	sched_getaffinity(0, sizeof before, &before);
	int only = -1;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &before) && (n || only < 0))
			only = i;
	CPU_ZERO(&before);
	CPU_SET(only, &before);
	wrong += sched_setaffinity(0, sizeof before, &before) != 0;
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (ready < THREADS)
		work();
	for (int i = 0; i < ROUNDS; i++) {
		int sent = got;
		if (pthread_kill(pthread_self(), SIGUSR1))
			wrong++;
		if (got != sent + 1)
			wrong++;
		if (syscall(SYS_tgkill, getpid(), ids[n], SIGUSR1) || got != sent + 2)
			wrong++;
		work();
		if (syscall(SYS_gettid) != ids[n] || gettid() != ids[n])
			wrong++;
		pthread_getname_np(pthread_self(), seen, sizeof seen);
		if (strcmp(seen, name))
			wrong++;
		pthread_sigmask(SIG_BLOCK, 0, &mask);
		for (int k = 0; k < THREADS; k++)
			if (sigismember(&mask, SIGRTMIN + k) != (k == n))
				wrong++;
		if (sched_getaffinity(ids[n], sizeof processors, &processors) < 0 || !CPU_EQUAL(&processors, &before))
			wrong++;
	}
	return 0;
}

static void *late(void *argument)
{
	int own = syscall(SYS_gettid);

	(void)argument;
	for (int i = 0; i < THREADS; i++)
		wrong += ids[i] == own;
	return 0;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, 0);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, run, (void *)i);
	while (ready < THREADS)
		work();
	for (int i = 0; i < 10; i++) {
		pthread_t other;
		pthread_create(&other, 0, late, 0);
		pthread_join(other, 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], 0);
	printf("%d wrong, the first is the process: %d\n", wrong, syscall(SYS_gettid) == getpid());
	return wrong ? 1 : 42;
}
