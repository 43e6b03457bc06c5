// Shared memory moves: anonymous, of a file, of a memory file that is closed, with a forked child that goes on sharing.
//#Config: O0, O2
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 65536 }; /* of every ISA's */

__attribute__((noinline)) static int work(volatile int *shared, int n)
{
	for (int i = 0; i < n; i++)
		shared[i % 100]++;
	return shared[3];
}

int main(void)
{
	int both = PROT_READ | PROT_WRITE;
	int *anonymous = mmap(0, 2 * PAGE, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("shared-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, 4 * PAGE);
	int *file = mmap(0, 2 * PAGE, both, MAP_SHARED, fd, PAGE);
	int memory = memfd_create("mine", 0);
	ftruncate(memory, PAGE);
	int *closed = mmap(0, PAGE, both, MAP_SHARED, memory, 0);
	close(memory);
	if (anonymous == MAP_FAILED || file == MAP_FAILED || closed == MAP_FAILED)
		return 1;
	printf("%d %d %d\n", work(anonymous, 1000), work(file, 2000), work(closed, 3000));
	mprotect(anonymous + PAGE / sizeof(int), PAGE, PROT_READ);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		work(anonymous, 5000);
		work(closed, 500);
		_exit(0);
	}
	waitpid(child, 0, 0);
	printf("%d %d %d\n", anonymous[3], file[3], closed[3]);
	closed = mremap(closed, PAGE, PAGE, MREMAP_MAYMOVE);
	printf("%d\n", work(closed, 100));
	int there = 0;
	pread(fd, &there, sizeof there, PAGE + 3 * sizeof(int));
	printf("%d %d\n", there, anonymous[PAGE / sizeof(int)]);
	munmap(anonymous, 2 * PAGE);
	munmap(file, 2 * PAGE);
	munmap(closed, PAGE);
	close(fd);
	unlink("shared-file");
	return 42;
}
