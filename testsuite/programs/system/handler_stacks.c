// The alternate stack in handlers: nested ones go on on it, it cannot be changed from there, another that a handler sets
// is gone when it returns, one that disarms itself is back then; SA_NODEFER, SA_RESETHAND; before and after moves.
//#Config: O2
//#Briefly: never
//#Cycle: every 1 at most 6
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char first[1 << 16], second[1 << 15];
static volatile sig_atomic_t depth;

static const char *which(const stack_t *stack)
{
	return stack->ss_flags & SS_DISABLE ? "none" : stack->ss_sp == first ? "first" : "second";
}

static void show(const char *when)
{
	stack_t now;
	sigaltstack(0, &now);
	printf("%*s%s: %s %x %zu\n", 2 * (int)depth, "", when, which(&now), (unsigned)now.ss_flags,
		now.ss_flags & SS_DISABLE ? (size_t)0 : now.ss_size);
}

static int set(void *at, size_t size, unsigned flags)
{
	stack_t stack = {.ss_sp = at, .ss_size = size, .ss_flags = (int)flags};
	return sigaltstack(&stack, 0) ? errno : 0;
}

static void nests(int sig)
{
	char local[100];
	memset(local, sig, sizeof local);
	show("in a handler");
	depth++;
	if (depth < 3)
		raise(sig); /* SA_NODEFER */
	else
		raise(SIGUSR2);
	depth--;
	printf("%*schange: %d\n", 2 * (int)depth, "", set(second, sizeof second, 0) == EPERM);
	for (unsigned i = 0; i < sizeof local; i++)
		if (local[i] != sig)
			printf("local %u is lost\n", i);
}

static void plain(int sig)
{
	show(sig == SIGUSR2 ? "plain" : "once");
}

static void changes(int sig)
{
	(void)sig;
	show("before");
	printf("set: %d\n", set(second, sizeof second, 0));
	show("after");
}

int main(void)
{
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nests, .sa_flags = SA_ONSTACK | SA_NODEFER}, 0);
	sigaction(SIGUSR2, &(struct sigaction){.sa_handler = plain}, 0);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = changes}, 0);
	printf("%d %d\n", set(first, 100, 0) == ENOMEM, set(first, sizeof first, 0x10) == EINVAL);
	for (int round = 0; round < 4; round++) {
		show("none yet");
		raise(SIGUSR1);
		printf("%d\n", set(first, sizeof first, 0));
		raise(SIGUSR1);
		raise(SIGTERM);
		show("after a change");
		printf("%d\n", set(first, sizeof first, SS_AUTODISARM));
		sigaction(SIGHUP, &(struct sigaction){.sa_handler = plain, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND}, 0);
		raise(SIGHUP);
		struct sigaction now;
		sigaction(SIGHUP, 0, &now);
		printf("gone %d, flags %d\n", now.sa_handler == SIG_DFL, (now.sa_flags & (int)SA_RESETHAND) != 0);
		show("disarms itself");
		printf("%d\n", set(0, 0, SS_DISABLE));
	}
	return 42;
}
