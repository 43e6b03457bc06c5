// /proc/self/exe is the program's file, by every name and in every call, whatever runs it and after every move; so are
// the name of the process and AT_EXECFN. Executed, it is the program again.
//#Config: O2
//#Briefly: never
//#Migrate: every 7
//#Cycle: every 20 at most 4
//#Timeout: 120
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static int failures;
#define CHECK(x) ((x) ? (void)0 : (void)(failures++, printf("line %d: %s: %s\n", __LINE__, #x, strerror(errno))))

static char program[PATH_MAX];
static struct stat own;

static int is_program(int fd)
{
	struct stat now;
	unsigned char head[20];
	int same = fd >= 0 && fstat(fd, &now) == 0 && now.st_ino == own.st_ino && now.st_dev == own.st_dev;
	same = same && pread(fd, head, 20, 0) == 20 && !memcmp(head, "\177ELF", 4) && head[18] == 62;
	close(fd);
	return same;
}

static void look(const char *path)
{
	char link[PATH_MAX];
	memset(link, 0, sizeof link);
	struct stat now;
	CHECK(readlink(path, link, sizeof link) == (ssize_t)strlen(program) && !strcmp(link, program));
	memset(link, 0, sizeof link);
	CHECK(readlinkat(-1, path, link, sizeof link) > 0 && !strcmp(link, program));
	CHECK(readlink(path, link, 3) == 3);
	CHECK(is_program(open(path, O_RDONLY)));
	CHECK(is_program(openat(-1, path, O_RDONLY | O_CLOEXEC)));
	CHECK(open(path, O_RDONLY | O_NOFOLLOW) < 0 && errno == ELOOP);
	CHECK(stat(path, &now) == 0 && now.st_ino == own.st_ino && now.st_size == own.st_size);
	CHECK(lstat(path, &now) == 0 && S_ISLNK(now.st_mode));
	CHECK(fstatat(-1, path, &now, 0) == 0 && now.st_ino == own.st_ino);
	CHECK(fstatat(-1, path, &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(now.st_mode));
	CHECK(access(path, R_OK | X_OK) == 0);
	char *real = realpath(path, 0);
	CHECK(real && !strcmp(real, program));
	free(real);
}

static void round_(char **argv)
{
	char path[64], name[16] = "", comm[32] = "";
	look("/proc/self/exe");
	look("/proc/thread-self/exe");
	sprintf(path, "/proc/%d/exe", getpid());
	look(path);
	sprintf(path, "/proc/self/task/%d/exe", getpid());
	look(path);
	sprintf(path, "/proc/%d/exe", getppid());
	char link[PATH_MAX] = "";
	if (readlink(path, link, sizeof link - 1) > 0)
		CHECK(strcmp(link, program));
	const char *file = strrchr(program, '/') + 1;
	CHECK(prctl(PR_GET_NAME, name) == 0 && !strncmp(name, file, 15));
	int fd = open("/proc/self/comm", O_RDONLY);
	CHECK(read(fd, comm, 31) > 0 && !strncmp(comm, name, strlen(name)));
	close(fd);
	CHECK(!strcmp(strrchr((char *)getauxval(AT_EXECFN), '/') + 1, file));

	int descriptors = dup(0), status;
	close(descriptors);
	CHECK(open((char *)1, O_RDONLY) < 0 && errno == EFAULT);
	CHECK(readlink((char *)1, path, 9) < 0 && errno == EFAULT);
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", argv[0], "again", (char *)0);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(int argc, char **argv)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
	if (argc > 1)
		return 7;
	if (!realpath(argv[0], program) || stat(program, &own))
		return 1;
	for (int k = 0; k < 4; k++) {
		round_(argv);
		popcorn_migrate(isas[k % 3]);
	}
	printf("%d failures\n", failures);
	return failures ? 1 : 42;
}
