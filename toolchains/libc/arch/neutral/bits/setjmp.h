/* Token, site, data-stack pointer, signal mask; the rest is room. The same on every ISA. */
typedef unsigned long __jmp_buf[26];
