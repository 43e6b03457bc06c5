// Linked lists and trees in the heap, walked by loops and by recursion while they move.
//#Cycle: every 300 at most 6
#include <stdio.h>
#include <stdlib.h>

struct node {
	struct node *left, *right;
	int key;
};
static struct node *insert(struct node *t, int key)
{
	if (!t) {
		t = calloc(1, sizeof *t);
		t->key = key;
	} else if (key < t->key) {
		t->left = insert(t->left, key);
	} else if (key > t->key) {
		t->right = insert(t->right, key);
	}
	return t;
}
static int height(const struct node *t)
{
	if (!t)
		return 0;
	int l = height(t->left), r = height(t->right);
	return 1 + (l > r ? l : r);
}
static void walk(const struct node *t, unsigned *hash)
{
	for (; t; t = t->right) {
		walk(t->left, hash);
		*hash = *hash * 65599 + t->key;
	}
}
static void drop(struct node *t)
{
	if (t) {
		drop(t->left);
		drop(t->right);
		free(t);
	}
}
struct cell {
	struct cell *next;
	int value;
};

int main(void)
{
	struct node *tree = 0;
	struct cell *list = 0;
	unsigned x = 1, hash = 0;
	for (int i = 0; i < 150; i++) {
		x = x * 69069 + 1;
		tree = insert(tree, x >> 20);
		struct cell *c = malloc(sizeof *c);
		*c = (struct cell){list, x >> 24};
		list = c;
	}
	walk(tree, &hash);
	printf("%u %d\n", hash, height(tree));
	/* reverse, then insertion sort by moving cells through pointers to pointers */
	struct cell *reversed = 0;
	while (list) {
		struct cell *next = list->next;
		list->next = reversed;
		reversed = list;
		list = next;
	}
	struct cell *sorted = 0;
	while (reversed) {
		struct cell *c = reversed, **at = &sorted;
		reversed = c->next;
		while (*at && (*at)->value <= c->value)
			at = &(*at)->next;
		c->next = *at;
		*at = c;
	}
	for (struct cell *c = sorted; c;) {
		struct cell *next = c->next;
		hash = hash * 31 + c->value;
		if (next && next->value < c->value)
			return 1;
		free(c);
		c = next;
	}
	drop(tree);
	printf("%u\n", hash);
	return 42;
}
