// A program that closes every descriptor it may have, as daemons do, goes on with its shared memory, and moves.
//#Config: O2
//#Migrate: every 7
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 1 << 16 };

__attribute__((noinline)) static int work(volatile int *shared, int n)
{
	for (int i = 0; i < n; i++)
		shared[i % 100]++;
	return shared[3];
}

int main(void)
{
	int *shared = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return 1;
	printf("%d\n", work(shared, 1000));
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	printf("%d\n", work(shared, 1000));
	syscall(SYS_close_range, 3, ~0U, 0);
	printf("%d\n", work(shared, 1000));
	munmap(shared, SIZE);
	printf("%d\n", close(500));
	return 42;
}
