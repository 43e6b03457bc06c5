// What an exec or an emulator forgets of a process is there after a move: its name, capabilities that are kept,
// death signal, slack, personality, registrations for barriers, limits on memory.
//#Config: O2
//#Briefly: never
//#Migrate: every 7
//#Cycle: every 10 at most 4
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

enum { PRIVATE_EXPEDITED = 8, REGISTER_PRIVATE_EXPEDITED = 16, CAP_NET_RAW_ = 13 };

static int adopts;

static void show(void)
{
	char name[16] = "", comm[17] = "";
	int signal = -1, fd = open("/proc/self/comm", O_RDONLY);
	long got = read(fd, comm, 16);
	close(fd);
	prctl(PR_GET_NAME, name);
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("name %s %ld %s", name, got, comm);
	printf("keepcaps %d, death signal %d, slack %d, privileges %d, ambient %d\n", prctl(PR_GET_KEEPCAPS), signal,
	       prctl(PR_GET_TIMERSLACK), prctl(PR_GET_NO_NEW_PRIVS, 0l, 0l, 0l, 0l),
	       prctl(PR_CAP_AMBIENT, (long)PR_CAP_AMBIENT_IS_SET, (long)CAP_NET_RAW_, 0l, 0l));
	printf("personality %x\n", personality(0xffffffff));
	printf("barrier %ld\n", syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0));
	/* Emulators neither set it nor say, but keep it. */
	int now = 0;
	printf("adopts %d\n", !adopts || prctl(PR_GET_CHILD_SUBREAPER, &now) < 0 ? 1 : now);
	static const int all[] = {RLIMIT_DATA, RLIMIT_STACK, RLIMIT_AS, RLIMIT_NOFILE, RLIMIT_CORE};
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		struct rlimit limit;
		getrlimit(all[i], &limit);
		printf("limit %d: %lld\n", all[i], (long long)limit.rlim_cur);
	}
	printf("priority %d\n", getpriority(PRIO_PROCESS, 0));
}

static void limit(int which, rlim_t soft)
{
	struct rlimit limit;
	getrlimit(which, &limit);
	limit.rlim_cur = soft;
	if (setrlimit(which, &limit))
		printf("limit %d: %s\n", which, strerror(errno));
}

/* An inheritable capability, then an ambient one; who may not has none on either side. */
static void ambient(void)
{
	unsigned header[2] = {0x20080522, 0}, sets[6];
	if (syscall(SYS_capget, header, sets) == 0) {
		sets[2] |= 1u << CAP_NET_RAW_;
		syscall(SYS_capset, header, sets);
		prctl(PR_CAP_AMBIENT, (long)PR_CAP_AMBIENT_RAISE, (long)CAP_NET_RAW_, 0l, 0l);
	}
}

int main(void)
{
	static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
	printf("%ld\n", syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0));
	syscall(SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0);
	prctl(PR_SET_NAME, "a name of 19 bytes!");
	prctl(PR_SET_KEEPCAPS, (long)1);
	prctl(PR_SET_PDEATHSIG, (long)SIGWINCH);
	prctl(PR_SET_TIMERSLACK, (long)77777);
	adopts = prctl(PR_SET_CHILD_SUBREAPER, 1l) == 0;
	ambient();
	personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	limit(RLIMIT_DATA, 1l << 40);
	limit(RLIMIT_STACK, 16 << 20);
	limit(RLIMIT_AS, 1l << 42);
	limit(RLIMIT_NOFILE, 700);
	struct rlimit bad = {2, 1};
	printf("%d\n", setrlimit(RLIMIT_DATA, &bad));
	setpriority(PRIO_PROCESS, 0, 3);
	fflush(stdout);
	for (int k = 0; k < 4; k++) {
		show();
		fflush(stdout);
		popcorn_migrate(isas[k % 3]);
	}
	int fd = open("/proc/self/comm", O_WRONLY), status;
	printf("%zd\n", write(fd, "other", 5));
	close(fd);
	prctl(PR_SET_NO_NEW_PRIVS, 1l, 0l, 0l, 0l);
	prctl(PR_SET_KEEPCAPS, (long)0);
	popcorn_migrate("aarch64");
	show();
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		popcorn_migrate("x86_64");
		int adopts = 0, signal = -1;
		prctl(PR_GET_CHILD_SUBREAPER, &adopts);
		prctl(PR_GET_PDEATHSIG, &signal);
		printf("child: adopts %d, death signal %d\n", adopts, signal);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	popcorn_migrate("x86_64");
	show();
	return 42;
}
