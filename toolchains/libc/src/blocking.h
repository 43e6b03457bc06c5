/* A system call that may wait, as libc makes it: see blocking.c. */

#ifndef BLOCKING_H
#define BLOCKING_H

#include <features.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <syscall.h>
#include <time.h>

/* `Wait` in the runtime's program/waiting.rs. */
struct waiting {
	long n, result;
	unsigned kicked, interrupted, cut, timed;
	struct {
		unsigned signal, flags;
		unsigned long interrupts;
		void (*handler)(int, siginfo_t *, void *);
		siginfo_t information;
		unsigned long mask, mask_behind;
	} note;
};

/* What to do next. */
enum { DONE, CALL_HANDLER, POINT, AGAIN };

/* In place of a result: there is something to do. */
#define KICKED (-4096L)

/* The runtime's. */
long __popcorn_wait(long n, long a, long b, long c, long d, long e, long f);
long __popcorn_wait_next(struct waiting *, long fresh);
void __popcorn_wait_handled(unsigned long mask);
unsigned long __popcorn_handler_begins(unsigned long flags, stack_t *);
void __popcorn_handler_ends(unsigned long outer, const stack_t *);

/* A call, and what is left to be done of it. */
struct rest {
	long n, args[6];
	/* Bytes, or messages, that are done. */
	long done;
	/* While the rest of an element is done: the call for what is behind it, or 0, and its arguments. */
	long vector, flags, last[2];
	struct iovec *iov;
	size_t count;
	struct msghdr message;
	/* There is a relative time-out; it is a socket's. */
	int timed, of_socket;
	/* Its clock, nanoseconds on it when it is over, and nanoseconds left while they are kept. */
	int clock;
	long long over, left;
	/* How often the process had been restored then. */
	int restored;
	/* Where the program's time-out is once ours is in its place, and ours. */
	long given, time[2];
	/* A socket's time-out begins anew with the call: its time is spent here first, while the call waits there. */
	int polls, is_late;
	struct pollfd poll;
	long call, call_args[6];
};

/* blocking_rest.c */
hidden void __rest_time(struct rest *, long n, long a, long b, long c, long d, long e);
hidden void __rest_before_point(struct rest *);
hidden void __rest_behind_point(struct rest *);
hidden int __rest_go_on(struct rest *, long result);
hidden int __rest_next_part(struct rest *, long result);
hidden long __rest_end(struct rest *, long result);

/* Whether a socket has been given a time-out. */
extern hidden volatile int __socket_times;

/* Whether a call may have a relative time-out. */
static inline int __waits_for_time(long n)
{
	switch (n) {
	case SYS_read: case SYS_readv: case SYS_write: case SYS_writev: case SYS_recvfrom: case SYS_recvmsg:
	case SYS_sendto: case SYS_sendmsg: case SYS_accept: case SYS_accept4: case SYS_connect:
		return __socket_times;
	case SYS_poll: case SYS_select: case SYS_nanosleep: case SYS_futex: case SYS_semtimedop:
	case SYS_clock_nanosleep: case SYS_epoll_wait: case SYS_rt_sigtimedwait: case SYS_pselect6: case SYS_ppoll:
	case SYS_epoll_pwait: case SYS_epoll_pwait2: case SYS_recvmmsg:
		return 1;
	}
	return 0;
}

#endif
