// Private mappings of files: parts, changed copies, protections changed by halves, moved and grown by mremap.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 65536 }; /* of every ISA's */

__attribute__((noinline)) static unsigned sum(const unsigned char *p, size_t n)
{
	unsigned s = 0;
	for (size_t i = 0; i < n; i += 997)
		s = s * 31 + p[i];
	return s;
}

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char block[PAGE];
	for (int i = 0; i < 4; i++) {
		memset(block, 'a' + i, sizeof block);
		write(fd, block, sizeof block);
	}
	unsigned char *whole = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unsigned char *third = mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
	if (whole == MAP_FAILED || third == MAP_FAILED)
		return 1;
	close(fd);
	printf("%u %u\n", sum(whole, 4 * PAGE), sum(third, PAGE));
	memset(whole + PAGE, 'X', 10);
	mprotect(whole + 2 * PAGE, PAGE, PROT_READ);
	munmap(whole + 3 * PAGE, PAGE);
	printf("%u %.3s\n", sum(whole, 3 * PAGE), whole + PAGE + 8);
	unsigned char *grown = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(grown, 7, PAGE);
	for (size_t pages = 2; pages < 20; pages *= 3) {
		grown = mremap(grown, pages / 3 ? pages / 3 * PAGE : PAGE, pages * PAGE, MREMAP_MAYMOVE);
		if (grown == MAP_FAILED)
			return 2;
		memset(grown + (pages - 1) * PAGE, (int)pages, PAGE);
		printf("%u\n", sum(grown, pages * PAGE));
	}
	fd = open("f", O_RDONLY);
	char c;
	pread(fd, &c, 1, PAGE);
	printf("%c %c %d\n", c, third[5], madvise(grown, PAGE, MADV_DONTNEED));
	printf("%u\n", sum(grown, PAGE));
	close(fd);
	unlink("f");
	return sum(third, PAGE) == sum(third, PAGE) ? 42 : 3;
}
