/* Makes kernel objects of every kind, says `ready`, and goes on when its input has a line: then it says of each what
 * it is and holds. What it says is the same with and without a checkpoint between. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

enum { BIG = 200000 };
static int pipe_[2], half[2], packets[2], fifo[2], stream[2], closed[2], shut[2], datagrams[2], sequence[2];
static int counter, semaphore, timer, repeating, expired, signals, set, inner;
static int memory, memory_again, sealed, gone, gone_reader;
static int tcp, local, udp, copy, watches, watch;
static char *removed, *shared, *of_memory, *of_file, *posix;
static sem_t *gate;
static const char *name;

static unsigned char pattern(int i) { return i * 7 + i / 251; }

static void make_pipes(void)
{
	char *big = malloc(BIG);
	for (int i = 0; i < BIG; i++) big[i] = pattern(i);
	pipe2(pipe_, O_NONBLOCK);
	fcntl(pipe_[1], F_SETPIPE_SZ, 1 << 18);
	write(pipe_[1], big, BIG);
	copy = dup(pipe_[0]);
	pipe2(half, O_CLOEXEC);
	write(half[1], "last words", 10);
	close(half[1]);
	pipe2(packets, O_DIRECT | O_NONBLOCK);
	write(packets[1], "one", 3);
	write(packets[1], "three", 5);
	mkfifo("fifo", 0600);
	fifo[0] = open("fifo", O_RDONLY | O_NONBLOCK);
	fifo[1] = open("fifo", O_WRONLY);
	write(fifo[1], "by name", 7);
	free(big);
}

static void make_sockets(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, stream);
	send(stream[0], "to the second", 13, 0);
	send(stream[1], "and back", 8, 0);
	setsockopt(stream[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, 4);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, closed);
	send(closed[0], "before the end", 14, 0);
	close(closed[0]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, shut);
	send(shut[0], "all", 3, 0);
	shutdown(shut[0], SHUT_WR);
	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, datagrams);
	send(datagrams[0], "first", 5, 0);
	send(datagrams[0], "", 0, 0);
	send(datagrams[0], "the third", 9, 0);
	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sequence);
	send(sequence[1], "a record", 8, 0);
	send(sequence[1], "another", 7, 0);

	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 4);
	setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 4);
	setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){7, 0}, sizeof(struct timeval));
	bind(tcp, (void *)&any, sizeof any);
	listen(tcp, 9);
	struct sockaddr_un here = {AF_UNIX, "listener"};
	local = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(local, (void *)&here, sizeof here);
	chmod("listener", 0640);
	listen(local, 3);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	bind(udp, (void *)&any, sizeof any);
	socklen_t length = sizeof any;
	getsockname(udp, (void *)&any, &length);
	connect(udp, (void *)&any, sizeof any);
}

static void make_counters(void)
{
	counter = eventfd(0, EFD_NONBLOCK);
	write(counter, &(uint64_t){1ull << 40}, 8);
	semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(timer, 0, &(struct itimerspec){.it_value = {5000, 0}}, 0);
	repeating = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(repeating, 0, &(struct itimerspec){{1000, 0}, {0, 1}}, 0);
	expired = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	timerfd_settime(expired, TFD_TIMER_ABSTIME, &(struct itimerspec){.it_value = {1, 0}}, 0);
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, 40);
	sigprocmask(SIG_BLOCK, &mask, 0);
	signals = signalfd(-1, &mask, SFD_NONBLOCK);
	set = epoll_create1(EPOLL_CLOEXEC);
	inner = epoll_create1(0);
	const int watched[] = {pipe_[0], pipe_[1], stream[1], counter, timer, repeating, signals, tcp, inner};
	for (unsigned i = 0; i < sizeof watched / sizeof *watched; i++) {
		struct epoll_event e = {.events = EPOLLIN | (i == 1 ? EPOLLOUT : 0), .data.u64 = (uint64_t)i << 40 | i};
		epoll_ctl(set, EPOLL_CTL_ADD, watched[i], &e);
	}
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u64 = 77};
	epoll_ctl(inner, EPOLL_CTL_ADD, datagrams[1], &e);
}

static void make_files(void)
{
	memory = memfd_create("cells", MFD_CLOEXEC);
	ftruncate(memory, 1 << 20);
	pwrite(memory, "beginning", 9, 0);
	pwrite(memory, "far away", 8, 1 << 19);
	lseek(memory, 5, SEEK_SET);
	char path[64];
	sprintf(path, "/proc/self/fd/%d", memory);
	memory_again = open(path, O_RDONLY);
	sealed = memfd_create("sealed", MFD_ALLOW_SEALING);
	write(sealed, "for good", 8);
	fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK);
	gone = open("gone", O_CREAT | O_RDWR | O_APPEND, 0640);
	gone_reader = open("gone", O_RDONLY);
	write(gone, "no name any more", 16);
	unlink("gone");
	shared = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(shared + 4000, "shared memory");
	of_memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	int file = open("file", O_CREAT | O_RDWR, 0600);
	ftruncate(file, 4096);
	of_file = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	strcpy(of_file, "in a file");
	close(file);
	int object = shm_open(name, O_CREAT | O_RDWR, 0600);
	ftruncate(object, 4096);
	posix = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, object, 0);
	strcpy(posix, "by a name");
	close(object);
	char of_gate[64];
	sprintf(of_gate, "%s.gate", name);
	gate = sem_open(of_gate, O_CREAT, 0600, 2);
	int segment = shmget(IPC_PRIVATE, 8192, 0600);
	removed = shmat(segment, 0, 0);
	shmctl(segment, IPC_RMID, 0);
	strcpy(removed + 5000, "without an id");
}

static void make_watches(void)
{
	struct inotify_event ignored;
	mkdir("watched", 0700);
	watches = inotify_init1(IN_NONBLOCK);
	inotify_rm_watch(watches, inotify_add_watch(watches, "watched", IN_CREATE));
	read(watches, &ignored, sizeof ignored);
	watch = inotify_add_watch(watches, "watched", IN_CREATE | IN_ONLYDIR);
}

static char text[1 << 18];
static const char *got(int fd)
{
	memset(text, 0, 64);
	ssize_t n = read(fd, text, sizeof text - 1);
	static char answer[8][96];
	static int turn;
	char *out = answer[turn++ % 8];
	if (n < 0) sprintf(out, "[%s]", errno == EAGAIN ? "nothing" : "error");
	else sprintf(out, "%zd:%.*s", n, n < 40 ? (int)n : 40, text);
	return out;
}
static int flags(int fd) { return fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND | O_ACCMODE); }
static int marked(int fd) { return fcntl(fd, F_GETFD); }

static void tell_pipes(void)
{
	ssize_t n = read(copy, text, 1000);
	int right = 1;
	for (int i = 0; i < 1000; i++) right &= (unsigned char)text[i] == pattern(i);
	ssize_t rest = read(pipe_[0], text, sizeof text);
	for (int i = 0; i < rest; i++) right &= (unsigned char)text[i] == pattern(i + 1000);
	printf("pipe %zd %zd %d %d\n", n, rest, right, fcntl(pipe_[0], F_GETPIPE_SZ));
	fcntl(copy, F_SETFL, O_RDONLY);
	printf("flags %o %o\n", flags(pipe_[0]), flags(pipe_[1]));
	fcntl(copy, F_SETFL, O_NONBLOCK);
	printf("half %s %s %d\n", got(half[0]), got(half[0]), marked(half[0]));
	printf("packets %s", got(packets[0]));
	printf(" %s %s\n", got(packets[0]), got(packets[0]));
	printf("fifo %s %o %o\n", got(fifo[0]), flags(fifo[0]), flags(fifo[1]));
	write(fifo[1], "more", 4);
	printf("fifo %s\n", got(fifo[0]));
}

static void tell_sockets(void)
{
	int on = 0, type = 0;
	socklen_t length = sizeof on;
	printf("stream %s", got(stream[1]));
	printf(" %s\n", got(stream[0]));
	send(stream[0], "new", 3, 0);
	getsockopt(stream[0], SOL_SOCKET, SO_PASSCRED, &on, &length);
	printf("stream %s passcred %d\n", got(stream[1]), on);
	printf("closed %s %s", got(closed[1]), got(closed[1]));
	int sent = send(closed[1], "x", 1, MSG_NOSIGNAL);
	printf(" %d %d %d\n", sent, errno == EPIPE, marked(closed[1]));
	printf("shut %s %s ", got(shut[1]), got(shut[1]));
	send(shut[1], "still", 5, 0);
	printf("%s %d\n", got(shut[0]), (int)send(shut[0], "x", 1, MSG_NOSIGNAL));
	for (int i = 0; i < 4; i++) printf("datagram %s\n", got(datagrams[1]));
	for (int i = 0; i < 3; i++) printf("record %s\n", got(sequence[0]));
	send(sequence[0], "answer", 6, 0);
	length = sizeof type;
	getsockopt(sequence[1], SOL_SOCKET, SO_TYPE, &type, &length);
	printf("record %s type %d\n", got(sequence[1]), type == SOCK_SEQPACKET);

	struct sockaddr_in at;
	struct timeval limit = {0};
	length = sizeof at;
	getsockname(tcp, (void *)&at, &length);
	int client = socket(AF_INET, SOCK_STREAM, 0), reuse = 0, nodelay = 0;
	int connected = connect(client, (void *)&at, sizeof at);
	send(client, "hello", 5, 0);
	struct pollfd in = {tcp, POLLIN, 0};
	poll(&in, 1, 5000);
	int served = accept(tcp, 0, 0);
	length = sizeof reuse;
	getsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &reuse, &length);
	getsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &nodelay, &length);
	length = sizeof limit;
	getsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &limit, &length);
	printf("tcp %d %s %d %d %d %o\n", connected, got(served), reuse, nodelay != 0, (int)limit.tv_sec, flags(tcp));
	close(served);
	close(client);
	struct sockaddr_un there = {AF_UNIX, "listener"};
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	connected = connect(client, (void *)&there, sizeof there);
	served = accept(local, 0, 0);
	send(served, "welcome", 7, 0);
	struct stat stat;
	lstat("listener", &stat);
	printf("local %d %s %o\n", connected, got(client), stat.st_mode);
	send(udp, "to myself", 9, 0);
	printf("udp %s\n", got(udp));
}

static uint64_t number(int fd)
{
	uint64_t n = 0;
	return read(fd, &n, 8) == 8 ? n : ~0ull;
}

static void tell_counters(void)
{
	struct epoll_event events[16];
	int n = epoll_wait(set, events, 16, 0);
	uint64_t ready = 0;
	for (int i = 0; i < n; i++) {
		int right = events[i].data.u64 >> 40 == (events[i].data.u64 & 0xff);
		ready |= right << (events[i].data.u64 & 0xff);
	}
	printf("ready %d %llx\n", n, (unsigned long long)ready);
	n = epoll_wait(inner, events, 16, 0);
	printf("inner %d %d %d\n", n, (int)events[0].data.u64, marked(set));
	printf("counter %llx %llx\n", (unsigned long long)number(counter), (unsigned long long)number(counter));
	for (int i = 0; i < 4; i++) printf("semaphore %lld\n", (long long)number(semaphore));
	struct itimerspec left;
	timerfd_gettime(timer, &left);
	printf("timer %d %lld %o\n", left.it_value.tv_sec > 4000 && left.it_value.tv_sec < 5000, (long long)number(timer), flags(timer));
	timerfd_gettime(repeating, &left);
	printf("repeating %lld %d\n", (long long)number(repeating), left.it_interval.tv_sec == 1000);
	printf("expired %lld %lld\n", (long long)number(expired), (long long)number(expired));
	struct signalfd_siginfo info;
	raise(SIGUSR2);
	raise(40);
	for (int i = 0; i < 3; i++) {
		ssize_t size = read(signals, &info, sizeof info);
		printf("signal %d\n", size == sizeof info ? (int)info.ssi_signo : -1);
	}
}

static void tell_files(void)
{
	printf("memory %s", got(memory) ? "" : "");
	printf("at %d %d\n", (int)lseek(memory, 0, SEEK_CUR), (int)lseek(memory_again, 0, SEEK_CUR));
	pread(memory_again, text, 16, 1 << 19);
	printf("memory %.8s %.9s %o %o\n", text, of_memory, flags(memory), flags(memory_again));
	strcpy(of_memory + 100, "written");
	pread(memory_again, text, 8, 100);
	printf("memory %s marked %d\n", text, marked(memory));
	int cannot = write(sealed, "x", 1);
	printf("sealed %d %d\n", cannot, fcntl(sealed, F_GET_SEALS));
	struct stat stat;
	fstat(gone, &stat);
	printf("gone %d %o %d %s %o\n", (int)stat.st_nlink, stat.st_mode, (int)stat.st_size, got(gone_reader), flags(gone));
	write(gone, "!", 1);
	printf("gone %s\n", got(gone_reader));
	printf("shared %s %s %s\n", shared + 4000, of_file, posix);
	if (!fork()) {
		strcpy(shared, "from the child");
		sem_post(gate);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) sem_wait(gate);
	printf("shared %s %d\n", shared, sem_trywait(gate));
	printf("segment %s\n", removed + 5000);
	printf("detached %d\n", shmdt(removed));
	strcpy(posix, "changed");
	int object = shm_open(name, O_RDWR, 0);
	read(object, text, 8);
	printf("posix %s\n", text);
}

static void tell_watches(void)
{
	char buffer[512];
	unlink("watched/new");
	close(creat("watched/new", 0600));
	ssize_t n = read(watches, buffer, sizeof buffer);
	struct inotify_event *event = (void *)buffer;
	printf("watch %d %d %x %s\n", n > 0, event->wd == watch, (int)event->mask, event->name);
	printf("watch %d %d\n", (int)read(watches, buffer, sizeof buffer), inotify_rm_watch(watches, watch));
}

int main(int argc, char **argv)
{
	char line[16];
	name = argv[1];
	setvbuf(stdout, 0, _IOLBF, 0);
	make_pipes();
	make_sockets();
	make_counters();
	make_files();
	make_watches();
	printf("ready\n");
	struct pollfd in = {0, POLLIN, 0};
	while (poll(&in, 1, 10) == 0 || (in.revents == 0)) {}
	read(0, line, sizeof line);
	tell_counters();
	tell_pipes();
	tell_sockets();
	tell_files();
	tell_watches();
	shm_unlink(name);
	char of_gate[64];
	sprintf(of_gate, "%s.gate", name);
	sem_unlink(of_gate);
	return argc == 2 ? 42 : 1;
}
