// User code that libc calls can be moved while libc is on the stack: sorting, searching, trees, tree walks
//#Cycle: every 300 at most 8
// over directories, pattern matching, once-functions, exit handlers.
#define _GNU_SOURCE
#include <dirent.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const fruit[] = { "pear", "fig", "apple", "kiwi", "plum", "date", "lime" };
enum { FRUIT = sizeof fruit / sizeof *fruit };

/* Recursion is where polls are: every callback passes some. */
static long work(int n)
{
	return n < 2 ? n : work(n - 1) + work(n - 2);
}

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return work(3) == 2 ? (x > y) - (x < y) : 0;
}

static int by_name(const void *a, const void *b)
{
	return work(5) == 5 ? strcmp(a, b) : 0;
}

static int by_name_of(const void *a, const void *b, void *calls)
{
	++*(int *)calls;
	return by_name(*(char *const *)a, *(char *const *)b);
}

static int nodes, depth_sum;

static void visit(const void *node, VISIT order, int depth)
{
	if (order == leaf || order == postorder) {
		printf("%s ", *(const char *const *)node);
		nodes += work(6) == 8;
		depth_sum += depth;
	}
}

static int found;

static int walk(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	found += work(5) * at->level + (kind == FTW_D) + (S_ISREG(st->st_mode) && strlen(path) > 3);
	return 0;
}

static int no_dots(const struct dirent *entry)
{
	return work(4) == 3 && entry->d_name[0] != '.';
}

static void once(void)
{
	printf("once %ld\n", work(9));
}

static void at_exit(void)
{
	printf("exit handler %ld\n", work(10));
	fflush(stdout);
}

static void first_at_exit(void)
{
	printf("first %ld\n", work(8));
}

int main(void)
{
	const char *names[FRUIT];
	int numbers[500], sorted = 1, calls = 0, key;
	void *tree = 0;
	char folder[] = "/tmp/popcorn-callbacks-XXXXXX", path[64];
	struct dirent **entries;
	glob_t matches;
	pthread_once_t control = PTHREAD_ONCE_INIT;

	atexit(at_exit);
	atexit(first_at_exit);
	for (int i = 0; i < 500; i++)
		numbers[i] = (i * 7919 + 13) % 1009;
	qsort(numbers, 500, sizeof *numbers, by_value);
	for (int i = 1; i < 500; i++)
		sorted &= numbers[i - 1] <= numbers[i];
	key = numbers[123];
	int *hit = bsearch(&key, numbers, 500, sizeof *numbers, by_value);
	printf("sorted %d, found %d\n", sorted, hit && *hit == key);

	memcpy(names, fruit, sizeof names);
	qsort_r(names, FRUIT, sizeof *names, by_name_of, &calls);
	for (int i = 0; i < FRUIT; i++)
		printf("%s ", names[i]);
	printf("%d\n", calls >= FRUIT - 1);

	for (int i = 0; i < FRUIT; i++)
		tsearch(fruit[i], &tree, by_name);
	twalk(tree, visit);
	printf("%d %d\n", nodes, depth_sum > 0);
	printf("%d ", tfind("kiwi", &tree, by_name) != 0);
	tdelete("kiwi", &tree, by_name);
	printf("%d\n", tfind("kiwi", &tree, by_name) != 0);

	if (!mkdtemp(folder))
		return 1;
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/file%d", folder, i);
		fclose(fopen(path, "w"));
	}
	printf("nftw %d ", nftw(folder, walk, 4, 0));
	printf("%d\n", found);
	int count = scandir(folder, &entries, no_dots, alphasort);
	for (int i = 0; i < count; i++)
		printf("%s ", entries[i]->d_name);
	snprintf(path, sizeof path, "%s/f*[13]", folder);
	printf("glob %d %zu\n", glob(path, 0, 0, &matches), matches.gl_pathc);
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/file%d", folder, i);
		unlink(path);
	}
	rmdir(folder);

	pthread_once(&control, once);
	pthread_once(&control, once);
	return sorted && nodes == FRUIT && count == 5 ? 42 : 1;
}
