// Thread-local state, for the runtime. C, because stable Rust has no thread-local statics without std;
// linked into the same bitcode module. Never inlined: an address must not be computed before the
// thread pointer is set.

extern _Thread_local void *__popcorn_dsp;
extern _Thread_local void *__popcorn_self;

__attribute__((noinline)) void *popcorn_tls_dsp(void) { return __popcorn_dsp; }
__attribute__((noinline)) void popcorn_tls_set_dsp(void *dsp) { __popcorn_dsp = dsp; }
__attribute__((noinline)) void *popcorn_tls_self(void) { return __popcorn_self; }

// The frame that a function called next goes on from, if it is called to go on: compiled code asks at the
// entry of functions that can.
__attribute__((section(".tdata.popcorn.reentry"))) _Thread_local void *__popcorn_reentry;

__attribute__((noinline)) void popcorn_tls_set_reentry(void *frame) { __popcorn_reentry = frame; }

__attribute__((noinline)) void *popcorn_tls_take_reentry(void)
{
	void *frame = __popcorn_reentry;
	__popcorn_reentry = 0;
	return frame;
}

// The context that the kernel's own code was called with, while this thread is in it (kernel/vdso.rs).
static _Thread_local void *vdso_caller;

__attribute__((noinline)) void *popcorn_tls_vdso_caller(void) { return &vdso_caller; }

extern unsigned long popcorn_vdso_clock;
extern long popcorn_clock_gettime(long clock, void *time);
extern long __popcorn_call_vdso(unsigned long function, long a, void *b, void **caller);

// The short way to the clock: nothing is put away.
long __popcorn_clock_gettime(long clock, void *time)
{
	unsigned long function = __atomic_load_n(&popcorn_vdso_clock, __ATOMIC_RELAXED);
	if (function <= 1 || vdso_caller)
		return popcorn_clock_gettime(clock, time);
	return __popcorn_call_vdso(function, clock, time, &vdso_caller);
}

// What the runtime keeps of a thread (`Kept` in program/thread.rs).
static _Thread_local struct {
	void *clear_tid, *robust_list;
	unsigned long reentry_mask, has_reentry_mask;
	unsigned long handlers;
	unsigned long alternate_stack[5];
	void *local;
	unsigned long native_size;
	int id;
	unsigned stands;
	unsigned long processors[16];
} kept;

__attribute__((noinline)) void *popcorn_tls_kept(void) { return &kept; }

// What it keeps of calls that wait (`State` in program/waiting.rs).
static _Thread_local unsigned long waiting[96];

__attribute__((noinline)) void *popcorn_tls_waiting(void) { return waiting; }
// The same of another thread: all blocks are alike.
__attribute__((noinline)) void *popcorn_tls_kept_of(char *pthread)
{
	return pthread + ((char *)&kept - (char *)__popcorn_self);
}

// For libc, which begins a block anew.
__attribute__((noinline)) unsigned long __popcorn_kept(void **at)
{
	*at = &kept;
	return sizeof kept;
}
