// Reads thread-local variables from a block laid out as docs/abi.md says. Without libc there is no
// thread pointer, so the program sets it.
__attribute__((used)) _Thread_local int a = 5; _Thread_local long b = 7; _Thread_local char big[300]; _Alignas(64) _Thread_local char al = 3;
extern char __popcorn_tls_start[], __popcorn_tls_filesz[], __popcorn_tls_memsz[], __popcorn_tls_align[];
long sys(long n, long a, long b, long c); void hex(unsigned long x);
static _Alignas(64) char block[2048];
__attribute__((noinline)) int check(char *t) {
  hex((char *)&a - t); hex((char *)&b - t); hex((char *)big - t); hex((char *)&al - t);
  return a == 5 && b == 7 && al == 3 && big[7] == 0 && ((unsigned long)&al & 63) == 0 ? 42 : 1; }
int main(void) {
  unsigned long s = (unsigned long)__popcorn_tls_memsz, al_ = (unsigned long)__popcorn_tls_align;
  char *t = block + 256;
  for (unsigned long i = 0; i < (unsigned long)__popcorn_tls_filesz; i++) t[i] = __popcorn_tls_start[i];
#if defined(__x86_64__)
  char *tp = t + ((s + al_ - 1) & -al_); *(char **)tp = tp; sys(158, 0x1002, (long)tp, 0);
#elif defined(__aarch64__)
  char *tp = t - ((16 + al_ - 1) & -al_); __asm__ volatile("msr tpidr_el0, %0" :: "r"(tp) : "memory");
#else
  __asm__ volatile("mv tp, %0" :: "r"(t) : "memory");
#endif
  hex(s); return check(t); }
