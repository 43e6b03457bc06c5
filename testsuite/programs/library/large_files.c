// Names that end in 64, as code compiled for another C library calls them: walks with callbacks, positions, aio.
//#Flags: -D_GNU_SOURCE
#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Without the headers' own declarations, which may make other names of these. */
#undef scandir64
#undef alphasort64
#undef versionsort64
#undef nftw64
#undef ftw64
#undef glob64
#undef globfree64
#undef fgetpos64
#undef fsetpos64
#undef mkstemps64
#undef mkostemps64
#undef preadv64v2
#undef pwritev64v2
#undef getdents64
#undef aio_write64
#undef aio_read64
#undef aio_error64
#undef aio_return64
#undef aio_suspend64
#undef aio_fsync64
#undef aio_cancel64
#undef lio_listio64
#define NAMED(name) __asm__(#name)
extern int scan(const char *, struct dirent ***, int (*)(const struct dirent *),
	int (*)(const struct dirent **, const struct dirent **)) NAMED(scandir64);
extern int by_name(const struct dirent **, const struct dirent **) NAMED(alphasort64);
extern int by_version(const struct dirent **, const struct dirent **) NAMED(versionsort64);
extern int walk(const char *, int (*)(const char *, const struct stat *, int, struct FTW *), int, int) NAMED(nftw64);
extern int walk_old(const char *, int (*)(const char *, const struct stat *, int), int) NAMED(ftw64);
extern int match(const char *, int, int (*)(const char *, int), glob_t *) NAMED(glob64);
extern void match_free(glob_t *) NAMED(globfree64);
extern int position(FILE *, fpos_t *) NAMED(fgetpos64);
extern int go_to(FILE *, const fpos_t *) NAMED(fsetpos64);
extern int temporary(char *, int) NAMED(mkstemps64);
extern int temporary_with(char *, int, int) NAMED(mkostemps64);
extern ssize_t read_vector(int, const struct iovec *, int, off_t, int) NAMED(preadv64v2);
extern ssize_t write_vector(int, const struct iovec *, int, off_t, int) NAMED(pwritev64v2);
extern ssize_t entries(int, void *, size_t) NAMED(getdents64);
extern int a_write(struct aiocb *) NAMED(aio_write64);
extern int a_read(struct aiocb *) NAMED(aio_read64);
extern int a_error(const struct aiocb *) NAMED(aio_error64);
extern ssize_t a_return(struct aiocb *) NAMED(aio_return64);
extern int a_suspend(const struct aiocb *const[], int, const struct timespec *) NAMED(aio_suspend64);
extern int a_fsync(int, struct aiocb *) NAMED(aio_fsync64);
extern int a_cancel(int, struct aiocb *) NAMED(aio_cancel64);
extern int a_list(int, struct aiocb *const[], int, struct sigevent *) NAMED(lio_listio64);

static char seen[16][64];
static int count;

static int order(const void *a, const void *b) { return strcmp(a, b); }

static void show(const char *what)
{
	qsort(seen, count, sizeof *seen, order);
	printf("%s:", what);
	for (int i = 0; i < count; i++)
		printf(" %s", seen[i]);
	putchar('\n');
	count = 0;
}

static int depth(int n) { return n ? depth(n - 1) + 1 : 0; }

static int old_entry(const char *path, const struct stat *st, int kind)
{
	snprintf(seen[count++], sizeof *seen, "%s/%d/%d", path, kind, S_ISDIR(st->st_mode) != 0);
	return depth(3) - 3;
}

static int entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	snprintf(seen[count++], sizeof *seen, "%s/%d/%d", path + where->base, kind, where->level);
	/* A walk inside of a walk. */
	return strcmp(path, "tree/b") || !walk_old("tree/b", old_entry, 4) ? depth(2) - 2 : 9;
}

static int two(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	count++;
	return count == 2 ? 7 : 0;
}

static int visible(const struct dirent *e) { return depth(e->d_name[0] == '.') == 0; }

