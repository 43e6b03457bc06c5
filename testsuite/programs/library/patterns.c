// Regular expressions, fnmatch and glob: compiled patterns and results are in use before and after moves.
//#Cycle: every 4 at most 5
#include <fnmatch.h>
#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

static void match(const char *pattern, int flags, const char *const *texts)
{
	regex_t re;
	int error = regcomp(&re, pattern, flags);
	printf("%s:", pattern);
	if (error) {
		printf(" does not compile\n");
		return;
	}
	for (; *texts; texts++) {
		regmatch_t m[3];
		if (regexec(&re, *texts, 3, m, 0) == 0)
			printf(" %d-%d,%d-%d", (int)m[0].rm_so, (int)m[0].rm_eo, (int)m[1].rm_so, (int)m[1].rm_eo);
		else
			printf(" no");
	}
	printf(" %zu\n", re.re_nsub);
	regfree(&re);
}
static int reversed(const char *path, int error)
{
	(void)path;
	return error;
}

int main(void)
{
	static const char *const texts[] = {"hello world", "aaa123bbb", "2026-11-23", "x = y * 7;", "", 0};
	match("([a-z]+) ([a-z]+)", REG_EXTENDED, texts);
	match("([0-9]{2,4})-([0-9]+)", REG_EXTENDED, texts);
	match("a*\\([0-9]\\)", 0, texts);
	match("^(.*)=(.*);$", REG_EXTENDED, texts);
	match("HELLO|BBB", REG_EXTENDED | REG_ICASE, texts);
	match("((", REG_EXTENDED, texts);
	match("(^|[^b])b{3}($)", REG_EXTENDED, texts);
	for (int i = 0; texts[i]; i++)
		printf("%d%d%d ", fnmatch("*[0-9]*", texts[i], 0), fnmatch("?*o*?", texts[i], 0), fnmatch("[!a-z]*", texts[i], 0));
	printf("\n");
	static const char *const files[] = {"one.c", "two.c", "three.h", ".hidden.c", "four.txt"};
	for (int i = 0; i < 5; i++)
		fclose(fopen(files[i], "w"));
	glob_t g;
	if (glob("*.c", 0, reversed, &g) || glob("t*.[ch]", GLOB_APPEND, reversed, &g))
		return 1;
	for (size_t i = 0; i < g.gl_pathc; i++)
		printf("%s ", g.gl_pathv[i]);
	globfree(&g);
	printf("%d\n", glob("none*", 0, 0, &g) == GLOB_NOMATCH);
	return 42;
}
