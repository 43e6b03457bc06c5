// Locks of memory, and what a forked child is not to have, are there again after a move.
//#Config: O0, O2
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 65536 }; /* of every ISA's */

#ifdef __popcorn__
#include <popcorn.h>
/* Emulators do not take all advice: it is given, and has its effect, on the base ISA. */
static void move(const char *isa) { popcorn_migrate(isa); }
#else
static void move(const char *isa) { (void)isa; }
#endif

static long locked(void)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	const char *line = n > 0 ? strstr(text, "VmLck:") : 0;
	return line ? atol(line + 6) : -1;
}

int main(void)
{
	move("x86_64");
	char *map = mmap(0, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(map, 7, 5 * PAGE);
	printf("%d", mlock(map, PAGE));
	printf(" %d", mlock(map + PAGE, PAGE));
	printf(" %d", munlock(map + PAGE, PAGE));
	printf(" %d", madvise(map + 2 * PAGE, PAGE, MADV_WIPEONFORK));
	printf(" %d\n", madvise(map + 3 * PAGE, PAGE, MADV_DONTFORK));
	for (int i = 0; i < 2; i++) {
		printf("%d %ld\n", i, locked());
		move("aarch64");
		printf("%d %d\n", i, locked() >= 64);
		move("x86_64");
	}
	fflush(stdout);
	int status;
	if (fork() == 0) {
		printf("%d %d %d\n", map[0], map[2 * PAGE], map[4 * PAGE]);
		fflush(stdout);
		_exit(mincore(map + 3 * PAGE, PAGE, (unsigned char *)map) == 0);
	}
	wait(&status);
	printf("%d %d\n", WEXITSTATUS(status), map[2 * PAGE]);
	return 42;
}
