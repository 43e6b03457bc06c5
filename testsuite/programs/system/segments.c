// Shared memory of System V is attached after a move as before: with its id, for two processes, for reading only, and
// when it was removed while it was in use.
//#Migrate: every 7
//#Cycle: every 9 at most 5
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(void)
{
	const void *failed = (void *)-1;
	int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600), going = shmget(IPC_PRIVATE, 4096, 0600);
	char *memory = shmat(id, 0, 0), *to_read = shmat(id, 0, SHM_RDONLY), *gone = shmat(going, 0, 0);
	CHECK(memory != failed && to_read != failed && gone != failed && memory != to_read);
	CHECK(shmctl(going, IPC_RMID, 0) == 0);
	strcpy(gone, "still here");
	CHECK(shmat(id, memory, 0) == failed && errno == EINVAL);
	for (int round = 0; round < 4; round++) {
		struct shmid_ds about;
		sprintf(memory + 9000, "round %d", round);
		work(20);
		CHECK(to_read[9006] == '0' + round && !strcmp(gone, "still here"));
		CHECK(shmctl(id, IPC_STAT, &about) == 0 && about.shm_segsz == 10000 && about.shm_nattch == 2);
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			work(10);
			memory[round] = 'a' + round;
			gone[100 + round] = 'b';
			_exit(shmdt(memory) == 0 && shmdt(memory) == -1 && errno == EINVAL && to_read[round] == 'a' + round);
		}
		int status;
		CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1);
		work(10);
		CHECK(memory[round] == 'a' + round && gone[100 + round] == 'b');
	}
	CHECK(shmdt(gone) == 0 && shmdt(gone) == -1 && errno == EINVAL);
	work(10);
	CHECK(shmdt(to_read) == 0);
	char *other = shmat(id, memory + 65536 * 4 + 5, SHM_RND);
	work(10);
	CHECK(other == failed || (other == memory + 65536 * 4 && !strcmp(other + 9000, "round 3")));
	CHECK(shmdt(memory) == 0 && shmctl(id, IPC_RMID, 0) == 0);
	printf("%d failures\n", failures);
	return failures ? 1 : 42;
}
