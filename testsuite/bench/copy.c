/* A plain copy of memory over an exec, as a hop on one machine makes one: into a memory file, and out of it by the program
 * that comes after. Argument: bytes. Says how long that took, on standard error. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *memory(size_t size)
{
	char *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		exit(1);
	return at;
}

static int leave(char *self, char *bytes, size_t size)
{
	char *from = memory(size), fd[20], begun[40];
	memset(from, 7, size);
	double start = now();
	int file = memfd_create("copy", 0);
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(file, from + done, size - done, (off_t)done);
		if (n <= 0)
			return 1;
		done += (size_t)n;
	}
	snprintf(fd, sizeof fd, "%d", file);
	snprintf(begun, sizeof begun, "%.9f", start);
	execv("/proc/self/exe", (char *[]){self, bytes, fd, begun, 0});
	return 1;
}

static int arrive(size_t size, int file, double start)
{
	char *to = memory(size);
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(file, to + done, size - done, (off_t)done);
		if (n <= 0)
			return 1;
		done += (size_t)n;
	}
	close(file);
	fprintf(stderr, "seconds %.9f\n", now() - start);
	return to[size / 2] != 7;
}

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? (size_t)atol(argv[1]) : 0;
	return argc < 4 ? leave(argv[0], argv[1], size) : arrive(size, atoi(argv[2]), atof(argv[3]));
}
