// Waits in one system call, named by the argument, and checks what comes of it. A child holds back what the call waits for
// until its standard input says `r`; with `s` it sends many signals of requests first.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 1 << 20 };
static int in[2], out[2], pair[2], listener, file, id;
static pid_t parent, child;
static sem_t *shared;
static unsigned char *many;
static volatile sig_atomic_t handled;
static char name[64];
static sigjmp_buf back;

static void ready(void)
{
	printf("%d\n", (int)getpid());
	fflush(stdout);
}

static int byte(int i) { return (i * 31 + (i >> 8)) & 255; }

static void handler(int s) { handled += s == SIGUSR1; }
static void leave(int s) { siglongjmp(back, s); }
static void wait_in_handler(int s)
{
	char c = 0;
	ready();
	handled += read(in[0], &c, 1) == 1 && c == 'x';
}
static void handle(void (*f)(int), int flags)
{
	struct sigaction a = { .sa_handler = f, .sa_flags = flags };
	sigaction(SIGUSR1, &a, 0);
}

static void setup_file(void)
{
	sprintf(name, "waits.%d", (int)getpid());
	file = open(name, O_RDWR | O_CREAT, 0600);
}
static void setup_fifo(void)
{
	sprintf(name, "waits.%d", (int)getpid());
	mkfifo(name, 0600);
}
static void setup_shared(void)
{
	shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sem_init(shared, 1, 0);
}
static struct sockaddr_un address = { AF_UNIX };
static void setup_listener(void)
{
	sprintf(address.sun_path, "waits.%d", (int)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (void *)&address, sizeof address);
	listen(listener, 0);
}
static void setup_full_listener(void)
{
	setup_listener();
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof address);
}
static void setup_messages(void) { id = msgget(IPC_PRIVATE, 0600); }
static void setup_semaphore(void) { id = semget(IPC_PRIVATE, 1, 0600); }
static void setup_handler(void) { handle(handler, 0); }
static void setup_restart(void) { handle(handler, SA_RESTART); }
static void setup_leave(void) { handle(leave, 0); }
static void setup_blocked(void)
{
	sigset_t all;
	handle(handler, 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
}

static void setup_handler_waits(void) { setup_blocked(); handle(wait_in_handler, 0); }

static volatile sig_atomic_t order;
static void in_order(int s) { order = order * 10 + (s == SIGUSR1 ? 1 : 2); }
static void setup_two(void)
{
	setup_blocked();
	handle(in_order, 0);
	signal(SIGUSR2, in_order);
}
static void setup_terminal(void)
{
	in[1] = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(in[1]);
	unlockpt(in[1]);
	in[0] = open(ptsname(in[1]), O_RDWR | O_NOCTTY);
}

static void first_signal(void) { kill(parent, SIGUSR1); }
static void first_lock(void) { file = open(name, O_RDWR); flock(file, LOCK_EX); }
static void first_record(void)
{
	struct flock l = { .l_type = F_WRLCK };
	file = open(name, O_RDWR);
	fcntl(file, F_SETLK, &l);
}

static void release_pipe(void) { write(in[1], "xyz\n", 4); }
static void release_number(void) { write(in[1], "123 abc\n", 8); }
static void release_halves(void) { send(pair[1], "ab", 2, 0); usleep(30000); send(pair[1], "cd", 2, 0); }
static void release_signal(void) { kill(parent, SIGUSR1); }
static void release_signal_pipe(void) { kill(parent, SIGUSR1); usleep(50000); release_pipe(); }
static void release_two(void)
{
	kill(parent, SIGSTOP);
	usleep(20000);
	kill(parent, SIGUSR1);
	kill(parent, SIGUSR2);
	kill(parent, SIGCONT);
}
static void release_nothing(void) {}
static void release_unlock(void) { close(file); }
static void release_post(void) { sem_post(shared); }
static void release_connect(void) { connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof address); sleep(1); }
static void release_accept(void) { accept(listener, 0, 0); accept(listener, 0, 0); sleep(1); }
static void release_fifo(void) { write(open(name, O_WRONLY), "x", 1); }
static void release_message(void) { struct { long t; char c; } m = { 1, 'm' }; msgsnd(id, &m, 1, 0); }
static void release_semaphore(void) { struct sembuf up = { 0, 1, 0 }; semop(id, &up, 1); }
static void drain(int fd)
{
	unsigned char b[4096];
	int n, total = 0, good = 1;
	close(out[1]);
	close(pair[0]);
	while ((n = read(fd, b, sizeof b)) > 0)
		for (int i = 0; i < n; i++)
			good &= b[i] == byte(total++);
	_exit(total == MANY && good ? 7 : 8);
}
static void release_drain(void) { drain(out[0]); }
static void release_drain_pair(void) { drain(pair[1]); }

