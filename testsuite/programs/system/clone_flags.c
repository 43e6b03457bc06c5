// A process whose parent is told of its end by another signal than SIGCHLD, or that shares its table of descriptors,
// is not moved: an exec would end that. A child of it has neither and moves.
//#Config: O2
//#Briefly: never
//#Migrate: every 1
//#Cycle: every 1 at most 4
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#include <string.h>
/* The next ISA, whichever runs. */
static int moves(void)
{
	const char *here = popcorn_current_isa();
	return popcorn_migrate(strcmp(here, "aarch64") ? "aarch64" : "x86_64") == 0;
}
#else
static int stays;
static int moves(void) { return !stays; }
#endif

static int told;
static void on_end(int sig) { told += sig == SIGUSR1; }

static void with(long flags, int expected)
{
	int status = 0;
	long pid = syscall(SYS_clone, flags, 0l, 0l, 0l, 0l);
	if (pid == 0)
		_exit(moves() == expected ? 5 : 6);
	/* Emulators make no such child. */
	if (pid < 0 && errno == EINVAL)
		status = 5 << 8, told += (flags & 255) == SIGUSR1;
	else
		waitpid(pid, &status, __WALL);
	printf("%lx: %d, told %d\n", flags, status >> 8, told);
}

int main(void)
{
	signal(SIGUSR1, on_end);
	setvbuf(stdout, 0, _IONBF, 0);
	with(SIGCHLD, 1);
#ifndef __popcorn__
	stays = 1;
#endif
	with(SIGUSR1, 0);
	with(SIGCHLD | CLONE_FILES, 0);
#ifndef __popcorn__
	stays = 0;
#endif
	with(SIGCHLD, 1);
	return 42;
}
