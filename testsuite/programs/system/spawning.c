// Processes as programs start them: posix_spawn with actions and attributes, vfork, clone, daemon, from atexit too.
//#Briefly: never
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t caught;

__attribute__((noinline)) static unsigned work(unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < n; i++)
		sum = sum * 31 + i;
	return sum;
}

static void handle(int signal)
{
	caught += signal;
}

/* Waits in one of the ways there are. */
static int ended(pid_t child, int way)
{
	int status = -1;
	siginfo_t info;
	struct rusage usage;

	work(9);
	switch (way % 5) {
	case 0:
		return waitpid(child, &status, 0) == child ? status : -1;
	case 1:
		return wait(&status) == child ? status : -1;
	case 2:
		return wait4(child, &status, 0, &usage) == child ? status : -1;
	case 3:
		memset(&info, 0, sizeof info);
		if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) || info.si_pid != child)
			return -2;
		printf("%d %d ", info.si_code, info.si_status);
		return waitpid(child, &status, 0) == child ? status : -1;
	default:
		return wait3(&status, WUNTRACED, 0) == child ? status : -1;
	}
}

static void show_file(const char *name)
{
	char text[500];
	FILE *f = fopen(name, "r");
	size_t n = f ? fread(text, 1, sizeof text, f) : 0;

	printf("%s: %.*s", name, (int)n, text);
	if (f)
		fclose(f);
}

static void spawn(const char *script, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, int way)
{
	char *arguments[] = { "sh", "-c", (char *)script, 0 };
	pid_t child = -7;
	int error;

	fflush(stdout);
	error = posix_spawn(&child, "/bin/sh", actions, attributes, arguments, environ);
	work(11);
	printf("spawn %d, end %x\n", error, error ? 0 : (unsigned)ended(child, way));
}

static void spawns(void)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	pid_t child = 0;

	mkdir("folder", 0700);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 7);
	posix_spawn_file_actions_addclose(&actions, 0);
	posix_spawn_file_actions_addchdir_np(&actions, "folder");
	spawn("echo one; echo two >&7; cat 2>/dev/null || echo no input; basename \"$PWD\"", &actions, 0, 0);
	show_file("out");
	posix_spawn_file_actions_addopen(&actions, 3, "not/there", O_RDONLY, 0);
	spawn("exit 1", &actions, 0, 1);
	posix_spawn_file_actions_destroy(&actions);

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	posix_spawnattr_setsigdefault(&attributes, &set);
	signal(SIGINT, SIG_IGN);
	spawn("[ $(ps -o pgid= -p $$) = $$ ] && exit 4; exit 5", 0, &attributes, 2);
	spawn("kill -TERM $$; exit 6", 0, &attributes, 3);
	spawn("kill -INT $$; exit 6", 0, &attributes, 3);
	spawn("kill -INT $$; exit 6", 0, 0, 4);
	signal(SIGINT, SIG_DFL);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	spawn("[ $(ps -o sid= -p $$) = $$ ] && exit 4; exit 5", 0, &attributes, 1);
	posix_spawnattr_destroy(&attributes);

	char *nothing[] = { "x", 0 };
	printf("%d", posix_spawn(&child, "/no/such/file", 0, 0, nothing, environ) == ENOENT);
	printf(" %d", posix_spawn(&child, "folder", 0, 0, nothing, environ) == EACCES);
	printf(" %d\n", posix_spawnp(&child, "no-such-program", 0, 0, nothing, environ) == ENOENT);
	work(8);
	printf("no child left: %d\n", waitpid(-1, 0, 0) == -1 && errno == ECHILD);
}

/* How a child of vfork ends. */
static void vforks(void)
{
	for (int i = 0; i < 5; i++) {
		fflush(stdout);
		pid_t child = vfork();
		if (!child) {
			errno = 0;
			if (i == 0)
				execl("/bin/sh", "sh", "-c", "exit 20", (char *)0);
			if (i == 1)
				execl("/no/such/file", "x", (char *)0);
			if (i == 3)
				raise(SIGKILL);
			work(30);
			if (i == 4)
				execlp("sh", "sh", "-c", "exit 3", (char *)0);
			_exit(errno == ENOENT ? 127 : 21);
		}
		printf("vfork %x\n", (unsigned)ended(child, i));
	}
}

static char child_stack[1 << 16] __attribute__((aligned(16)));

static int run(void *argument)
{
	unsigned w = work(25);

	printf("clone %s %u\n", (char *)argument, w);
	fflush(stdout);
	return 33;
}

static void in_child(void)
{
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		printf("from atexit %u\n", work(14));
		fflush(stdout);
		_exit(5);
	}
	printf("atexit %x\n", (unsigned)ended(child, 0));
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	int ends[2];
	char c;
	pid_t child;

	sigaction(SIGUSR1, &action, 0);
	spawns();
	vforks();

	fflush(stdout);
	child = clone(run, child_stack + sizeof child_stack, SIGCHLD, "argument");
	work(10);
	printf("clone %x\n", (unsigned)ended(child, 3));

	/* A pipeline by hand, with a grandchild. */
	if (pipe(ends))
		return 1;
	fflush(stdout);
	child = fork();
	if (!child) {
		work(20);
		pid_t grandchild = fork();
		if (!grandchild) {
			work(10);
			dprintf(ends[1], "%d", work(7) != 0);
			_exit(0);
		}
		_exit(ended(grandchild, 2) ? 1 : 9);
	}
	work(15);
	c = 0;
	if (read(ends[0], &c, 1) != 1)
		return 2;
	printf("%c %x\n", c, (unsigned)ended(child, 4));

	/* A daemon lets go of its terminal and its parent. */
	fflush(stdout);
	child = fork();
	if (!child) {
		if (daemon(1, 1))
			_exit(1);
		work(12);
		dprintf(ends[1], "%c", getsid(0) == getpid() || getppid() != child ? 'd' : 'x');
		_exit(0);
	}
	printf("%x ", (unsigned)ended(child, 0));
	c = 0;
	if (read(ends[0], &c, 1) != 1)
		return 3;
	printf("daemon %c\n", c);

	/* What children set for themselves is not ours. */
	work(20);
	raise(SIGUSR1);
	printf("handler %d, system %x", caught == SIGUSR1, (unsigned)system("kill -TERM $$"));
	printf(" %x\n", (unsigned)system("exit 3"));
	FILE *p = popen("cat >&2; echo more >&2; exit 2", "w");
	work(5);
	printf("pclose %x\n", (unsigned)pclose(p));
	atexit(in_child);
	exit(42);
}