static int drained(void)
{
	int status;
	close(out[1]);
	close(pair[0]);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static char line[100];
static int w_read(void) { return read(in[0], line, 100) == 4 && !memcmp(line, "xyz\n", 4); }
static int w_readv(void) { struct iovec v[2] = {{line, 1}, {line + 1, 99}}; return readv(in[0], v, 2) == 4; }
static int w_fgets(void) { return fgets(line, 100, fdopen(in[0], "r")) == line && !strcmp(line, "xyz\n"); }
static int w_getc(void) { FILE *f = fdopen(in[0], "r"); return getc(f) == 'x' && getc(f) == 'y'; }
static int w_fread(void) { return fread(line, 1, 4, fdopen(in[0], "r")) == 4 && !memcmp(line, "xyz\n", 4); }
static int w_scanf(void)
{
	int n = 0;
	return fscanf(fdopen(in[0], "r"), "%d %s", &n, line) == 2 && n == 123 && !strcmp(line, "abc");
}
static int w_syscall(void) { return syscall(SYS_read, in[0], line, 100L) == 4; }
static int w_write(void) { return write(out[1], many, MANY) == MANY && drained(); }
static int w_writev(void)
{
	struct iovec v[4] = {{many, 100}, {many + 100, 70000}, {many + 70100, 0}, {many + 70100, MANY - 70100}};
	return writev(out[1], v, 4) == MANY && drained();
}
static int w_fwrite(void)
{
	FILE *f = fdopen(out[1], "w");
	return fwrite(many, 1, MANY, f) == MANY && fclose(f) == 0 && drained();
}
static int w_printf(void)
{
	FILE *f = fdopen(out[1], "w");
	for (int i = 0; i < MANY; i += 4096)
		for (int j = 0; j < 4096; j += 64) {
			char hex[64];
			memcpy(hex, many + i + j, 64);
			if (fprintf(f, "%c%c%c%c", hex[0], hex[1], hex[2], hex[3]) != 4 || fwrite(hex + 4, 1, 60, f) != 60)
				return 0;
		}
	return fclose(f) == 0 && drained();
}
static int w_send(void) { return send(pair[0], many, MANY, 0) == MANY && drained(); }
static int w_sendmsg(void)
{
	struct iovec v[2] = {{many, 1000}, {many + 1000, MANY - 1000}};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	return sendmsg(pair[0], &m, 0) == MANY && drained();
}
static int w_sendfile(void)
{
	int f = memfd_create("many", 0);
	off_t at = 0;
	write(f, many, MANY);
	return sendfile(pair[0], f, &at, MANY) == MANY && at == MANY && drained();
}
static int w_recv_all(void) { return recv(pair[0], line, 4, MSG_WAITALL) == 4 && !memcmp(line, "abcd", 4); }
static int w_recvmsg_all(void)
{
	struct iovec v[2] = {{line, 1}, {line + 1, 3}};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	return recvmsg(pair[0], &m, MSG_WAITALL) == 4 && !memcmp(line, "abcd", 4);
}
static int w_splice(void) { return splice(in[0], 0, out[1], 0, 4, 0) == 4; }
static int w_accept(void) { return accept(listener, 0, 0) >= 0; }
static int w_connect(void) { return connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof address) == 0; }
static int w_poll(void) { struct pollfd p = {in[0], POLLIN}; return poll(&p, 1, -1) == 1 && p.revents == POLLIN; }
static int w_ppoll(void)
{
	struct pollfd p = {in[0], POLLIN};
	sigset_t none;
	sigemptyset(&none);
	return ppoll(&p, 1, 0, &none) == -1 && errno == EINTR && handled == 1;
}
static int w_select(void)
{
	fd_set s;
	FD_ZERO(&s);
	FD_SET(in[0], &s);
	return select(in[0] + 1, &s, 0, 0, 0) == 1 && FD_ISSET(in[0], &s);
}
static int w_epoll(void)
{
	int e = epoll_create1(0);
	struct epoll_event x = { EPOLLIN, { .u64 = 0x123456789 } };
	epoll_ctl(e, EPOLL_CTL_ADD, in[0], &x);
	x.data.u64 = 0;
	return epoll_wait(e, &x, 1, -1) == 1 && x.data.u64 == 0x123456789;
}
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static int w_poll_time(void)
{
	struct pollfd p = {in[0], POLLIN};
	double start = now();
	return poll(&p, 1, 3000) == 0 && now() - start >= 3;
}
static int w_epoll_time(void)
{
	struct epoll_event x;
	double start = now();
	return epoll_wait(epoll_create1(0), &x, 1, 3000) == 0 && now() - start >= 3;
}
static int w_select_time(void)
{
	struct timeval t = {3, 1};
	double start = now();
	return select(0, 0, 0, 0, &t) == 0 && now() - start >= 3;
}
static int w_nanosleep(void)
{
	struct timespec t = {3, 0};
	double start = now();
	return nanosleep(&t, &t) == 0 && now() - start >= 3;
}
static int w_nanosleep_handler(void)
{
	struct timespec t = {1000, 0};
	return nanosleep(&t, &t) == -1 && errno == EINTR && handled == 1 && t.tv_sec > 900 && t.tv_sec < 1000;
}
static int w_sem_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 3;
	double start = now();
	return sem_timedwait(shared, &t) == -1 && errno == ETIMEDOUT && now() - start > 2.9;
}
static int w_sigtimedwait_time(void)
{
	struct timespec t = {3, 0};
	sigset_t s;
	double start = now();
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	return sigtimedwait(&s, 0, &t) == -1 && errno == EAGAIN && now() - start >= 3;
}
static int w_socket_time(void)
{
	struct timeval t = {3, 0};
	double start = now();
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	return recv(pair[0], line, 1, 0) == -1 && errno == EAGAIN && now() - start >= 2.99;
}
static int w_sem(void) { return sem_wait(shared) == 0; }
static int w_waitpid(void) { int s; return waitpid(child, &s, 0) == child && WIFEXITED(s) && WEXITSTATUS(s) == 3; }
static int w_waitid(void) { siginfo_t s; return waitid(P_PID, child, &s, WEXITED) == 0 && s.si_status == 3; }
static int w_wait4(void) { int s; return wait4(child, &s, 0, 0) == child && WEXITSTATUS(s) == 3; }
static int w_sigwait(void)
{
	sigset_t s;
	int n;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	return sigwait(&s, &n) == 0 && n == SIGUSR1 && !handled;
}
static int w_sigsuspend(void)
{
	sigset_t none, now;
	sigemptyset(&none);
	return sigsuspend(&none) == -1 && errno == EINTR && handled == 1 && sigprocmask(0, 0, &now) == 0
		&& sigismember(&now, SIGUSR1);
}
static int w_two(void)
{
	sigset_t none;
	sigemptyset(&none);
	return sigsuspend(&none) == -1 && errno == EINTR && order == 21;
}
static int w_system(void) { return system("sleep 3") == 0; }
static int w_pclose(void) { return pclose(popen("sleep 3", "r")) == 0; }
static int w_epoll_pwait2(void)
{
	struct epoll_event x;
	struct timespec t = {3, 0};
	double start = now();
	return syscall(SYS_epoll_pwait2, epoll_create1(0), &x, 1L, &t, 0L, 8L) == 0 && now() - start >= 3;
}
static int w_pause(void) { return pause() == -1 && errno == EINTR && handled == 1; }
static int w_read_handler(void) { return read(in[0], line, 9) == -1 && errno == EINTR && handled == 1; }
static int w_read_restart(void) { return read(in[0], line, 9) == 4 && handled == 1; }
static int w_poll_restart(void) { struct pollfd p = {in[0], POLLIN}; return poll(&p, 1, -1) == -1 && errno == EINTR && handled == 1; }
static int w_leave(void)
{
	if (sigsetjmp(back, 1) == 0) {
		read(in[0], line, 9);
		return 0;
	}
	sigset_t now;
	return sigprocmask(0, 0, &now) == 0 && !sigismember(&now, SIGUSR1);
}
static int w_in_handler(void)
{
	sigset_t none;
	sigemptyset(&none);
	return sigsuspend(&none) == -1 && errno == EINTR && handled == 1;
}
static int w_flock(void) { return flock(file, LOCK_EX) == 0; }
static int w_record(void) { struct flock l = { .l_type = F_WRLCK }; return fcntl(file, F_SETLKW, &l) == 0; }
static int w_open(void) { int f = open(name, O_RDONLY); return f >= 0 && read(f, line, 1) == 1; }
static int w_fopen(void) { FILE *f = fopen(name, "r"); return f && getc(f) == 'x'; }
static int w_msgrcv(void) { struct { long t; char c; } m; return msgrcv(id, &m, 1, 0, 0) == 1 && m.c == 'm'; }
static int w_semop(void) { struct sembuf down = { 0, -1, 0 }; return semop(id, &down, 1) == 0; }

