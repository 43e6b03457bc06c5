/* Threads that wait in a pipe and in an epoll set; they are told to go on behind a line of input. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static int to[2], back[2], set, counter;
static char *shared;

static void *reader(void *unused)
{
	char bytes[64];
	for (ssize_t n; (n = read(to[0], bytes, sizeof bytes)) > 0;)
		write(back[1], bytes, n);
	close(back[1]);
	return unused;
}

static void *waiter(void *unused)
{
	struct epoll_event event;
	epoll_wait(set, &event, 1, -1);
	shared[0] = '!';
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	struct epoll_event event = {.events = EPOLLIN};
	char bytes[64] = "";
	setvbuf(stdout, 0, _IOLBF, 0);
	if (pipe(to) || pipe(back))
		return 1;
	counter = eventfd(0, 0);
	set = epoll_create1(0);
	epoll_ctl(set, EPOLL_CTL_ADD, counter, &event);
	shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(shared, "?shared");
	pthread_create(&threads[0], 0, reader, 0);
	pthread_create(&threads[1], 0, waiter, 0);
	printf("ready\n");
	read(0, bytes, sizeof bytes);
	write(to[1], "through two pipes", 18);
	read(back[0], bytes, sizeof bytes);
	printf("%s\n", bytes);
	close(to[1]);
	pthread_join(threads[0], 0);
	write(counter, &(unsigned long long){1}, 8);
	pthread_join(threads[1], 0);
	printf("%zd %s\n", read(back[0], bytes, sizeof bytes), shared);
	return 42;
}
