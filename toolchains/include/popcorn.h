/* What a program may ask of Popcorn. Programs need none of this to be moved. */
#ifndef POPCORN_H
#define POPCORN_H

#ifdef __cplusplus
extern "C" {
#endif

/* Moves the process to the named ISA ("x86_64", "aarch64", "riscv64"). Returns 0 when the program goes
 * on there, also if it was there already; -1 with errno set, and the process unharmed, if it cannot
 * move: EINVAL for an unknown ISA, EBUSY if it has other threads or is in a signal handler, EPERM if a move
 * would change its rights or it has more than its user, ENOENT if the emulator or the image is missing,
 * ENOEXEC if the emulator does not work. */
int popcorn_migrate(const char *isa);

/* The name of the ISA that the program runs on now. */
const char *popcorn_current_isa(void);

#ifdef __cplusplus
}
#endif

#endif
