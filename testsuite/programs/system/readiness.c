// select, poll, epoll, eventfd, timerfd, signalfd and socket pairs keep what is ready and what is registered.
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
	int pair[2], ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe2(ends, 0))
		return 1;
	int event = eventfd(3, EFD_NONBLOCK), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, 0);
	int signals = signalfd(-1, &mask, 0), ep = epoll_create1(0);
	const int watched[] = {pair[0], ends[0], event, timer, signals};
	for (int i = 0; i < 5; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)i << 33 | 1};
		epoll_ctl(ep, EPOLL_CTL_ADD, watched[i], &e);
	}
	for (int round = 0; round < 6; round++) {
		uint64_t value = 5;
		struct itimerspec soon = {.it_value.tv_nsec = 1};
		switch (round) {
		case 1: write(pair[1], "hello", 5); break;
		case 2: write(ends[1], "x", 1); break;
		case 3: write(event, &value, 8); break;
		case 4: timerfd_settime(timer, 0, &soon, 0); usleep(2000); break;
		case 5: raise(SIGUSR1); break;
		}
		fd_set set;
		FD_ZERO(&set);
		struct pollfd fds[5];
		int most = 0;
		for (int i = 0; i < 5; i++) {
			FD_SET(watched[i], &set);
			most = watched[i] > most ? watched[i] : most;
			fds[i] = (struct pollfd){.fd = watched[i], .events = POLLIN};
		}
		struct timeval none = {0};
		int s = select(most + 1, &set, 0, 0, &none), p = poll(fds, 5, 0);
		struct epoll_event got[5];
		int n = epoll_wait(ep, got, 5, 0), sum = 0;
		for (int i = 0; i < n; i++)
			sum += 1 << (got[i].data.u64 >> 33);
		printf("%d %d %d %d:", s, p, n, sum);
		for (int i = 0; i < 5; i++)
			printf(" %d%d", FD_ISSET(watched[i], &set) != 0, fds[i].revents & POLLIN);
		printf("\n");
	}
	char buf[16] = "";
	uint64_t count = 0, ticks = 0;
	struct signalfd_siginfo info;
	ssize_t a = read(pair[0], buf, sizeof buf), b = read(event, &count, 8), c = read(timer, &ticks, 8),
		d = read(signals, &info, sizeof info);
	printf("%zd %s %zd %d %zd %d %zd %d\n", a, buf, b, (int)count, c, (int)ticks, d, (int)info.ssi_signo);
	struct pollfd closed = {.fd = ends[0], .events = POLLIN};
	close(ends[1]);
	printf("%d %d\n", poll(&closed, 1, 0), (closed.revents & POLLHUP) != 0);
	return 42;
}