static const struct test {
	const char *name;
	void (*setup)(void), (*first)(void), (*release)(void);
	int (*wait)(void);
} tests[] = {
	{ "read", 0, 0, release_pipe, w_read },
	{ "readv", 0, 0, release_pipe, w_readv },
	{ "fgets", 0, 0, release_pipe, w_fgets },
	{ "getc", 0, 0, release_pipe, w_getc },
	{ "fread", 0, 0, release_pipe, w_fread },
	{ "scanf", 0, 0, release_number, w_scanf },
	{ "syscall", 0, 0, release_pipe, w_syscall },
	{ "write", 0, 0, release_drain, w_write },
	{ "writev", 0, 0, release_drain, w_writev },
	{ "fwrite", 0, 0, release_drain, w_fwrite },
	{ "fprintf", 0, 0, release_drain, w_printf },
	{ "send", 0, 0, release_drain_pair, w_send },
	{ "sendmsg", 0, 0, release_drain_pair, w_sendmsg },
	{ "sendfile", 0, 0, release_drain_pair, w_sendfile },
	{ "recv-all", 0, 0, release_halves, w_recv_all },
	{ "recvmsg-all", 0, 0, release_halves, w_recvmsg_all },
	{ "splice", 0, 0, release_pipe, w_splice },
	{ "accept", setup_listener, 0, release_connect, w_accept },
	{ "connect", setup_full_listener, 0, release_accept, w_connect },
	{ "poll", 0, 0, release_pipe, w_poll },
	{ "ppoll-mask", setup_blocked, 0, release_signal, w_ppoll },
	{ "select", 0, 0, release_pipe, w_select },
	{ "epoll", 0, 0, release_pipe, w_epoll },
	{ "poll-time", 0, 0, release_nothing, w_poll_time },
	{ "epoll-time", 0, 0, release_nothing, w_epoll_time },
	{ "select-time", 0, 0, release_nothing, w_select_time },
	{ "nanosleep", 0, 0, release_nothing, w_nanosleep },
	{ "nanosleep-handler", setup_handler, 0, release_signal, w_nanosleep_handler },
	{ "futex-time", setup_shared, 0, release_nothing, w_sem_time },
	{ "sigtimedwait-time", setup_blocked, 0, release_nothing, w_sigtimedwait_time },
	{ "socket-time", 0, 0, release_nothing, w_socket_time },
	{ "futex", setup_shared, 0, release_post, w_sem },
	{ "waitpid", 0, 0, release_nothing, w_waitpid },
	{ "waitid", 0, 0, release_nothing, w_waitid },
	{ "wait4", 0, 0, release_nothing, w_wait4 },
	{ "sigwait", setup_blocked, 0, release_signal, w_sigwait },
	{ "sigsuspend", setup_blocked, 0, release_signal, w_sigsuspend },
	{ "two-handlers", setup_two, 0, release_two, w_two },
	{ "terminal", setup_terminal, 0, release_pipe, w_fgets },
	{ "system-time", 0, 0, release_nothing, w_system },
	{ "pclose-time", 0, 0, release_nothing, w_pclose },
	{ "epoll_pwait2-time", 0, 0, release_nothing, w_epoll_pwait2 },
	{ "pause", setup_handler, 0, release_signal, w_pause },
	{ "all-blocked", setup_blocked, 0, release_pipe, w_read },
	{ "read-handler", setup_handler, 0, release_signal, w_read_handler },
	{ "read-restart", setup_restart, 0, release_signal_pipe, w_read_restart },
	{ "poll-restart", setup_restart, 0, release_signal, w_poll_restart },
	{ "handler-leaves", setup_leave, 0, release_signal, w_leave },
	{ "handler-waits", setup_handler_waits, first_signal, release_pipe, w_in_handler },
	{ "flock", setup_file, first_lock, release_unlock, w_flock },
	{ "record-lock", setup_file, first_record, release_unlock, w_record },
	{ "open", setup_fifo, 0, release_fifo, w_open },
	{ "fopen", setup_fifo, 0, release_fifo, w_fopen },
	{ "msgrcv", setup_messages, 0, release_message, w_msgrcv },
	{ "semop", setup_semaphore, 0, release_semaphore, w_semop },
};

