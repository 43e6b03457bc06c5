// Memory that was never touched, or that is zero again, costs nothing: half a gigabyte of .bss, a reservation of
// 16 GB, and a private map of a sparse file of 8 GB.
//#Config: O2
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char big[1 << 29];

#ifdef __popcorn__
#include <popcorn.h>
/* 1 if little memory came to be used by a move. */
static int is_small(void)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	const char *line = n > 0 ? strstr(text, "VmRSS:") : 0;
	long kilobytes = 0;
	return line && sscanf(line, "VmRSS: %ld", &kilobytes) == 1 && kilobytes < 300000;
}
static void move(int i)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
	popcorn_migrate(isas[i % 3]);
}
#else
static int is_small(void) { return 1; }
static void move(int i) { (void)i; }
#endif

int main(void)
{
	big[1 << 28] = 7;
	char *none = mmap(0, 16ull << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *huge = mmap(0, 1ull << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pwrite(fd, "end", 3, (8ll << 30) - 3);
	char *file = mmap(0, 8ull << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (none == MAP_FAILED || huge == MAP_FAILED || file == MAP_FAILED)
		return 1;
	huge[3ull << 30] = 5;
	file[4ull << 30] = 6;
	for (int i = 0; i < 6; i++) {
		move(i);
		if (i == 3) {
			big[1 << 28] = 0;
			file[4ull << 30] = 0;
		}
		printf("%d %d %d %d %.3s %d\n", i, big[1 << 28] + big[1 << 27], huge[3ull << 30], file[4ull << 30],
		       file + (8ull << 30) - 3, is_small());
	}
	unlink("sparse");
	return 42;
}
