// What cannot be moved goes on where it is, and moves when it can.
//#Cycle: never
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
/* 1 if the program goes on where it is, and says that it is busy. */
static int stays(void)
{
	const char *before = popcorn_current_isa();
	const char *other = strcmp(before, "aarch64") ? "aarch64" : "riscv64";
	return popcorn_migrate(other) == -1 && errno == EBUSY && popcorn_current_isa() == before;
}
static int moves(const char *isa)
{
	return popcorn_migrate(isa) == 0 && strcmp(popcorn_current_isa(), isa) == 0;
}
#else
static int stays(void) { return 1; }
static int moves(const char *isa) { return isa != 0; }
#endif

static void *thread(void *unused)
{
	printf("thread: %d\n", moves("riscv64"));
	return unused;
}
static void handler(int sig) { printf("handler: %d\n", stays() && sig); }
static int compare(const void *a, const void *b)
{
	static int calls;
	if (calls++ == 0)
		printf("comparison: %d\n", moves("aarch64"));
	return *(const int *)a - *(const int *)b;
}

int main(void)
{
	pthread_t other;
	pthread_create(&other, 0, thread, 0);
	pthread_join(other, 0);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	void *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(code, 4096, PROT_READ | PROT_WRITE);
	printf("executable memory: %d\n", stays());
	munmap(code, 4096);
	int zero = open("/dev/zero", O_RDWR);
	void *device = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	printf("memory of a device: %d\n", stays());
	munmap(device, 4096);
	close(zero);
	int values[] = {3, 1, 2, 5, 4};
	qsort(values, 5, sizeof *values, compare);
	printf("%d%d%d%d%d\n", values[0], values[1], values[2], values[3], values[4]);
	printf("after all: %d\n", moves("riscv64") && moves("x86_64"));
	return 42;
}
