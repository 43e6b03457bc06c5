/* The list of threads, for the runtime: who holds its lock knows that no thread begins or ends meanwhile. The kernel
 * lets go of it when a thread that ends is gone. */

#include "pthread_impl.h"
#include "libc.h"
#include "syscall.h"

/* Added to the holder's id while the runtime holds it: whoever waits is to pass a migration point. */
enum { STOPPING = 0x40000000 };

/* Threads that have passed their point and try to take the lock: the runtime does not come before them. */
hidden volatile int __popcorn_next_holders;

/* How many threads the process has. One that is not quite gone counts. */
long __popcorn_libc_threads(void)
{
	int holder;

	if (libc.threads_minus_1)
		return libc.threads_minus_1 + 1;
	holder = __thread_list_lock;
	return 1 + (holder && holder != ((pthread_t)__popcorn_self)->tid);
}

/* The caller has the lock and stops the program: sends those who wait for it to a migration point. */
void __popcorn_libc_stopping(void)
{
	a_or(&__thread_list_lock, STOPPING);
	__syscall(SYS_futex, &__thread_list_lock, FUTEX_WAKE, 0x7fffffff);
}

/* Lets go of the lock. */
void __popcorn_libc_release_threads(void)
{
	a_store(&__thread_list_lock, 0);
	__syscall(SYS_futex, &__thread_list_lock, FUTEX_WAKE, 0x7fffffff);
}

/* The thread behind this one in the list, which is a ring. */
void *__popcorn_libc_next_thread(void *td)
{
	return ((pthread_t)td)->next;
}

/* The id by which libc knows a thread. */
volatile int *__popcorn_libc_tid(void *td)
{
	return (volatile int *)&((pthread_t)td)->tid;
}
