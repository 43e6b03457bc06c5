// Several threads longjmp in a storm, each from many depths; handlers interrupt them anywhere, the unwinding included,
// longjmp themselves and out. The process moves in between, and before and after.
//#Config: O2
//#Briefly: O0
//#Flags: -pthread
//#Migrate: every 7 / 101
//#AsBuilt: every 7
//#Cycle: every 20 at most 6
//#Timeout: 120
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 2000 };

struct jumper {
	pthread_t thread;
	sigjmp_buf out;
	volatile int armed, next, wrong;
	volatile int interrupted, left;
	volatile int done;
};
static struct jumper jumpers[THREADS];
static __thread struct jumper *me;
static volatile int zero;

static int down(int depth, jmp_buf back, int value)
{
	volatile int here = depth;
	if (depth == 0)
		longjmp(back, value);
	return down(depth - 1, back, value) + here;
}

static void inner(int depth, int value)
{
	jmp_buf back;
	volatile int expected = value;
	int got = setjmp(back);
	if (got == 0)
		down(depth, back, value);
	if (got != expected)
		me->wrong++;
}

static void on_user(int sig)
{
	struct jumper *j = me;
	int n = ++j->interrupted;
	inner(n % 5, n);
	if (j->armed && n % 3 == 0) {
		j->armed = 0;
		siglongjmp(j->out, sig);
	}
}

static void block(int how)
{
	sigset_t user;
	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	pthread_sigmask(how, &user, 0);
}

/* Handlers may leave from anywhere in here. */
static void storm_(struct jumper *j)
{
	j->armed = 1;
	block(SIG_UNBLOCK);
	for (int n = 0; n < 100 && j->next < ROUNDS; n++) {
		int round = j->next;
		inner(round % 23, round + 1);
		j->next = round + 1;
	}
	block(SIG_BLOCK);
	j->armed = 0;
}
static void (*volatile storm)(struct jumper *) = storm_;

static int jump(struct jumper *j)
{
	int sig = sigsetjmp(j->out, 1);
	if (sig == 0)
		storm(j);
	return sig;
}

static void *run(void *arg)
{
	struct jumper *j = me = arg;
	while (j->next < ROUNDS || j->interrupted < 20) {
		int sig = jump(j);
		j->left += sig == SIGUSR1;
		j->wrong += sig != 0 && sig != SIGUSR1;
	}
	j->done = 1;
	return 0;
}

static long work(int n)
{
	volatile long sum = 0;
	for (int i = 0; i < n; i++) {
		jmp_buf back;
		if (setjmp(back) == 0)
			down(i % 7, back, 1);
		sum += i;
	}
	return sum;
}

int main(void)
{
	signal(SIGUSR1, on_user);
	block(SIG_BLOCK);
	printf("%ld\n", work(500));
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&jumpers[i].thread, 0, run, &jumpers[i]))
			return 1;
	for (int left = THREADS; left;) {
		left = 0;
		for (int i = 0; i < THREADS; i++)
			if (!jumpers[i].done) {
				left++;
				pthread_kill(jumpers[i].thread, SIGUSR1);
			}
		usleep(300);
	}
	int wrong = 0, left = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(jumpers[i].thread, 0);
		printf("%d: %d rounds\n", i, jumpers[i].next);
		wrong += jumpers[i].wrong;
		left += jumpers[i].left;
	}
	printf("%d wrong, left %d\n", wrong, left > 0);
	printf("%ld\n", work(500));
	return wrong || !left ? 1 : 42;
}