static void list(const char *path, int (*compare)(const struct dirent **, const struct dirent **))
{
	struct dirent **names;
	int n = scan(path, &names, visible, compare);
	printf("%d", n);
	for (int i = 0; i < n; free(names[i++]))
		printf(" %s", names[i]->d_name);
	putchar('\n');
	free(names);
}

static void walks(void)
{
	static const char *files[] = { "tree/f10", "tree/f9", "tree/b/f1", "tree/b/c/f2" };
	glob_t paths;

	mkdir("tree", 0700), mkdir("tree/b", 0700), mkdir("tree/b/c", 0700);
	for (int i = 0; i < 4; i++)
		close(open(files[i], O_CREAT | O_WRONLY, 0600));
	printf("%d\n", symlink("nowhere", "tree/link"));
	list("tree", by_name);
	list("tree", by_version);
	printf("%d ", walk("tree", entry, 4, FTW_PHYS));
	show("walk");
	printf("%d ", walk("tree", entry, 4, FTW_DEPTH));
	show("depth first");
	printf("%d %d\n", walk("tree", two, 4, FTW_PHYS), count);
	printf("%d %d\n", walk("tree", two, 4, 1 << 20), errno == EINVAL);
	printf("%d %zu", match("tree/f*", GLOB_MARK, NULL, &paths), paths.gl_pathc);
	printf(" %s %s\n", paths.gl_pathv[0], paths.gl_pathv[1]);
	match_free(&paths);
	printf("%d\n", match("tree/x*", 0, NULL, &paths));
}

static void positions(void)
{
	char name[] = "tmp-XXXXXX.txt", other[] = "tmp-XXXXXX.txt", text[16] = "", dir[1024];
	struct iovec out = { "0123456789", 10 }, in = { text, 4 };
	fpos_t here;
	int fd = temporary(name, 4), fd2 = temporary_with(other, 4, O_CLOEXEC);

	printf("%d %d %d\n", fd >= 0, fcntl(fd2, F_GETFD), strcmp(name + 10, ".txt"));
	printf("%zd", write_vector(fd, &out, 1, 0, 0));
	printf(" %zd %s\n", read_vector(fd, &in, 1, 3, 0), text);
	FILE *f = fdopen(fd, "r");
	getc(f), getc(f);
	printf("%d", position(f, &here));
	printf(" %c%c", getc(f), getc(f));
	printf(" %d", go_to(f, &here));
	printf(" %c\n", getc(f));
	fclose(f);
	fd = open("tree/b/c", O_RDONLY | O_DIRECTORY);
	printf("%d\n", entries(fd, dir, sizeof dir) > 0);
	close(fd);
}

static void wait_for(struct aiocb *cb)
{
	const struct aiocb *list[] = { cb };
	while (a_error(cb) == EINPROGRESS)
		a_suspend(list, 1, NULL);
	printf(" %d %zd", a_error(cb), a_return(cb));
}

static void asynchronous(void)
{
	char text[8] = "";
	int fd = open("aio", O_CREAT | O_RDWR, 0600);
	struct aiocb out = { .aio_fildes = fd, .aio_buf = "abcdefgh", .aio_nbytes = 8 };
	struct aiocb in = { .aio_fildes = fd, .aio_buf = text, .aio_nbytes = 3, .aio_offset = 2, .aio_lio_opcode = LIO_READ };
	struct aiocb *list[] = { &in };

	printf("%d", a_write(&out)), wait_for(&out);
	printf(" %d", a_fsync(O_SYNC, &out)), wait_for(&out);
	printf(" %d", a_read(&in)), wait_for(&in);
	printf(" %s", text);
	in.aio_offset = 5;
	printf(" %d", a_list(LIO_WAIT, list, 1, NULL)), wait_for(&in);
	printf(" %s %d\n", text, a_cancel(fd, NULL) == AIO_ALLDONE);
	close(fd);
}

int main(void)
{
	walks();
	positions();
	asynchronous();
	return 42;
}
