// pthread_getattr_np tells the bounds of the stack that variables live on, main's and a thread's, before and after a
// hop, and does not find them out by asking the kernel page by page.
//#Flags: -pthread
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

static int calls;
static char *main_low;
static size_t main_size;

/* In place of libc's: musl asks by it whether a page of main's stack is there. */
void *mremap(void *old, size_t old_size, size_t new_size, int flags, ...)
{
	calls++;
	return MAP_FAILED;
}

static void use(char *local)
{
	*local = 1;
}

/* A call below which a process may be moved: what is local here is on the stack that moves. */
static void (*volatile visit)(char *) = use;

/* Whether a local variable lies on the stack that the attributes tell, of at least this size. */
__attribute__((noinline)) static int contains_local(size_t least, char **low, size_t *size)
{
	pthread_attr_t attributes;
	void *start;
	char local;

	if (pthread_getattr_np(pthread_self(), &attributes) || pthread_attr_getstack(&attributes, &start, size))
		return 0;
	pthread_attr_destroy(&attributes);
	visit(&local);
	*low = start;
	return *low <= &local && &local < *low + *size && *size >= least;
}

__attribute__((noinline)) static int same_as_before(void)
{
	char *low;
	size_t size;

	return contains_local(1 << 20, &low, &size) && low == main_low && size == main_size;
}

static void *run(void *ok)
{
	char *low;
	size_t size;

	*(int *)ok &= contains_local(1 << 16, &low, &size) && low != main_low;
	return 0;
}

int main(void)
{
	pthread_t thread;
	int ok = contains_local(1 << 20, &main_low, &main_size);

#ifdef __popcorn__
	*(volatile char *)main_low = 1; /* all of it is there */
#endif
	for (int i = 0; i < 10; i++)
		ok &= same_as_before();
	if (pthread_create(&thread, 0, run, &ok) || pthread_join(thread, 0))
		return 2;
	ok &= same_as_before() && calls == 0;
	printf("%d\n", ok);
	return ok ? 42 : 1;
}
