/* What is left to be done of a system call that a request to move has ended: time, bytes, messages. */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "pthread_impl.h"
#include "blocking.h"

/* thread_locals.c */
extern hidden volatile int __popcorn_restored;

enum unit { NONE, MILLISECONDS, MICROSECONDS, NANOSECONDS };

/* Which argument is a time-out, and in what unit: a number of milliseconds, or the address of seconds and a part. */
static int timeout_argument(long n, enum unit *unit)
{
	*unit = NANOSECONDS;
	switch (n) {
	case SYS_nanosleep:
		return 0;
	case SYS_poll:
		*unit = MILLISECONDS;
		return 2;
	case SYS_clock_nanosleep: case SYS_ppoll: case SYS_rt_sigtimedwait:
		return 2;
	case SYS_epoll_wait: case SYS_epoll_pwait:
		*unit = MILLISECONDS;
		return 3;
	case SYS_futex: case SYS_epoll_pwait2: case SYS_semtimedop:
		return 3;
	case SYS_select:
		*unit = MICROSECONDS;
		return 4;
	case SYS_recvmmsg: case SYS_pselect6:
		return 4;
	}
	*unit = NONE;
	return 0;
}

static long long now(int clock)
{
	struct timespec t = { 0 };

	__clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long left(const struct rest *rest)
{
	long long left = rest->over - now(rest->clock);
	return left > 0 ? left : 0;
}

volatile int __socket_times;

/* Whether the call waits until it can write, or until it can read. */
static int writes(long n)
{
	switch (n) {
	case SYS_write: case SYS_writev: case SYS_sendto: case SYS_sendmsg: case SYS_connect:
		return 1;
	}
	return 0;
}

/* The time-out of a socket, 0 if it has none or is none. */
static long long socket_time(long n, int fd)
{
	long time[2] = { 0, 0 };
	socklen_t length = sizeof time;

	if (__syscall(SYS_getsockopt, fd, SOL_SOCKET, writes(n) ? SO_SNDTIMEO : SO_RCVTIMEO, time, &length))
		return 0;
	return time[0] * 1000000000LL + time[1] * 1000LL;
}

/* Before the call: notes when its time-out is over, if it has one. */
void __rest_time(struct rest *rest, long n, long a, long b, long c, long d, long e)
{
	long args[] = { a, b, c, d, e };
	const long *given;
	enum unit unit;
	long argument = args[timeout_argument(n, &unit)];
	long long time;

	rest->clock = CLOCK_MONOTONIC;
	rest->of_socket = unit == NONE;
	switch (n) {
	case SYS_futex:
		/* The other operations have a time of day, or none. */
		if ((b & 127) != FUTEX_WAIT)
			return;
		break;
	case SYS_clock_nanosleep:
		if (b & TIMER_ABSTIME)
			return;
		if (a != CLOCK_REALTIME)
			rest->clock = a;
	}
	if (unit == NONE) {
		time = socket_time(n, a);
		if (time <= 0)
			return;
	} else if (unit == MILLISECONDS) {
		if ((int)argument <= 0)
			return;
		time = (int)argument * 1000000LL;
	} else {
		given = (const long *)argument;
		/* What is no time is for the kernel to refuse, or for ever. */
		if (!given || given[0] < 0 || given[1] < 0 || given[0] > 4000000000)
			return;
		time = given[0] * 1000000000LL + given[1] * (unit == MICROSECONDS ? 1000 : 1);
	}
	rest->timed = 1;
	rest->over = now(rest->clock) + time;
	rest->restored = __popcorn_restored;
}

void __rest_before_point(struct rest *rest)
{
	if (rest->timed)
		rest->left = left(rest);
}

/* The call is one that waits for the socket, as long as its time-out is not over, and then the program's. */
static void spend_time(struct rest *rest)
{
	int i;

	if (!rest->polls) {
		rest->call = rest->n;
		for (i = 0; i < 6; i++)
			rest->call_args[i] = rest->args[i];
	}
	rest->polls = 1;
	rest->poll.fd = rest->call_args[0];
	rest->poll.events = writes(rest->call) ? POLLOUT : POLLIN;
	rest->time[0] = rest->left / 1000000000;
	rest->time[1] = rest->left % 1000000000;
	rest->n = SYS_ppoll;
	rest->args[0] = (long)&rest->poll;
	rest->args[1] = 1;
	rest->args[2] = (long)rest->time;
	rest->args[3] = rest->args[4] = rest->args[5] = 0;
}

/* The socket is ready, or its time is over. */
static int after_poll(struct rest *rest, long result)
{
	int i;

	rest->polls = 0;
	rest->n = rest->call;
	for (i = 0; i < 6; i++)
		rest->args[i] = rest->call_args[i];
	rest->is_late = result == 0;
	return result > 0;
}

/* The call is to wait for what is left. The clocks of a restored process are others. */
void __rest_behind_point(struct rest *rest)
{
	enum unit unit;
	int at = timeout_argument(rest->n, &unit);

	if (!rest->timed)
		return;
	if (rest->restored != __popcorn_restored) {
		rest->restored = __popcorn_restored;
		rest->over = now(rest->clock) + rest->left;
	}
	rest->left = left(rest);
	if (rest->of_socket) {
		spend_time(rest);
		return;
	}
	if (unit == MILLISECONDS) {
		rest->args[at] = (rest->left + 999999) / 1000000;
		return;
	}
	if (rest->args[at] != (long)rest->time)
		rest->given = rest->args[at];
	rest->args[at] = (long)rest->time;
	rest->time[0] = rest->left / 1000000000;
	rest->time[1] = rest->left % 1000000000;
	if (unit == MICROSECONDS)
		rest->time[1] = (rest->time[1] + 999) / 1000;
}

/* Whether the call is one with a vector; where that is. */
static int vector(struct rest *rest, struct iovec **iov, size_t *count)
{
	const struct msghdr *message = (void *)rest->args[1];

	switch (rest->n) {
	case SYS_recvmsg:
		if (!(rest->args[2] & MSG_WAITALL))
			return 0;
	case SYS_sendmsg:
		*iov = message->msg_iov;
		*count = message->msg_iovlen;
		return 1;
	case SYS_writev: case SYS_pwritev: case SYS_pwritev2:
		*iov = (void *)rest->args[1];
		*count = rest->args[2];
		return 1;
	}
	return 0;
}

/* The call for the rest of an element: what is left of a vector is done in two calls, this one first. */
static void for_element(struct rest *rest, char *start, size_t length)
{
	long *args = rest->args;

	switch (rest->n) {
	case SYS_writev: rest->n = SYS_write; break;
	case SYS_pwritev: case SYS_pwritev2: rest->n = SYS_pwrite64; break;
	case SYS_sendmsg: case SYS_recvmsg:
		rest->n = rest->n == SYS_sendmsg ? SYS_sendto : SYS_recvfrom;
		args[3] = args[2];
		args[4] = args[5] = 0;
	}
	args[1] = (long)start;
	args[2] = length;
}

static int go_on_in_vector(struct rest *rest, struct iovec *iov, size_t count, size_t done)
{
	int is_message = rest->n == SYS_sendmsg || rest->n == SYS_recvmsg;
	struct msghdr *message;
	size_t all = done;

	while (count && done >= iov->iov_len) {
		done -= iov->iov_len;
		iov++;
		count--;
	}
	if (!count)
		return 0;
	rest->done += all;
	if (rest->n == SYS_pwritev || rest->n == SYS_pwritev2)
		rest->args[3] += all;
	if (done) {
		rest->vector = rest->n;
		rest->iov = iov + 1;
		rest->count = count - 1;
		rest->flags = rest->args[2];
		rest->last[0] = rest->args[4];
		rest->last[1] = rest->args[5];
		for_element(rest, (char *)iov->iov_base + done, iov->iov_len - done);
	} else if (is_message) {
		message = (void *)rest->args[1];
		if (message != &rest->message)
			rest->message = *message;
		/* They have been handed over. */
		rest->message.msg_control = 0;
		rest->message.msg_controllen = 0;
		rest->message.msg_iov = iov;
		rest->message.msg_iovlen = count;
		rest->args[1] = (long)&rest->message;
	} else {
		rest->args[1] = (long)iov;
		rest->args[2] = count;
	}
	return 1;
}

/* The rest of an element is done: the call is that for the elements behind it, if there are any. */
int __rest_next_part(struct rest *rest, long result)
{
	long *args = rest->args;

	if (rest->polls)
		return after_poll(rest, result);
	if (!rest->vector || result != args[2] || !rest->count)
		return 0;
	rest->done += result;
	if (rest->n == SYS_pwrite64)
		args[3] += result;
	rest->n = rest->vector;
	rest->vector = 0;
	args[1] = (long)rest->iov;
	args[2] = rest->count;
	args[4] = rest->last[0];
	args[5] = rest->last[1];
	if (rest->n == SYS_sendmsg || rest->n == SYS_recvmsg) {
		rest->message = (struct msghdr){ .msg_iov = rest->iov, .msg_iovlen = rest->count };
		args[1] = (long)&rest->message;
		args[2] = rest->flags;
	}
	return 1;
}

/* A request has ended a call that has done a part. Whether the rest is still to be done; the call is that for it then.
 * Other calls return what there is (read, splice), or nothing of theirs can be done later (tee). */
int __rest_go_on(struct rest *rest, long result)
{
	long *args = rest->args;
	struct iovec *iov;
	struct stat output;
	size_t count;

	if (rest->polls)
		return after_poll(rest, result);
	if (result <= 0)
		return 0;
	if (vector(rest, &iov, &count))
		return go_on_in_vector(rest, iov, count, result);
	switch (rest->n) {
	case SYS_recvfrom:
		if (!(args[3] & MSG_WAITALL))
			return 0;
	case SYS_write: case SYS_sendto: case SYS_pwrite64:
		if (result >= args[2])
			return __rest_next_part(rest, result);
		args[1] += result;
		args[2] -= result;
		if (rest->n == SYS_pwrite64)
			args[3] += result;
		break;
	case SYS_sendfile:
		/* To a pipe it sends what there is room for. */
		if (result >= args[3] || (!__fstat(args[0], &output) && S_ISFIFO(output.st_mode)))
			return 0;
		args[3] -= result;
		break;
	case SYS_getrandom:
		if (result >= args[1])
			return 0;
		args[0] += result;
		args[1] -= result;
		break;
	case SYS_recvmmsg:
		if (args[3] & MSG_WAITFORONE || (rest->timed && !left(rest)))
			return 0;
	case SYS_sendmmsg:
		if (result >= (unsigned)args[2])
			return 0;
		args[1] += result * sizeof(struct mmsghdr);
		args[2] -= result;
		break;
	default:
		return 0;
	}
	rest->done += result;
	return 1;
}

/* What the call returns, by what its last part returned. */
long __rest_end(struct rest *rest, long result)
{
	long *given = (long *)rest->given;

	if (rest->timed && result == -EINTR && (rest->n == SYS_nanosleep || rest->n == SYS_clock_nanosleep)) {
		long *remaining = (long *)rest->args[rest->n == SYS_nanosleep ? 1 : 3];
		long long time = left(rest);
		if (remaining) {
			remaining[0] = time / 1000000000;
			remaining[1] = time % 1000000000;
		}
	}
	/* The kernel leaves what remains of the time. */
	if (given && (rest->n == SYS_select || rest->n == SYS_pselect6 || rest->n == SYS_ppoll || rest->n == SYS_recvmmsg)) {
		given[0] = rest->time[0];
		given[1] = rest->time[1];
	}
	if (rest->is_late)
		result = rest->n == SYS_connect ? -EINPROGRESS : -EAGAIN;
	if (rest->done)
		return rest->done + (result > 0 ? result : 0);
	return result;
}
