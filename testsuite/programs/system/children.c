// popen, system, fork and exec while hopping: children of every kind run, and their output and status come back.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

__attribute__((noinline)) static unsigned work(unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < n; i++)
		sum = sum * 31 + i;
	return sum;
}

int main(void)
{
	char line[100];
	FILE *p = popen("for i in 1 2 3 4 5; do echo line $i; done; exit 3", "r");
	while (fgets(line, sizeof line, p))
		printf("%u %s", work(9), line);
	printf("%d\n", WEXITSTATUS(pclose(p)));
	p = popen("sort -r > sorted", "w");
	for (int i = 0; i < 9; i++)
		fprintf(p, "%u\n", work((unsigned)i) % 1000);
	printf("%d\n", pclose(p));
	p = fopen("sorted", "r");
	while (fgets(line, sizeof line, p))
		fputs(line, stdout);
	fclose(p);
	fflush(stdout);
	printf("%d %d\n", WEXITSTATUS(system("exit 7")), system("cd /nowhere 2>/dev/null") != 0);
	for (int i = 0; i < 3; i++) {
		int ends[2];
		if (pipe(ends))
			return 1;
		pid_t child = fork();
		if (child == 0) {
			unsigned w = work(20);
			dup2(ends[1], 1);
			close(ends[0]);
			if (i == 0)
				execlp("echo", "echo", "from", "exec", (char *)0);
			else if (i == 1)
				execl("/nonexistent", "x", (char *)0);
			dprintf(1, "child %u %d\n", w, errno == ENOENT);
			if (i == 2)
				raise(SIGKILL);
			_exit(i + 10);
		}
		close(ends[1]);
		int status = 0;
		ssize_t n = read(ends[0], line, sizeof line);
		work(30);
		if (waitpid(child, &status, 0) != child)
			return 2;
		printf("%.*s%d %d\n", (int)n, line, WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		close(ends[0]);
	}
	fflush(stdout);
	pid_t spawned;
	char *const argv[] = {"sh", "-c", "exit 9", 0};
	int status = -1, e = posix_spawnp(&spawned, "sh", 0, 0, argv, environ);
	work(12);
	waitpid(spawned, &status, 0);
	printf("%d %d %d\n", e, WEXITSTATUS(status), wait(&status) == -1 && errno == ECHILD);
	return 42;
}
