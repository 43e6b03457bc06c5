// lsearch, hash tables, queues, random numbers and permutations: state that libc keeps between calls.
#define _GNU_SOURCE
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int equal(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
	char *table[20];
	size_t n = 0;
	static char *words[] = {"pop", "corn", "kernel", "pop", "butter", "corn", "salt"};
	for (int i = 0; i < 7; i++) {
		char **found = lsearch(&words[i], table, &n, sizeof *table, equal);
		printf("%td/%zu ", found - table, n);
	}
	hcreate(50);
	for (size_t i = 0; i < n; i++)
		hsearch((ENTRY){table[i], (void *)(i * 10)}, ENTER);
	for (int i = 0; i < 7; i++) {
		ENTRY *e = hsearch((ENTRY){words[i], 0}, FIND);
		printf("%zu ", e ? (size_t)e->data : 999);
	}
	hdestroy();
	unsigned short seed[3] = {1, 2, 3};
	double sum = 0;
	long bits = 0;
	srand48(12345);
	for (int i = 0; i < 40; i++) {
		sum += erand48(seed) + drand48();
		bits ^= nrand48(seed) ^ mrand48();
	}
	printf("\n%.12f %ld\n", sum, bits);
	unsigned own = 7;
	int spread = 0;
	for (int i = 0; i < 50; i++) {
		own = own * 1103515245u + 12345;
		spread += (int)(own >> 16) % 10;
	}
	struct node { struct node *next, *prev; int v; } nodes[6], *p;
	insque(&nodes[0], 0);
	for (int i = 1; i < 6; i++) {
		nodes[i].v = i;
		insque(&nodes[i], &nodes[i / 2]);
	}
	remque(&nodes[3]);
	nodes[0].v = 100;
	for (p = nodes; p; p = p->next)
		printf("%d ", p->v);
	div_t d = div(-17, 5);
	lldiv_t l = lldiv(1ll << 50, 999);
	printf("%d %d %d %lld %lld\n", spread, d.quot, d.rem, l.quot, l.rem);
	return 42;
}
