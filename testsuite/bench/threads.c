/* A second of migration points while other threads wait. Argument: how many. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int never[2];

static void *wait_on(void *arg)
{
	char byte;
	while (read(never[0], &byte, 1) < 0)
		;
	return arg;
}

static long milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	if (argc < 2 || pipe(never))
		return 1;
	for (int i = atoi(argv[1]); i > 0; i--) {
		pthread_t thread;
		if (pthread_create(&thread, 0, wait_on, 0))
			return 1;
	}
	for (long end = milliseconds() + 1000; milliseconds() < end;)
		;
	_exit(0);
}
