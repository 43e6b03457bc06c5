// Arguments, environment, and changes to it, are where they were after a hop.
//#Args: first second -x third=3
//#Env: TEST_VARIABLE=from the harness
//#Env: EMPTY=
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
	char *kept = argv[argc - 1];
	const char *before = getenv("TEST_VARIABLE");
	int n = 0;
	for (char **e = envp; *e; e++)
		n += strncmp(*e, "POPCORN_RESUME", 14) == 0 || strncmp(*e, "POPCORN_PROG", 12) == 0;
	for (int i = 1; i < argc; i++)
		for (int k = 0; argv[i][k]; k++)
			if (argv[i][k] == '=')
				printf("[%s] ", argv[i]);
	printf("%d %s %d\n", argc, before, n);
	for (int i = 0; i < 12; i++) {
		char name[20], value[20];
		snprintf(name, sizeof name, "NEW_%d", i % 5);
		snprintf(value, sizeof value, "v%d", i * i);
		setenv(name, value, i & 1);
	}
	unsetenv("EMPTY");
	putenv("TEST_VARIABLE=changed");
	for (int i = 0; i < 6; i++) {
		char name[20];
		snprintf(name, sizeof name, "NEW_%d", i);
		printf("%s ", getenv(name) ? getenv(name) : "none");
	}
	printf("%s %d\n", getenv("TEST_VARIABLE"), getenv("EMPTY") == 0);
	return kept == argv[4] && strcmp(kept, "third=3") == 0 ? 42 : 1;
}
