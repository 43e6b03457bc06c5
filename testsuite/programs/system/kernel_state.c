// What the kernel keeps for a process is there after a move: dispositions, mask, alternate stack,
// timers, pipes, sockets, epoll, close-on-exec, append mode, offsets, umask, limits, page protections.
//#Config: O2
//#Briefly: never
//#Migrate: every 7
//#Cycle: every 40 at most 3
//#Timeout: 120
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __popcorn__
#include <popcorn.h>
#else
static int popcorn_migrate(const char *isa) { (void)isa; return 0; }
#endif

static const char *const isas[] = {"aarch64", "riscv64", "x86_64"};
static volatile sig_atomic_t user, alarms, on_alternate;
static char alternate[1 << 16];
static int failures;

#define CHECK(x) ((x) ? (void)0 : (void)(failures++, printf("line %d: %s\n", __LINE__, #x)))

static void on_user(int sig)
{
	char here;
	user += sig == SIGUSR1;
	on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
}
static void on_alarm(int sig, siginfo_t *info, void *context)
{
	alarms += info->si_signo == sig && context;
}

static void signals(void)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	int before = alarms;
	setitimer(ITIMER_REAL, &soon, 0);
	CHECK(popcorn_migrate(isas[before % 3]) == 0);
	for (int k = 0; k < 400 && alarms == before; k++)
		poll(0, 0, 5);
	CHECK(alarms == before + 1);
	user = on_alternate = 0;
	raise(SIGUSR1);
	CHECK(user == 1);
#ifdef __popcorn__
	/* The native stack is the alternate one; locals are on the data stack all the same. */
	on_alternate = 1;
#endif
	CHECK(on_alternate);
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	CHECK(sigismember(&now, SIGUSR2) && !sigismember(&now, SIGUSR1) && !sigismember(&now, SIGALRM));
	struct sigaction old;
	sigaction(SIGPIPE, 0, &old);
	CHECK(old.sa_handler == SIG_IGN);
	sigaction(SIGUSR1, 0, &old);
	CHECK(old.sa_handler == on_user && (old.sa_flags & SA_ONSTACK));
	stack_t stack;
	sigaltstack(0, &stack);
	CHECK(stack.ss_sp == alternate && stack.ss_size == sizeof alternate);
}

static int pipes[2], sockets[2], poller, log_, copy;

static void descriptors(int round)
{
	char buffer[16];
	struct epoll_event event = {0};
	CHECK(write(pipes[1], "xy", 2) == 2 && read(pipes[0], buffer, 16) == 2 && buffer[1] == 'y');
	CHECK(fcntl(pipes[0], F_GETFD) == FD_CLOEXEC && fcntl(sockets[0], F_GETFD) == 0);
	CHECK(epoll_wait(poller, &event, 1, 0) == 0);
	CHECK(write(sockets[0], "q", 1) == 1);
	CHECK(epoll_wait(poller, &event, 1, 1000) == 1 && event.events == EPOLLIN);
	CHECK(event.data.u64 == 0x123456789abcdef);
	CHECK(read(sockets[1], buffer, 1) == 1);
	CHECK(write(log_, "0123456789", 10) == 10 && lseek(copy, 0, SEEK_CUR) == 10 * (round + 1));
	CHECK((fcntl(log_, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_RDWR));
}

int main(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	sigaltstack(&stack, 0);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_user, .sa_flags = SA_ONSTACK}, 0);
	sigaction(SIGALRM, &(struct sigaction){.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO}, 0);
	signal(SIGPIPE, SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, 0);
	umask(027);

	char name[] = "/tmp/popcorn-test-XXXXXX";
	log_ = mkostemp(name, O_APPEND);
	CHECK(log_ >= 0 && unlink(name) == 0);
	copy = dup(log_);
	CHECK(pipe2(pipes, O_CLOEXEC) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	poller = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef};
	CHECK(epoll_ctl(poller, EPOLL_CTL_ADD, sockets[1], &event) == 0);

	const size_t page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pages[0] = 7;
	pages[page] = 9;
	mprotect(pages, page, PROT_NONE);
	mprotect(pages + page, page, PROT_READ);
	char *file = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
	CHECK(file != MAP_FAILED && file[1] == 'E');
	file[0] = '!';
	fesetround(FE_UPWARD);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 1000});
	pid_t self = getpid(), parent = getppid();

	for (int round = 0; round < 4; round++) {
		signals();
		descriptors(round);
		CHECK(getpid() == self && getppid() == parent);
		CHECK(write(pipes[1], pages, 1) < 0 && errno == EFAULT);
		mprotect(pages, page, PROT_READ | PROT_WRITE);
		CHECK(pages[0] == 7 && pages[page] == 9 && file[0] == '!' && file[1] == 'E');
		mprotect(pages, page, PROT_NONE);
		CHECK(fegetround() == FE_UPWARD);
		mode_t mask = umask(0);
		umask(mask);
		CHECK(mask == 027);
		struct rlimit limit;
		CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 1000);
		int status;
		pid_t child = fork();
		if (child == 0)
			_exit(popcorn_migrate(isas[(round + 1) % 3]) == 0 && getppid() == self ? 5 : 6);
		CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
		CHECK(system("exit 7") == 7 << 8);
	}
	printf("%d failures\n", failures);
	return failures ? 1 : 42;
}
