/* The end of a detached thread: it unmaps its `struct pthread` and its data stack. The native stack, on which it stands,
 * is the runtime's. */

#include "pthread_impl.h"

_Noreturn void __popcorn_thread_end(void *base, size_t size);

void __unmapself(void *base, size_t size)
{
	__popcorn_thread_end(base, size);
}
