// File offsets: shared by dup, own to each open, moved by lseek, untouched by pread; holes, append, truncation, vectors.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void show(const char *what, int a, int b, int c)
{
	printf("%s %ld %ld %ld\n", what, (long)lseek(a, 0, SEEK_CUR), (long)lseek(b, 0, SEEK_CUR), (long)lseek(c, 0, SEEK_CUR));
}

int main(void)
{
	char buf[64] = {0};
	int a = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644), b = dup(a), c = open("f", O_RDONLY);
	int d = open("f", O_WRONLY | O_APPEND);
	for (int i = 0; i < 40; i++) {
		dprintf(a, "record %02d.", i);
		if (i % 10 == 9)
			show("written", a, b, c);
	}
	for (int i = 0; i < 5; i++) {
		ssize_t n = read(c, buf, 10);
		n += pread(b, buf + 10, 10, i * 70);
		printf("%zd %.20s\n", n, buf);
	}
	show("read", a, b, c);
	printf("%ld\n", (long)lseek(b, -25, SEEK_END));
	for (int i = 0; i < 3; i++) {
		pwrite(a, "XY", 2, i * 100);
		write(d, "tail", 4);
		read(i % 2 ? a : b, buf, 5);
		show(buf, a, b, c);
	}
	ftruncate(a, 20);
	lseek(a, 1000, SEEK_SET);
	struct iovec parts[3] = {{"one", 3}, {"two", 3}, {"three", 5}};
	printf("%zd\n", writev(a, parts, 3));
	struct stat st;
	fstat(c, &st);
	printf("%ld %d\n", (long)st.st_size, (int)pread(c, buf, 4, 500));
	printf("%d %d %d\n", buf[0], buf[3], fcntl(b, F_GETFL) & O_ACCMODE);
	lseek(c, 1003, SEEK_SET);
	struct iovec into[2] = {{buf, 3}, {buf + 10, 20}};
	ssize_t n = readv(c, into, 2);
	printf("%zd %.3s %.5s\n", n, buf, buf + 10);
	show("end", a, b, c);
	printf("%d %d\n", close(a) + close(c) + close(d), (int)read(b, buf, 1));
	return unlink("f") ? 1 : 42;
}
