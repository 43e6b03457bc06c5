// qsort and bsearch call back into the program from libc's frames.
//#Cycle: every 4 at most 5
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	char name[12];
	int key;
};

static int calls;

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	calls++;
	return (x->key > y->key) - (x->key < y->key);
}

static int by_name(const void *a, const void *b)
{
	int r = strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
	for (int i = 0; i < 2; i++)
		calls += r > 0;
	return r;
}

int main(void)
{
	struct item items[64];
	unsigned x = 99;
	for (int i = 0; i < 64; i++) {
		x = x * 1664525u + 1013904223u;
		items[i].key = (int)(x >> 8) % 10007;
		snprintf(items[i].name, sizeof items[i].name, "n%05u", x >> 16);
	}
	qsort(items, 64, sizeof *items, by_key);
	unsigned h = 0;
	for (int i = 0; i < 64; i++) {
		h = h * 33 + items[i].key;
		if (i && items[i].key < items[i - 1].key)
			return 1;
	}
	printf("%u\n", h);
	struct item wanted = items[40];
	struct item *hit = bsearch(&wanted, items, 64, sizeof *items, by_key);
	printf("%s %d\n", hit ? hit->name : "none", hit ? hit->key : -1);
	qsort(items, 64, sizeof *items, by_name);
	for (int i = 0; i < 64; i += 9)
		printf("%s %d\n", items[i].name, items[i].key);
	wanted.key = -5;
	strcpy(wanted.name, "zzz");
	printf("%d\n", bsearch(&wanted, items, 64, sizeof *items, by_name) == NULL);
	return calls > 100 ? 42 : 1;
}
