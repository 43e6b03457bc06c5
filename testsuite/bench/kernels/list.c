// Walks along a linked list: a loop of few instructions that nothing counts.
#include <stdlib.h>

const int kernel_size = 20000;

struct node {
	struct node *next;
	long value;
};

double kernel(int n)
{
	struct node *first = 0;
	for (int i = 0; i < n; i++) {
		struct node *node = malloc(sizeof *node);
		*node = (struct node){first, i};
		first = node;
	}
	long sum = 0;
	for (int round = 0; round < 300; round++)
		for (struct node *p = first; p; p = p->next)
			sum += p->value ^ round;
	while (first) {
		struct node *next = first->next;
		free(first);
		first = next;
	}
	return (double)sum;
}
