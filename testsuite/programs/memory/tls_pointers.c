// Thread-local structures, arrays and pointers to other thread-local variables; addresses taken before a move.
#include <stdio.h>
#include <string.h>

struct node {
	struct node *next;
	int *counter;
	char name[20];
};
static _Thread_local int counters[3] = {5, 6, 7};
static _Thread_local struct node nodes[6];
_Thread_local struct node *head;
_Thread_local long double quad = 0.5L;
static __thread char zeroed[5000];
static struct node **outside;

__attribute__((noinline)) static void push(int i)
{
	struct node *n = &nodes[i];
	snprintf(n->name, sizeof n->name, "node %d", i);
	n->counter = &counters[i % 3];
	n->next = *outside;
	*outside = n;
}
__attribute__((noinline)) static int walk(struct node *n)
{
	if (!n)
		return 0;
	quad = quad * 2 + *n->counter;
	zeroed[*n->counter * 7 % 5000]++;
	return ++*n->counter * 10 + walk(n->next) + (int)strlen(n->name);
}

int main(void)
{
	outside = &head;
	for (int i = 0; i < 6; i++) {
		push(i);
		printf("%d %s\n", walk(head), (*outside)->name);
	}
	int sum = 0;
	for (int i = 0; i < 5000; i++)
		sum += zeroed[i] * i;
	printf("%d %d %d %d %.1Lf\n", sum, counters[0], counters[1], counters[2], quad);
	return 42;
}
