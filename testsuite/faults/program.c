/* What a fault in a move must not change: a sum over a recursion, a handler with its mask, memory with its protection,
   open files with their marks, no child, no descriptor more. Arguments: the number of rounds (1000000: until the input
   ends), and an ISA to move to in the middle. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <popcorn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOREVER = 1000000 };
static volatile sig_atomic_t handled;
static void on_user(int sig) { handled += sig == SIGUSR1; }

static unsigned down(unsigned n)
{
	volatile unsigned x = n;
	return n ? down(n - 1) * 3 + x : 1;
}

/* How many there are, the runtime's included. */
static int descriptors(void)
{
	int count = 0;
	DIR *all = opendir("/proc/self/fd");
	for (struct dirent *e; (e = readdir(all));)
		count += e->d_name[0] != '.';
	closedir(all);
	return count - 1;
}

int main(int argc, char **argv)
{
	unsigned sum = 0;
	int rounds = argc > 1 ? atoi(argv[1]) : 8;
	struct pollfd in = {0, POLLIN, 0};
	struct sigaction act = {.sa_handler = on_user, .sa_flags = SA_RESTART};
	sigaddset(&act.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &act, 0);
	int marked = open("/proc/self/stat", O_RDONLY | O_CLOEXEC), plain = open("/dev/zero", O_RDONLY);
	char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page[4096] = 5;
	mprotect(page, 4096, PROT_NONE);
	mprotect(page + 4096, 4096, PROT_READ);
	setvbuf(stdout, 0, _IOLBF, 0);
	for (volatile int i = 0; i < rounds; i++) {
		sum += down(20);
		raise(SIGUSR1);
		printf("%d %u %d\n", i, sum, handled);
		if (argc > 2 && i == rounds / 2)
			popcorn_migrate(argv[2]);
		if (rounds == FOREVER && poll(&in, 1, 2) > 0)
			break;
	}
	sigset_t mask, none;
	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, 0, &mask);
	struct sigaction now;
	sigaction(SIGUSR1, 0, &now);
	int status, child = waitpid(-1, &status, WNOHANG | __WALL);
	int ends[2];
	pipe(ends);
	int closed = write(ends[1], page, 1) < 0 && errno == EFAULT;
	printf("mask %d handler %d %d marks %d %d child %d page %d %d\n", !memcmp(&mask, &none, 8), now.sa_handler == on_user,
	       sigismember(&now.sa_mask, SIGUSR2), fcntl(marked, F_GETFD), fcntl(plain, F_GETFD), child, closed, page[4096]);
	fprintf(stderr, "descriptors: %d\n", descriptors());
	return 42;
}
