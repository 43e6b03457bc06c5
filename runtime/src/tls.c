// Thread-local state of the runtime. C, because stable Rust has no thread-local statics without std;
// linked into the same bitcode module.

_Thread_local void *__popcorn_dsp;
extern _Thread_local void *__popcorn_self;

void *popcorn_tls_dsp(void) { return __popcorn_dsp; }
void popcorn_tls_set_dsp(void *dsp) { __popcorn_dsp = dsp; }
void *popcorn_tls_self(void) { return __popcorn_self; }
