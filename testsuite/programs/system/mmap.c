// Mapped memory, anonymous and of a file, with its protection and contents.
//#Cycle: every 2 at most 6
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	size_t page = 65536;
	unsigned char *a = mmap(0, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < 4 * page; i += 4096)
		a[i] = (unsigned char)(i >> 12);
	munmap(a + page, page);
	mprotect(a + 2 * page, page, PROT_READ);
	int fd = open("mapped", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 10000))
		return 2;
	char *f = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (f == MAP_FAILED)
		return 3;
	for (int i = 0; i < 100; i++)
		f[i * 97] = (char)('a' + i % 26);
	msync(f, 10000, MS_SYNC);
	char buf[98];
	if (pread(fd, buf, 98, 97 * 50) != 98)
		return 4;
	printf("%c %c\n", buf[0], buf[97]);
	unsigned sum = 0;
	for (size_t i = 0; i < page; i += 4096)
		sum = sum * 31 + a[i] + a[i + 2 * page] + a[i + 3 * page];
	printf("%u\n", sum);
	munmap(f, 10000);
	close(fd);
	return 42;
}
