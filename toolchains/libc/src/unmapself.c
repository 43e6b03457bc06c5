/* The end of a detached thread: it unmaps the stack that it stands on, its `struct pthread` with it. The
 * runtime keeps a table of all maps, so the call must go through it; it runs on a stack that all such
 * threads share. The thread-list lock, which the kernel releases when the thread is gone, keeps them
 * apart. */

#include <sys/mman.h>
#include "pthread_impl.h"
#include "syscall.h"

hidden void __popcorn_leave_stack(void (*next)(void), void *top);

static char shared_stack[32768] __attribute__((aligned(16)));
static void *map;
static size_t map_size;

static void unmap_and_exit(void)
{
	__syscall(SYS_munmap, map, map_size);
	for (;;)
		__syscall(SYS_exit, 0);
}

void __unmapself(void *base, size_t size)
{
	map = base;
	map_size = size;
	__popcorn_leave_stack(unmap_and_exit, shared_stack + sizeof shared_stack);
}
