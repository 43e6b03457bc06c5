#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct node { struct node *next; int value; };
static struct node *list;
static volatile sig_atomic_t handled, children;
static void on_usr1(int s) { handled++; }
static void on_child(int s) { children++; }

static int sum(void)
{
	int n = 0;
	for (struct node *p = list; p; p = p->next) n += p->value;
	return n;
}

static void round_of(int i, int *place, FILE *in, int log, char **argv)
{
	char line[64], note[32];
	struct node *node = malloc(sizeof *node);
	node->next = list;
	node->value = i;
	list = node;
	*place += i;
	if (!fgets(line, sizeof line, in)) strcpy(line, "none\n");
	write(log, note, sprintf(note, "note %d\n", i));
	raise(SIGUSR1);
	int alone = waitpid(-1, 0, WNOHANG | __WALL) == -1 && errno == ECHILD;
	printf("%d sum %d place %d handled %d children %d alone %d at %ld umask %o %s %s %s", i, sum(), *place,
		handled, children, alone, (long)lseek(log, 0, SEEK_CUR), umask(022), argv[1], getenv("WORK"), line);
	usleep(10000);
}

static int deep(int n, int *place, FILE *in, int log, char **argv)
{
	int here = n;
	if (n) return deep(n - 1, &here, in, log, argv) + here;
	for (int i = 0; i < 60; i++) round_of(i, &here, in, log, argv);
	return here + *place;
}

int main(int argc, char **argv)
{
	int zero = 0;
	char all[4096];
	setvbuf(stdout, 0, _IOLBF, 0);
	umask(022);
	signal(SIGUSR1, on_usr1);
	signal(SIGCHLD, on_child);
	setenv("WORK", "in the environment", 1);
	FILE *in = fopen("input", "r");
	int log = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
	int result = deep(300, &zero, in, log, argv);
	ssize_t length = pread(log, all, sizeof all, 0);
	unsigned hash = 0;
	for (ssize_t i = 0; i < length; i++) hash = hash * 31 + all[i];
	printf("end %d %zd %u\n", result, length, hash);
	return 42;
}
