// A binary tree built and walked by recursion, and linked lists by loops: pointers and calls.
#include <stdlib.h>

const int kernel_size = 40000;

struct node {
	struct node *left, *right, *next;
	unsigned key;
};
static struct node *pool;

static struct node *insert(struct node *t, unsigned key)
{
	if (!t) {
		t = pool++;
		t->key = key;
	} else if (key < t->key) {
		t->left = insert(t->left, key);
	} else {
		t->right = insert(t->right, key);
	}
	return t;
}

static struct node *thread(struct node *t, struct node *next)
{
	if (!t)
		return next;
	t->next = thread(t->right, next);
	return thread(t->left, t);
}

static unsigned depth(const struct node *t)
{
	if (!t)
		return 0;
	unsigned l = depth(t->left), r = depth(t->right);
	return 1 + (l > r ? l : r);
}

double kernel(int n)
{
	struct node *root = 0, *nodes = pool = calloc(n, sizeof *pool);
	unsigned x = 7;
	double sum = 0;
	for (int i = 0; i < n; i++)
		root = insert(root, (x = x * 69069 + 1) >> 8);
	struct node *first = thread(root, 0);
	for (int round = 0; round < 30; round++) {
		int i = 0;
		for (struct node *p = first; p; p = p->next, i++)
			sum += p->key * (double)(i & 7);
		sum += depth(root);
	}
	free(nodes);
	return sum;
}
