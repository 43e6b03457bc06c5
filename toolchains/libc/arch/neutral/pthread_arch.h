/* `struct pthread` is found through a thread-local variable; only a line of assembly per ISA knows
 * where the thread pointer points (docs/abi.md, section 4). */

extern _Thread_local void *__popcorn_self;
extern _Thread_local void *__popcorn_dsp;

#define __get_tp() ((uintptr_t)__popcorn_self)

/* The value of the thread pointer register for the thread whose `struct pthread` is td. */
hidden void *__popcorn_thread_pointer(void *td);
