// A thread's alternate signal stack is its own: another thread that sets one and drops it, or ends with one, changes
// nothing for the thread that moves; neither does its own that it has dropped. Handlers run on it after a move.
//#Config: O2
//#Briefly: never
//#Flags: -pthread
//#Migrate: every 1 / 7
//#Cycle: every 3 at most 6
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static char stacks[3][1 << 16];
static volatile sig_atomic_t on_alternate;

static void on_user(int sig)
{
	stack_t now = {0};
	sigaltstack(0, &now);
	on_alternate = now.ss_flags & SS_ONSTACK ? sig : -sig;
}

static void set(char *at)
{
	stack_t stack = {.ss_sp = at, .ss_size = sizeof stacks[0], .ss_flags = at ? 0 : SS_DISABLE};
	if (sigaltstack(&stack, 0))
		printf("not set\n");
}

static void show(const char *when)
{
	stack_t now = {0};
	sigaltstack(0, &now);
	int which = -1;
	for (int i = 0; i < 3; i++)
		if (now.ss_sp == stacks[i])
			which = i;
	on_alternate = 0;
	raise(SIGUSR1);
	if (now.ss_flags & SS_DISABLE)
		printf("%s: none, handler on it: %d\n", when, on_alternate > 0);
	else
		printf("%s: stack %d, flags %d, handler on it: %d\n", when, which, now.ss_flags, on_alternate > 0);
}

static void *sets_and_drops(void *arg)
{
	show("thread begins");
	set(stacks[1]);
	show("thread has one");
	if (arg) {
		set(0);
		show("thread dropped it");
	}
	return 0;
}

static void thread(void *arg)
{
	pthread_t t;
	if (pthread_create(&t, 0, sets_and_drops, arg) || pthread_join(t, 0))
		printf("no thread\n");
}

int main(void)
{
	struct sigaction act = {.sa_handler = on_user, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR1, &act, 0);
	popcorn_migrate("aarch64");
	show("never had one");
	thread(main);
	popcorn_migrate("riscv64");
	show("a thread had one");
	thread(0);
	popcorn_migrate("x86_64");
	show("a thread ended with one");
	set(stacks[0]);
	thread(main);
	popcorn_migrate("aarch64");
	show("has one");
	popcorn_migrate("riscv64");
	thread(0);
	show("still has it");
	set(stacks[2]);
	popcorn_migrate("x86_64");
	show("has another");
	set(0);
	popcorn_migrate("aarch64");
	show("dropped it");
	thread(main);
	popcorn_migrate("x86_64");
	show("for good");
	return 42;
}
