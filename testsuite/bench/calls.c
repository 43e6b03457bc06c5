/* System calls in a loop: what one costs. Arguments: the call, calls in a batch, batches. Says how long the fastest batch
 * took, on standard error. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long nanoseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Of <linux/futex.h>, which musl-gcc does not see. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

static int zero;
static volatile int word;

static void one_getppid(void) { getppid(); }

static void one_read(void)
{
	char byte;
	if (read(zero, &byte, 1) != 1)
		exit(1);
}

static void one_clock_gettime(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
}

/* Nobody waits, and there is nothing to wait for. */
static void one_futex_pair(void)
{
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, 0, 0, 0);
}

static const struct {
	const char *name;
	void (*once)(void);
} calls[] = {
	{"getppid", one_getppid},
	{"read", one_read},
	{"clock_gettime", one_clock_gettime},
	{"futex_pair", one_futex_pair},
};

int main(int argc, char **argv)
{
	void (*volatile once)(void) = 0;
	if (argc < 4)
		return 1;
	for (int i = 0; i < 4; i++)
		if (!strcmp(calls[i].name, argv[1]))
			once = calls[i].once;
	zero = open("/dev/zero", O_RDONLY);
	if (!once || zero < 0)
		return 1;
	long batch = atol(argv[2]), least = -1;
	for (long i = atol(argv[3]); i > 0; i--) {
		long start = nanoseconds();
		for (long j = batch; j > 0; j--)
			once();
		long time = nanoseconds() - start;
		if (least < 0 || time < least)
			least = time;
	}
	fprintf(stderr, "seconds %.12f\n", (double)least / 1e9 / (double)batch);
	return 0;
}
