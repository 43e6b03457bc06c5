// Directories, rename, links, stat, working directory and umask, on every ISA's own system calls.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}
static void list(const char *path)
{
	char names[20][32];
	int n = 0;
	DIR *d = opendir(path);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			snprintf(names[n++], 32, "%s%s", e->d_name, e->d_type == DT_DIR ? "/" : "");
	closedir(d);
	qsort(names, n, sizeof *names, by_name);
	for (int i = 0; i < n; i++)
		printf("%s ", names[i]);
	printf("\n");
}

int main(void)
{
	char buf[256], cwd[256];
	umask(027);
	mkdir("dir", 0777);
	for (int i = 0; i < 8; i++) {
		snprintf(buf, sizeof buf, "dir/f%d", i * 37 % 11);
		int fd = open(buf, O_CREAT | O_WRONLY | O_EXCL, 0666);
		write(fd, buf, i);
		close(fd);
	}
	list("dir");
	rename("dir/f0", "dir/moved");
	symlink("moved", "dir/link");
	link("dir/moved", "dir/hard");
	mkdir("dir/sub", 0700);
	list("dir");
	struct stat st;
	stat("dir/link", &st);
	printf("%o %d %ld\n", st.st_mode & 0777, (int)st.st_nlink, (long)st.st_size);
	lstat("dir/link", &st);
	printf("%d %ld\n", S_ISLNK(st.st_mode), (long)st.st_size);
	chmod("dir/hard", 0600);
	stat("dir/moved", &st);
	printf("%o\n", st.st_mode & 0777);
	ssize_t n = readlink("dir/link", buf, sizeof buf);
	printf("%.*s\n", (int)n, buf);
	if (chdir("dir/sub") || !getcwd(cwd, sizeof cwd))
		return 1;
	for (int i = 0; i < 30; i++)
		n += cwd[i % strlen(cwd)];
	printf("%s\n", strrchr(cwd, '/'));
	list("..");
	printf("%d %d\n", rmdir("../missing"), errno == ENOENT);
	printf("%d %d\n", mkdir("../sub", 0777), errno == EEXIST);
	printf("%d %d\n", rmdir(".."), errno != 0);
	printf("%d\n", access("../f3", R_OK) | access("../moved", W_OK));
	truncate("../hard", 1000);
	stat("../moved", &st);
	printf("%ld %o\n", (long)st.st_size, umask(0));
	return 42;
}
