// A thread forks while others run; the child, which has one thread, moves and ends.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#Cycle: every 60 at most 6
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int stop;
static int before, in_parent, in_child;

static long work(long n)
{
	volatile long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

static void on_before(void) { before++; work(3); }
static void on_parent(void) { in_parent++; work(3); }
static void on_child(void) { in_child++; work(3); }

static void *busy(void *argument)
{
	while (!stop)
		work(20);
	return argument;
}

/* Makes no thread of its own: qemu-user ends with an assertion when a child of a program with threads does. */
static void child(int n)
{
	long sum = work(60);

	_exit(in_child == 1 && sum == 1770 ? 10 + n : 1);
}

static void *forks(void *argument)
{
	long sum = 0;

	for (int i = 0; i < 4; i++) {
		int status;
		pid_t id = fork();
		if (id == 0)
			child(i);
		work(10);
		while (waitpid(id, &status, 0) < 0)
			;
		sum = sum * 100 + (WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	(void)argument;
	return (void *)sum;
}

int main(void)
{
	pthread_t others[2], one;
	void *result;

	pthread_atfork(on_before, on_parent, on_child);
	for (int i = 0; i < 2; i++)
		pthread_create(&others[i], 0, busy, 0);
	pthread_create(&one, 0, forks, 0);
	pthread_join(one, &result);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], 0);
	printf("%ld, %d %d %d\n", (long)result, before, in_parent, in_child);
	return 42;
}
