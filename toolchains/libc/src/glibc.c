/* Names that code for x86-64's usual C library expects and musl does not have: its functions whose
 * names end in 64 (offsets have 64 bits anyway), and a few of its own. Types are laid out alike in
 * both libraries; testsuite/tests/rust.rs compares those that Rust's standard library uses. */

#define _GNU_SOURCE
#include <features.h>
#undef _LARGEFILE64_SOURCE /* with it, headers make these names macros */
#include <aio.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <resolv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

int open64(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open(path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return openat(dir, path, flags, mode);
}

int fcntl64(int fd, int command, ...)
{
	va_list ap;
	va_start(ap, command);
	unsigned long argument = va_arg(ap, unsigned long);
	va_end(ap);
	return fcntl(fd, command, argument);
}

int creat64(const char *path, mode_t mode) { return creat(path, mode); }
int stat64(const char *path, struct stat *st) { return stat(path, st); }
int lstat64(const char *path, struct stat *st) { return lstat(path, st); }
int fstat64(int fd, struct stat *st) { return fstat(fd, st); }
int fstatat64(int dir, const char *path, struct stat *st, int flags) { return fstatat(dir, path, st, flags); }
int truncate64(const char *path, off_t size) { return truncate(path, size); }
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }
off_t lseek64(int fd, off_t offset, int whence) { return lseek(fd, offset, whence); }
int lockf64(int fd, int command, off_t size) { return lockf(fd, command, size); }
ssize_t pread64(int fd, void *to, size_t n, off_t at) { return pread(fd, to, n, at); }
ssize_t pwrite64(int fd, const void *from, size_t n, off_t at) { return pwrite(fd, from, n, at); }
ssize_t preadv64(int fd, const struct iovec *v, int n, off_t at) { return preadv(fd, v, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at) { return pwritev(fd, v, n, at); }
ssize_t preadv64v2(int fd, const struct iovec *v, int n, off_t at, int flags) { return preadv2(fd, v, n, at, flags); }
ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off_t at, int flags) { return pwritev2(fd, v, n, at, flags); }
ssize_t sendfile64(int out, int in, off_t *at, size_t n) { return sendfile(out, in, at, n); }
int posix_fadvise64(int fd, off_t at, off_t n, int advice) { return posix_fadvise(fd, at, n, advice); }
int posix_fallocate64(int fd, off_t at, off_t n) { return posix_fallocate(fd, at, n); }
int fallocate64(int fd, int mode, off_t at, off_t n) { return fallocate(fd, mode, at, n); }
void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	return mmap(at, n, prot, flags, fd, offset);
}
int statfs64(const char *path, struct statfs *st) { return statfs(path, st); }
int fstatfs64(int fd, struct statfs *st) { return fstatfs(fd, st); }
int statvfs64(const char *path, struct statvfs *st) { return statvfs(path, st); }
int fstatvfs64(int fd, struct statvfs *st) { return fstatvfs(fd, st); }
struct dirent *readdir64(DIR *dir) { return readdir(dir); }
int readdir64_r(DIR *dir, struct dirent *entry, struct dirent **result) { return readdir_r(dir, entry, result); }
ssize_t getdents64(int fd, void *to, size_t n) { return getdents(fd, to, n); }
int alphasort64(const struct dirent **a, const struct dirent **b) { return alphasort(a, b); }
int versionsort64(const struct dirent **a, const struct dirent **b) { return versionsort(a, b); }
void globfree64(glob_t *paths) { globfree(paths); }
int getrlimit64(int which, struct rlimit *limit) { return getrlimit(which, limit); }
int setrlimit64(int which, const struct rlimit *limit) { return setrlimit(which, limit); }
int prlimit64(pid_t pid, int which, const struct rlimit *new, struct rlimit *old)
{
	return prlimit(pid, which, new, old);
}
FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }
FILE *freopen64(const char *path, const char *mode, FILE *f) { return freopen(path, mode, f); }
FILE *tmpfile64(void) { return tmpfile(); }
int fseeko64(FILE *f, off_t offset, int whence) { return fseeko(f, offset, whence); }
off_t ftello64(FILE *f) { return ftello(f); }
int fgetpos64(FILE *f, fpos_t *to) { return fgetpos(f, to); }
int fsetpos64(FILE *f, const fpos_t *from) { return fsetpos(f, from); }
int mkstemp64(char *name) { return mkstemp(name); }
int mkostemp64(char *name, int flags) { return mkostemp(name, flags); }
int mkstemps64(char *name, int suffix) { return mkstemps(name, suffix); }
int mkostemps64(char *name, int suffix, int flags) { return mkostemps(name, suffix, flags); }
int aio_read64(struct aiocb *cb) { return aio_read(cb); }
int aio_write64(struct aiocb *cb) { return aio_write(cb); }
int aio_error64(const struct aiocb *cb) { return aio_error(cb); }
ssize_t aio_return64(struct aiocb *cb) { return aio_return(cb); }
int aio_cancel64(int fd, struct aiocb *cb) { return aio_cancel(fd, cb); }
int aio_suspend64(const struct aiocb *const list[], int n, const struct timespec *limit)
{
	return aio_suspend(list, n, limit);
}
int aio_fsync64(int how, struct aiocb *cb) { return aio_fsync(how, cb); }
int lio_listio64(int mode, struct aiocb *const *list, int n, struct sigevent *done)
{
	return lio_listio(mode, list, n, done);
}

/* How programs for its versions before 2.33 ask; `version` was that of the structure. */
int __xstat64(int version, const char *path, struct stat *st) { return stat(path, st); }
int __lxstat64(int version, const char *path, struct stat *st) { return lstat(path, st); }
int __fxstat64(int version, int fd, struct stat *st) { return fstat(fd, st); }
int __fxstatat64(int version, int dir, const char *path, struct stat *st, int flags)
{
	return fstatat(dir, path, st, flags);
}

/* What the interface served here amounts to, for those who choose by it. */
const char *gnu_get_libc_version(void) { return "2.17"; }

int __res_init(void) { return res_init(); }
