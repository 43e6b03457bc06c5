// Wide and odd atomics among threads, signal handlers and forks: no update is lost, no lock stays behind in a child.
//#Flags: -pthread -latomic
//#Briefly: never
//#Migrate: every 1
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 3000, HANDLED = 40, FORKS = 12 };

struct odd {
	unsigned n;
	unsigned char all[9];
};

static _Atomic unsigned __int128 wide;
static _Atomic struct odd odd;
static atomic_int handled, done;
static pthread_t first;

static void add(void)
{
	struct odd old = odd, new;

	wide += ((unsigned __int128)1 << 64) + 1;
	do {
		new = old;
		new.n++;
		memset(new.all, (int)new.n, sizeof new.all);
	} while (!atomic_compare_exchange_weak(&odd, &old, new));
}

static void handle(int signal)
{
	(void)signal;
	add();
	handled++;
}

static void *work(void *argument)
{
	for (int i = 0; i < ROUNDS; i++)
		add();
	done++;
	return argument;
}

static void *kick(void *argument)
{
	for (int i = 0; i < HANDLED; i++) {
		pthread_kill(first, SIGUSR1);
		while (handled <= i)
			sched_yield();
	}
	done++;
	return argument;
}

/* No word of it is of another time than the rest. */
static int is_whole(void)
{
	unsigned __int128 w = wide;
	struct odd o = odd;

	for (unsigned i = 0; i < sizeof o.all; i++)
		if (o.all[i] != (unsigned char)o.n)
			return 0;
	return (unsigned long)w == (unsigned long)(w >> 64);
}

int main(void)
{
	pthread_t threads[THREADS + 1];
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	int sum = 0, whole = 1, children = 0, status;

	first = pthread_self();
	sigaction(SIGUSR1, &action, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, work, 0);
	pthread_create(&threads[THREADS], 0, kick, 0);
	for (int i = 0; i < FORKS || done <= THREADS; i++) {
		whole &= is_whole();
		add();
		sum++;
		if (i >= FORKS)
			continue;
		pid_t child = fork();
		if (!child) {
			add();
			_exit(is_whole() ? 7 : 1);
		}
		while (waitpid(child, &status, 0) != child)
			;
		children += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	for (int i = 0; i <= THREADS; i++)
		pthread_join(threads[i], 0);
	sum += THREADS * ROUNDS + HANDLED;
	printf("%d %d %d\n", whole & is_whole(), (unsigned long)wide == (unsigned long)sum, children);
	return odd.n == (unsigned)sum ? 42 : 1;
}
