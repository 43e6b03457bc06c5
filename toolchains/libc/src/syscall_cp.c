/* Cancellable system calls without a window of assembly: cancellation is acted on before the call and
 * when the signal has interrupted it. A request that arrives between the check and the kernel is
 * acted on at the next cancellation point. */

#include <errno.h>
#include "pthread_impl.h"
#include "syscall.h"

hidden long __cancel(void);

hidden long __syscall_cp_c(syscall_arg_t n, syscall_arg_t a, syscall_arg_t b, syscall_arg_t c,
	syscall_arg_t d, syscall_arg_t e, syscall_arg_t f)
{
	pthread_t self = __pthread_self();
	int state = self->canceldisable;
	long r;

	if (state && (state == PTHREAD_CANCEL_DISABLE || n == SYS_close))
		return __popcorn_syscall(n, a, b, c, d, e, f);
	if (self->cancel)
		return __cancel();
	r = __popcorn_syscall(n, a, b, c, d, e, f);
	if (r == -EINTR && n != SYS_close && self->cancel
	    && self->canceldisable != PTHREAD_CANCEL_DISABLE)
		r = __cancel();
	return r;
}
