// System calls by the bare instruction: each register, narrow operands, tied and kept ones, errors.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOBBERED "rcx", "r11", "memory"

static long call0(long n)
{
	__asm__ volatile("syscall" : "+a"(n) : : CLOBBERED);
	return n;
}

static long call3(long n, long a, long b, long c)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c) : CLOBBERED);
	return result;
}

static void *call6(long n, void *a, size_t b, int c, int d, int e, off_t f)
{
	register long r10 __asm__("r10") = d;
	register int r8 __asm__("r8") = e;
	register off_t r9 __asm__("r9") = f;
	void *result;
	__asm__ volatile("syscall\n\t"
		: "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : CLOBBERED);
	return result;
}

/* Operands as the kernel declares them, and no clobber but the registers: memory is named. */
static int open_at(int dir, const char *path, int flags)
{
	int result;
	register int mode __asm__("r10") = 0600;
	__asm__ volatile("syscall"
		: "=a"(result) : "0"(SYS_openat), "D"(dir), "S"(path), "d"(flags), "r"(mode), "m"(*path) : "rcx", "r11");
	return result;
}

static int read_pipe(int *ends)
{
	int result, *kept = ends;
	__asm__ volatile("syscall" : "=a"(result), "+D"(kept), "=m"(*(int (*)[2])ends) : "a"(SYS_pipe) : "rcx", "r11");
	return result == 0 && kept == ends ? 0 : -1;
}

static __attribute__((noreturn)) void leave(int status)
{
	__asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(status) : CLOBBERED);
	__builtin_unreachable();
}

/* Something to hop between the calls. */
static int depth(int n) { return n ? depth(n - 1) + 1 : (int)call0(SYS_getppid) != getppid(); }

int main(void)
{
	char text[32] = "";
	int ends[2] = { -1, -1 }, status = -1;

	printf("%d %d\n", call0(SYS_getpid) == getpid(), depth(20));

	int fd = open_at(AT_FDCWD, "raw", O_CREAT | O_RDWR);
	printf("%d %ld %ld\n", fd >= 0, call3(SYS_write, fd, (long)"written\n", 8), call3(SYS_lseek, fd, -4, SEEK_END));
	printf("%d %ld %s", depth(20), call3(SYS_read, fd, (long)text, sizeof text), text);
	printf("%d\n", open_at(AT_FDCWD, "absent", O_RDONLY) == -ENOENT);

	char *map = call6(SYS_mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(map, 'm', 8192);
	printf("%d %c%c\n", depth(20), map[0], map[8191]);
	map[4096] = 0;
	char *file = call6(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	printf("%.8s%d %ld\n", file, depth(20), call3(SYS_munmap, (long)map, 8192, 0));
	printf("%d\n", call6(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == (void *)-EINVAL);

	printf("%d\n", read_pipe(ends));
	fflush(stdout);
	long child = call0(SYS_fork);
	if (child == 0) {
		call3(SYS_write, ends[1], (long)"child", 5);
		leave(7);
	}
	printf("%ld %.5s\n", call3(SYS_read, ends[0], (long)text, 5), text);
	printf("%d %d\n", call3(SYS_wait4, child, (long)&status, 0) == child, WEXITSTATUS(status));
	fflush(stdout);
	leave(42);
}
