/* System calls that may wait. A request to move ends such a call, and so does a signal that has a handler: both are
 * served here, where the process can be moved, and not on top of the call. Afterwards the call goes on as if nothing had
 * been, or fails as the kernel would have had it fail. The runtime's program/waiting.rs says what came and what is to be
 * done; compiled with frames. */

#define _GNU_SOURCE
#include <string.h>
#include <ucontext.h>
#include "pthread_impl.h"
#include "blocking.h"

void __popcorn_poll_here(void);

/* Between the two calls of the runtime the data-stack pointer may be the alternate stack's: no variables here. */
static __attribute__((__noinline__)) void call_on_its_stack(struct waiting *w, ucontext_t *context)
{
	unsigned long outer = __popcorn_handler_begins(w->note.flags, &context->uc_stack);
	w->note.handler(w->note.signal, &w->note.information, context);
	__popcorn_handler_ends(outer, &context->uc_stack);
}

/* The registers of a call that waits are nobody's business: the context says where the stack is, and the mask. */
static void call_handler(struct waiting *w)
{
	ucontext_t context;

	memset(&context, 0, sizeof context);
	context.uc_mcontext.gregs[REG_RSP] = (greg_t)&context;
	memcpy(&context.uc_sigmask, &w->note.mask_behind, sizeof w->note.mask_behind);
	call_on_its_stack(w, &context);
	__popcorn_wait_handled(*(unsigned long *)&context.uc_sigmask);
}

static int is_cancelled(pthread_t self)
{
	return self->cancel && self->canceldisable != PTHREAD_CANCEL_DISABLE;
}

/* Something came. */
static __attribute__((__noinline__)) long finish(struct rest *rest)
{
	struct waiting w;
	pthread_t self = __pthread_self();
	long result, fresh = 1, *args = rest->args;

	w.n = rest->n;
	w.kicked = w.interrupted = 0;
	w.timed = rest->timed;
	for (;;) {
		switch (__popcorn_wait_next(&w, fresh)) {
		case CALL_HANDLER:
			call_handler(&w);
			/* A cancellation is for the caller, who looks for one then. */
			if (is_cancelled(self))
				w.interrupted = 1;
			fresh = 0;
			continue;
		case POINT:
			__rest_before_point(rest);
			__popcorn_poll_here();
		case AGAIN:
			__rest_behind_point(rest);
			/* One that came before the call began has said so (pthread_cancel.c). */
			if (is_cancelled(self)) {
				w.interrupted = 1;
				fresh = 0;
				continue;
			}
			break;
		case DONE:
			if (!w.cut || !__rest_go_on(rest, w.result))
				return __rest_end(rest, w.result);
		}
		do {
			result = __popcorn_wait(rest->n, args[0], args[1], args[2], args[3], args[4], args[5]);
			if (result != KICKED && !__rest_next_part(rest, result))
				return __rest_end(rest, result);
		} while (result != KICKED);
		fresh = 1;
	}
}

long __blocking_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	long result;
	struct rest rest;

	rest.timed = 0;
	if (__waits_for_time(n))
		__rest_time(&rest, n, a, b, c, d, e);
	result = __popcorn_wait(n, a, b, c, d, e, f);
	if (result != KICKED)
		return result;
	rest.n = n;
	rest.args[0] = a;
	rest.args[1] = b;
	rest.args[2] = c;
	rest.args[3] = d;
	rest.args[4] = e;
	rest.args[5] = f;
	rest.done = rest.given = rest.vector = rest.polls = rest.is_late = 0;
	return finish(&rest);
}
