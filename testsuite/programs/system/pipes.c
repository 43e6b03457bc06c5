// Pipes, fork and wait: data in a pipe stays there, a child migrates on its own, status comes back.
//#Cycle: every 12 at most 5
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int work(int n)
{
	volatile int s = 0;
	volatile int bound = n; /* a constant trip count this small would need no point */
	for (int i = 0; i < bound; i++)
		s += i;
	return s;
}

int main(void)
{
	int p[2], q[2];
	char buf[100];
	if (pipe(p))
		return 1;
	for (int i = 0; i < 5; i++) {
		work(20);
		if (write(p[1], "abcde" + i, 1) != 1)
			return 2;
	}
	work(20);
	struct pollfd pf = {p[0], POLLIN, 0};
	printf("%d %d\n", poll(&pf, 1, 0), pf.revents == POLLIN);
	printf("%ld ", (long)read(p[0], buf, 3));
	work(20);
	printf("%ld\n", (long)read(p[0], buf + 3, 9));
	printf("%.5s\n", buf);

	if (pipe(q))
		return 3;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		close(q[0]);
		char line[40];
		for (int i = 0; i < 4; i++) {
			int n = snprintf(line, sizeof line, "child %d %d\n", i, work(10 + i));
			write(q[1], line, n);
		}
		_exit(7);
	}
	close(q[1]);
	size_t n = 0;
	for (ssize_t got; (got = read(q[0], buf + n, sizeof buf - n)) > 0;) {
		n += got;
		work(5);
	}
	fwrite(buf, 1, n, stdout);
	int status = 0;
	pid_t waited = waitpid(child, &status, 0);
	printf("%d %d %d\n", waited == child, WIFEXITED(status), WEXITSTATUS(status));
	close(p[0]);
	close(p[1]);
	return 42;
}
