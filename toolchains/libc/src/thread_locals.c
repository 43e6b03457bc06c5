/* The two thread-local variables that compiler and runtime know. In a file of their own, so that no
 * access to them is moved above the system call that makes them addressable. */

#include <string.h>
#include "pthread_impl.h"
#include "libc.h"

/* In front of all others: some ISAs reach only that far in one instruction. */
__attribute__((section(".tdata.popcorn.dsp"))) _Thread_local void *__popcorn_dsp;
_Thread_local void *__popcorn_self;

hidden void __popcorn_enter_thread(void *td)
{
	__popcorn_self = td;
}

/* Gives the thread that will run on td its `struct pthread` and its data stack. The calling thread's
 * variables tell where in a block they lie. */
hidden void __popcorn_prepare_thread(void *td, void *data_stack_top)
{
	char *here = __popcorn_self;

	*(void **)((char *)td + ((char *)&__popcorn_self - here)) = td;
	*(void **)((char *)td + ((char *)&__popcorn_dsp - here)) =
		(void *)((uintptr_t)data_stack_top & -16UL);
}

/* Timer threads run each notification with fresh thread-local variables, but for what the runtime keeps. */
unsigned long __popcorn_kept(void **at);

void __reset_tls()
{
	pthread_t self = __popcorn_self;
	void *dsp = __popcorn_dsp;
	char *image = (char *)self->dtv[1];
	struct tls_module *p = libc.tls_head;
	void *kept;
	size_t bytes = __popcorn_kept(&kept);
	char saved[512];

	if (bytes > sizeof saved)
		a_crash();
	memcpy(saved, kept, bytes);
	memcpy(image, p->image, p->len);
	memset(image + p->len, 0, p->size - p->len);
	__popcorn_self = self;
	__popcorn_dsp = dsp;
	memcpy(kept, saved, bytes);
}

/* How often the process was restored. */
hidden volatile int __popcorn_restored;

/* It was restored: clocks are others than before. */
void __popcorn_libc_restored(void)
{
	__popcorn_restored++;
}