static int control(const struct test *t)
{
	char c;
	while (read(0, &c, 1) == 1) {
		for (int i = 0; c == 's' && i < 500; i++) {
			kill(parent, SIGSTKFLT);
			if (i % 50 == 0)
				usleep(1000);
		}
		if (c == 'r') {
			t->release();
			_exit(3);
		}
	}
	_exit(4);
}

int main(int count, char **arguments)
{
	const struct test *t = tests;
	int locked[2], good;
	char c;

	while (count != 2 || strcmp(t->name, arguments[1]))
		if (++t == tests + sizeof tests / sizeof *tests) {
			for (t = tests; count == 1 && t < tests + sizeof tests / sizeof *tests; t++)
				puts(t->name);
			return count == 1 ? 42 : 2;
		}
	many = malloc(MANY);
	for (int i = 0; i < MANY; i++)
		many[i] = byte(i);
	pipe(in);
	pipe(out);
	pipe(locked);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	parent = getpid();
	if (t->setup)
		t->setup();
	child = fork();
	if (!child) {
		if (t->first && t->first != first_signal)
			t->first();
		write(locked[1], "", 1);
		if (t->first == first_signal)
			t->first();
		return control(t);
	}
	read(locked[0], &c, 1);
	if (t->first != first_signal)
		ready();
	good = t->wait();
	if (name[0])
		unlink(name);
	if (address.sun_path[0])
		unlink(address.sun_path);
	if (id)
		msgctl(id, IPC_RMID, 0), semctl(id, 0, IPC_RMID);
	if (!good)
		printf("errno %d, handled %d\n", errno, (int)handled);
	return good ? 42 : 1;
}
