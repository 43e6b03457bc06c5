// Open files keep their offset, mode and contents; unlinked and appended ones too; stdio buffers move.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int work(int n)
{
	volatile int s = 0;
	volatile int bound = n; /* a constant trip count this small would need no point */
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

int main(void)
{
	char buf[64];
	FILE *f = fopen("lines.txt", "w+");
	for (int i = 0; i < 50; i++) {
		fprintf(f, "line %d of the file\n", i);
		work(3);
	}
	rewind(f);
	int n = 0, c, lines = 0;
	while ((c = getc(f)) != EOF) {
		n += c;
		lines += c == '\n';
		if (lines == 20 && c == '\n')
			printf("at %ld\n", ftell(f));
	}
	printf("%d %d\n", n, lines);
	fseek(f, 100, SEEK_SET);
	printf("%s", fgets(buf, sizeof buf, f));

	int fd = open("raw", O_RDWR | O_CREAT | O_TRUNC, 0640);
	int dup_ = dup(fd), append = open("raw", O_WRONLY | O_APPEND);
	for (int i = 0; i < 10; i++) {
		memset(buf, 'a' + i, 8);
		if (write(i & 1 ? fd : append, buf, 8) != 8)
			return 1;
		work(5);
	}
	printf("%ld %ld\n", (long)lseek(dup_, 0, SEEK_CUR), (long)lseek(fd, 0, SEEK_END));
	pread(fd, buf, 16, 32);
	printf("%.16s %d\n", buf, fcntl(append, F_GETFL) & O_APPEND ? 1 : 0);
	unlink("raw");
	lseek(fd, 3, SEEK_SET);
	work(30);
	printf("%ld ", (long)read(dup_, buf, 10));
	printf("%.10s\n", buf);
	struct stat st;
	fstat(fd, &st);
	printf("%ld %o %d %d\n", (long)st.st_size, st.st_mode & 0777, S_ISREG(st.st_mode), (int)st.st_nlink);
	FILE *t = tmpfile();
	fputs("temporary", t);
	work(20);
	fseek(t, 4, SEEK_SET);
	printf("%s\n", fgets(buf, sizeof buf, t));
	fclose(t);
	fclose(f);
	printf("%d\n", open("missing", O_RDONLY));
	return 42;
}
