// A private map that goes beyond the end of its file moves, and is a signal to read there on every ISA.
//#Config: O0, O2
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 65536 }; /* of every ISA's */

static void bus(int sig)
{
	(void)sig;
	write(1, "SIGBUS\n", 7);
	_exit(42);
}

int main(void)
{
	int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < PAGE; i++)
		write(fd, "x", 1);
	volatile char *map = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	signal(SIGBUS, bus);
	map[5] = 'y';
	for (int i = 0; i < 5; i++)
		printf("%d %c%c\n", i, map[5], map[6]);
	unlink("short");
	fflush(stdout);
	return map[PAGE * 2];
}
