/* Thread-local storage (docs/abi.md, section 4). A thread's block is
 *
 *     [dtv][gap][TLS image][struct pthread]
 *
 * the same on every ISA; only the value of the thread pointer differs. Runs before there is TLS. */

#define SYSCALL_NO_TLS 1
#include <string.h>
#include <sys/mman.h>
#include "pthread_impl.h"
#include "libc.h"
#include "syscall.h"

/* Absolute symbols of the linker: their addresses are the values. */
extern const char __popcorn_tls_start[];
extern const char __popcorn_tls_filesz[], __popcorn_tls_memsz[], __popcorn_tls_align[];

hidden long __popcorn_tp_value(long pthread, long image, long gap);
hidden void __popcorn_enter_thread(void *td);

volatile int __thread_list_lock;

static struct tls_module main_tls;
static size_t image_size; /* rounded up to the alignment */
static size_t gap_size;

void *__popcorn_thread_pointer(void *td)
{
	return (void *)__popcorn_tp_value((long)td, (long)td - (long)image_size, (long)gap_size);
}

int __init_tp(void *p)
{
	pthread_t td = p;
	td->self = td;
	if (__set_thread_area(__popcorn_thread_pointer(td)) < 0)
		return -1;
	libc.can_do_threads = 1;
	td->detach_state = DT_JOINABLE;
	td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
	td->locale = &libc.global_locale;
	td->robust_list.head = &td->robust_list.head;
	td->sysinfo = __sysinfo;
	td->next = td->prev = td;
	__popcorn_enter_thread(td);
	return 0;
}

void *__copy_tls(unsigned char *mem)
{
	uintptr_t *dtv = (uintptr_t *)mem;
	uintptr_t image = (uintptr_t)(dtv + 2) + gap_size;
	pthread_t td;

	image += -image & (libc.tls_align - 1);
	memcpy((void *)image, main_tls.image, main_tls.len);
	td = (pthread_t)(image + image_size);
	dtv[0] = 1;
	dtv[1] = image;
	td->dtv = dtv;
	return td;
}

void __init_tls(size_t *aux)
{
	size_t align = (size_t)__popcorn_tls_align;
	void *mem;

	(void)aux;
	if (align < 16)
		align = 16;
	main_tls.image = (void *)__popcorn_tls_start;
	main_tls.len = (size_t)__popcorn_tls_filesz;
	main_tls.size = (size_t)__popcorn_tls_memsz;
	main_tls.align = align;
	image_size = main_tls.size + (-main_tls.size & (align - 1));
	gap_size = align; /* 16 rounded up to the alignment */
	main_tls.offset = image_size;

	libc.tls_cnt = 1;
	libc.tls_head = &main_tls;
	libc.tls_align = align;
	libc.tls_size = 2 * sizeof(uintptr_t) + gap_size + (align - 1) + image_size
		+ sizeof(struct pthread) + 15 & -16UL;

	mem = (void *)__syscall(SYS_mmap, 0, libc.tls_size, PROT_READ | PROT_WRITE,
		MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if ((unsigned long)mem > -4096UL || __init_tp(__copy_tls(mem)) < 0)
		a_crash();
}
