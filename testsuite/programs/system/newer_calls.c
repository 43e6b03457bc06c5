// Calls that some kernels, or emulators, do not have: what is there does the same on each, and probing programs go on.
//#Briefly: never
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline)) static unsigned work(unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < n; i++)
		sum = sum * 31 + i;
	return sum;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void old_entries(void)
{
	char buffer[300], *names[20];
	int folder, count = 0;
	long n;

	mkdir("folder", 0700);
	mkdir("folder/inside", 0700);
	symlink("nowhere", "folder/link");
	close(open("folder/a-file-with-a-name-of-some-length", O_CREAT | O_WRONLY, 0600));
	folder = open("folder", O_RDONLY | O_DIRECTORY);
	while ((n = syscall(SYS_getdents, folder, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < n;) {
			struct {
				unsigned long inode, offset;
				unsigned short length;
				char name[];
			} *entry = (void *)(buffer + at);

			asprintf(&names[count++], "%s %d", entry->name, buffer[at + entry->length - 1]);
			at += entry->length;
		}
		work(3);
	}
	qsort(names, (size_t)count, sizeof *names, by_name);
	for (int i = 0; i < count; i++)
		puts(names[i]);
	printf("end %ld\n", n);
	close(folder);
}

static void vectors(void)
{
	char a[4] = "", b[9] = "";
	struct iovec out[] = { { "one", 3 }, { " two", 4 } }, in[] = { { a, 3 }, { b, 8 } };
	int fd = open("vectors", O_RDWR | O_CREAT, 0600), other = open("copy", O_RDWR | O_CREAT, 0600);
	off_t from = 4;

	printf("%ld", (long)syscall(SYS_pwritev2, fd, out, 2, 5L, 0L, 0));
	printf(" %ld", (long)syscall(SYS_preadv2, fd, in, 2, 5L, 0L, 0));
	printf(" %s|%s", a, b);
	lseek(fd, 8, SEEK_SET);
	work(5);
	printf(" %ld", (long)syscall(SYS_preadv2, fd, in, 1, -1L, -1L, 0));
	printf(" %ld %s", (long)lseek(fd, 0, SEEK_CUR), a);
	printf(" %ld", (long)copy_file_range(fd, &from, other, 0, 100, 0));
	printf(" %ld\n", (long)lseek(other, 0, SEEK_CUR));
	close(other);
	close(fd);
}

static void waits(void)
{
	struct timespec time = { 0, 3000000 };
	struct epoll_event events[3], event = { .events = EPOLLIN, .data.u64 = 0x123456789abcUL };
	int set = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(0, 0);
	uint64_t two = 2;

	epoll_ctl(set, EPOLL_CTL_ADD, counter, &event);
	printf("%ld", (long)syscall(SYS_epoll_pwait2, set, events, 3, &time, 0, 8));
	work(4);
	write(counter, &two, 8);
	printf(" %ld %llx", (long)syscall(SYS_epoll_pwait2, set, events, 3, 0, 0, 8), (unsigned long long)events[0].data.u64);
	time.tv_nsec = -1;
	printf(" %ld %d\n", (long)syscall(SYS_epoll_pwait2, set, events, 3, &time, 0, 8), errno == EINVAL);
	close(set);
	close(counter);
}

static int run(int folder, const char *path, int flags)
{
	char *arguments[] = { "sh", "-c", "exit 12", 0 }, *environment[] = { 0 };
	int status;
	pid_t child = fork();

	if (!child) {
		work(3);
		syscall(SYS_execveat, folder, path, arguments, environment, flags);
		_exit(errno == ENOENT ? 1 : errno == ELOOP ? 2 : 3);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void runs(void)
{
	char shell[PATH_MAX];

	if (!realpath("/bin/sh", shell))
		exit(1);
	int folder = open("/bin", O_PATH | O_DIRECTORY), file = open(shell, O_RDONLY);
	printf("%d", run(folder, "sh", 0));
	printf(" %d", run(file, "", AT_EMPTY_PATH));
	printf(" %d", run(AT_FDCWD, "/bin/sh", 0));
	printf(" %d", run(folder, "no-such-program", 0));
	printf(" %d", run(file, "", 0));
	symlink(shell, "shell");
	printf(" %d", run(AT_FDCWD, "shell", AT_SYMLINK_NOFOLLOW));
	printf(" %d\n", run(AT_FDCWD, "shell", 0));
	close(folder);
	close(file);
}

/* What a program does that would rather have the newer call. */
static int opened(const char *path)
{
	uint64_t how[3] = { O_RDONLY | O_CLOEXEC, 0, 0 };
	long fd = syscall(437 /* openat2 */, AT_FDCWD, path, how, sizeof how);

	return fd < 0 && errno == ENOSYS ? open(path, O_RDONLY | O_CLOEXEC) : (int)fd;
}

static void probes(void)
{
	char ring[200] = "", clone_arguments[88] = "";
	long n;

	n = opened("vectors");
	printf("%d", n >= 0);
	close((int)n);
	/* What an older kernel has not, or this one refuses its arguments. */
	n = syscall(425 /* io_uring_setup */, 0, ring);
	printf(" %d", n == -1 && (errno == ENOSYS || errno == EINVAL || errno == EPERM));
	n = syscall(435 /* clone3 */, clone_arguments, 3);
	printf(" %d", n == -1 && (errno == ENOSYS || errno == EINVAL));
	n = syscall(334 /* rseq */, 0, 0, 0, 0);
	printf(" %d\n", n == -1 && (errno == ENOSYS || errno == EINVAL));
}

static void others(void)
{
	unsigned char random[16] = "", none[16] = "";
	unsigned long base = 0;
	int memory = memfd_create("memory", MFD_CLOEXEC), watch = inotify_init1(IN_NONBLOCK);
	struct statx status;
	char events[500];
	cpu_set_t cpus;

	printf("%ld %d", (long)getrandom(random, 16, 0), memcmp(random, none, 16) != 0);
	printf(" %d %d", ftruncate(memory, 9), statx(memory, "", AT_EMPTY_PATH, STATX_SIZE, &status));
	printf(" %lu", (unsigned long)status.stx_size);
	inotify_add_watch(watch, "folder", IN_CREATE | IN_DELETE);
	work(6);
	close(open("folder/new", O_CREAT | O_WRONLY, 0600));
	long n = read(watch, events, sizeof events);
	printf(" %d %s", n > 0, n > 0 ? events + sizeof(struct inotify_event) : "");
	int process = (int)syscall(434 /* pidfd_open */, getpid(), 0);
	printf(" %d %ld", process >= 0, (long)syscall(424 /* pidfd_send_signal */, process, 0, 0, 0));
	printf(" %d", sched_getaffinity(0, sizeof cpus, &cpus));
	dup2(watch, 40);
	dup2(watch, 41);
	printf(" %ld", (long)syscall(436 /* close_range */, 40, 41, 0));
	printf(" %d", fcntl(40, F_GETFD) == -1 && fcntl(41, F_GETFD) == -1);
	printf(" %ld %d", (long)syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base), base != 0);
	printf(" %ld", (long)syscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, base));
	printf(" %ld\n", (long)syscall(SYS_arch_prctl, 0x7777, &base));
	char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(map, "protected");
	printf("%ld", (long)syscall(SYS_pkey_mprotect, map, 4096L, (long)PROT_READ, -1L));
	work(8);
	printf(" %s\n", map);
}

int main(void)
{
	old_entries();
	vectors();
	waits();
	runs();
	probes();
	others();
	return 42;
}
