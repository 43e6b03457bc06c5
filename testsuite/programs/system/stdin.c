// Standard input is read line by line and nothing is lost or read twice across hops.
//#Stdin: 12 apples
//#Stdin: 7 pears and more
//#Stdin: -3 plums
//#Stdin: 100 of something else
//#Stdin: last line
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *line = 0, word[32];
	size_t size = 0;
	int sum = 0, n, lines = 0;
	printf("%d\n", scanf("%d %31s", &n, word));
	sum += n;
	while (getline(&line, &size, stdin) > 0) {
		if (sscanf(line, "%d %31s", &n, word) == 2) {
			sum += n;
			for (char *c = word; *c; c++)
				sum += *c & 3;
		}
		lines++;
		line[strcspn(line, "\n")] = 0;
		printf("%d: %s\n", lines, line);
	}
	free(line);
	printf("%d %d\n", sum, feof(stdin) != 0);
	return lines == 5 ? 42 : 1;
}
