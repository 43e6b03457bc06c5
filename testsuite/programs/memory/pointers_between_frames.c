// Locals that point to each other across frames, up, down and through the heap, are changed from both ends.
#include <stdio.h>
#include <stdlib.h>

struct cell {
	struct cell *up, **down;
	int *value;
	int own;
};

static struct cell *registry[64];
static int registered;

__attribute__((noinline)) static int bottom(struct cell *c)
{
	int sum = 0;
	for (struct cell *p = c; p; p = p->up) {
		*p->value += 1;
		sum = sum * 3 + p->own;
		if (p->up)
			sum += *p->up->down == p;
	}
	for (int i = 0; i < registered; i++)
		registry[i]->own ^= i;
	return sum;
}
__attribute__((noinline)) static int descend(int n, struct cell *up, int *far)
{
	int local = n * 11;
	struct cell *below = 0, mine = {up, &below, n % 3 ? &local : far, n};
	struct cell **in_heap = malloc(sizeof *in_heap);
	*in_heap = &mine;
	if (up)
		*up->down = *in_heap;
	registry[registered++] = &mine;
	int r = n ? descend(n - 1, &mine, n % 2 ? &local : far) : bottom(&mine);
	(*in_heap)->own += local;
	r = r * 5 + mine.own + (below ? below == registry[registered] : 7);
	registered--;
	free(in_heap);
	return r;
}

int main(void)
{
	int far = 0;
	for (int n = 0; n < 30; n += 6) {
		int r = descend(n, 0, &far);
		printf("%d %d %d\n", r, far, registered);
	}
	return 42;
}
