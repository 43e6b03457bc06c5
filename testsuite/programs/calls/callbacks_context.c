// Callbacks with a context pointer into the caller's frame, nested three libraries deep: qsort inside of bsearch
// inside of tree walks, each moved while the others wait.
//#Cycle: every 60 at most 5
#define _GNU_SOURCE
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

struct context {
	int calls;
	int direction;
	struct context *up;
};
static struct context *now;

static int compare(const void *a, const void *b)
{
	now->calls++;
	return (*(const int *)a - *(const int *)b) * now->direction;
}
static int compare_r(const void *a, const void *b, void *context)
{
	struct context *c = context;
	c->calls++;
	if (c->up)
		c->up->calls += 10;
	return (*(const int *)a - *(const int *)b) * c->direction;
}
static int sorts(const void *key, const void *element)
{
	struct context mine = {0, -1, now};
	int a[7];
	for (int i = 0; i < 7; i++)
		a[i] = *(const int *)element * (i + 3) % 11;
	now = &mine;
	qsort(a, 7, sizeof *a, compare);
	now = mine.up;
	now->calls += mine.calls > 0; /* how often, the library decides */
	return a[0] >= a[6] ? *(const int *)key - *(const int *)element : 0;
}
static int sum;
static void visit(const void *node, VISIT when, int level)
{
	if (when != postorder && when != leaf)
		return;
	struct context mine = {0, 1, now};
	int a[20];
	for (int i = 0; i < 20; i++)
		a[i] = i * 5;
	now = &mine;
	int *found = bsearch(*(int *const *)node, a, 20, sizeof *a, sorts);
	now = mine.up;
	(void)level;
	sum = sum * 7 + (found ? (int)(found - a) : -1) + (mine.calls > 2);
}

int main(void)
{
	struct context outer = {0, 1, 0};
	now = &outer;
	static int keys[15];
	void *root = 0;
	for (int i = 0; i < 15; i++) {
		keys[i] = i * 35 % 75;
		tsearch(&keys[i], &root, compare);
	}
	twalk(root, visit);
	printf("%d %d\n", sum, outer.calls > 0);
	struct context inner = {0, -1, &outer};
	int copy[15];
	for (int i = 0; i < 15; i++)
		copy[i] = keys[i];
	qsort_r(copy, 15, sizeof *copy, compare_r, &inner);
	for (int i = 0; i < 15; i++)
		printf("%d ", copy[i]);
	printf("%d\n", inner.calls > 14 && outer.calls > 140);
	return 42;
}
