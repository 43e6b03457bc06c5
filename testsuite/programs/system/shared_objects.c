// What processes share by name is there after a move: POSIX shared memory, semaphores and message queues, System V's
// queues and semaphores, locks of files and ranges, leases, and files that are written through a shared map.
//#Config: O2
//#Briefly: never
//#Migrate: every 7
//#Cycle: every 11 at most 5
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

/* A page of any ISA. */
enum { PAGE = 65536 };

static int failures;
#define CHECK(x) ((x) ? (void)0 : (void)(failures++, printf("line %d: %s (%d)\n", __LINE__, #x, errno)))

static int work(int n)
{
	volatile int s = 0;
	volatile int bound = n;
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

/* Asks in a child, since one's own locks are never in the way. */
static int asks(int (*question)(int), int argument)
{
	int status;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(question(argument));
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
static int range_is_locked(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 1};
	return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid == getppid();
}
static int is_open_file_locked(int fd)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return flock(open(path, O_RDWR), LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
}

struct message { long type; char text[8]; };

int main(void)
{
	char name[64], file[] = "/tmp/popcorn-test-XXXXXX", text[64];
	snprintf(name, sizeof name, "/popcorn-test-%d", (int)getpid());
	int memory = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	CHECK(ftruncate(memory, 2 * PAGE) == 0);
	int *shared = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	int *again = mmap(0, PAGE, PROT_READ, MAP_SHARED, memory, PAGE);
	CHECK(close(memory) == 0);
	sem_t *gate = (sem_t *)(shared + 100);
	CHECK(sem_init(gate, 1, 1) == 0);
	struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = sizeof text};
	mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes);
	CHECK(queue >= 0 && mq_send(queue, "low", 4, 1) == 0 && mq_send(queue, "high", 5, 9) == 0);
	int messages = msgget(IPC_PRIVATE, 0600), counts = semget(IPC_PRIVATE, 2, 0600);
	CHECK(messages >= 0 && counts >= 0);
	CHECK(semctl(counts, 0, SETVAL, 3) == 0);
	int fd = mkstemp(file);
	CHECK(ftruncate(fd, PAGE) == 0);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 4, .l_len = 4};
	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
	int other = open(file, O_RDWR), leased = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	CHECK(flock(other, LOCK_EX) == 0);
	CHECK(fcntl(leased, F_SETLEASE, F_WRLCK) == 0);
	char *map = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);

	for (int round = 0; round < 4; round++) {
		work(30);
		shared[0] = round;
		shared[PAGE / sizeof *shared] = round * 3;
		work(10);
		CHECK(shared[0] == round && again[0] == round * 3);
		CHECK(sem_trywait(gate) == 0 && sem_trywait(gate) == -1 && errno == EAGAIN);
		work(10);
		CHECK(sem_post(gate) == 0);

		unsigned priority = 0;
		work(10);
		CHECK(mq_receive(queue, text, sizeof text, &priority) == 5 && priority == 9 && !strcmp(text, "high"));
		CHECK(mq_send(queue, "high", 5, 9) == 0);
		CHECK(mq_getattr(queue, &attributes) == 0 && attributes.mq_curmsgs == 2 && attributes.mq_flags == O_NONBLOCK);
		struct message sent = {round + 1, "message"}, got = {0};
		CHECK(msgsnd(messages, &sent, sizeof sent.text, 0) == 0);
		work(10);
		CHECK(msgrcv(messages, &got, sizeof got.text, round + 1, 0) == sizeof got.text && !strcmp(got.text, "message"));
		CHECK(semop(counts, (struct sembuf[]){{0, -1, SEM_UNDO}, {1, 1, 0}}, 2) == 0);
		work(10);
		CHECK(semctl(counts, 0, GETVAL) == 2 && semctl(counts, 1, GETVAL) == round + 1);
		CHECK(semop(counts, &(struct sembuf){0, 1, SEM_UNDO}, 1) == 0);

		CHECK(asks(range_is_locked, fd) == 1);
		CHECK(asks(is_open_file_locked, other) == 1);
		CHECK(fcntl(leased, F_GETLEASE) == F_WRLCK);
		sprintf(map + 64 * round, "round %d", round);
		work(10);
		CHECK(pread(fd, text, 8, 64 * round) == 8 && text[6] == '0' + round);
		CHECK(pwrite(fd, "written", 8, 2048) == 8 && !strcmp(map + 2048, "written"));
		map[2048] = 0;
		CHECK(msync(map, PAGE, MS_SYNC) == 0);
	}
	CHECK(mq_unlink(name) == 0);
	CHECK(shm_unlink(name) == 0 && unlink(file) == 0);
	CHECK(msgctl(messages, IPC_RMID, 0) == 0 && semctl(counts, 0, IPC_RMID) == 0);
	printf("%d failures\n", failures);
	return failures ? 1 : 42;
}
