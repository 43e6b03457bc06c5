// getopt and getopt_long keep their place in the arguments across moves; so does getsubopt.
//#Args: -a -b value --long=5 -cattached --flag file1 -x -- -notoption
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	int flag = 0, c;
	const struct option table[] = {{"long", required_argument, 0, 'l'}, {"flag", no_argument, &flag, 7}, {0}};
	opterr = 0;
	while ((c = getopt_long(argc, argv, "ab:c:x", table, 0)) != -1)
		printf("%c %s %d\n", c ? c : '0', optarg ? optarg : "-", optind > 0);
	printf("%d", flag);
	for (; optind < argc; optind++)
		printf(" %s", argv[optind]);
	char *words[] = {"prog", "-ab", "-z", "-bx", "rest", 0};
	optind = 1;
	printf("\n");
	while ((c = getopt(5, words, "+ab:")) != -1)
		printf("%c %s\n", c, optarg ? optarg : "-");
	char text[] = "ro,size=12,what,user=me";
	char *const names[] = {"ro", "size", "user", 0};
	char *rest = text, *value;
	while (*rest) {
		int which = getsubopt(&rest, names, &value);
		printf("%d %s\n", which, which >= 0 && value ? value : "-");
	}
	return 42;
}
