// Pointers to locals of callers, kept in a global, in the heap and in a struct, survive at depth 3.
//#ExpectSym: where same-address
#include <stdio.h>
#include <stdlib.h>

int *where;
static volatile int three = 3, eight = 8; /* a constant trip count this small needs no point */
struct box {
	int *p;
	struct box *inner;
};

__attribute__((noinline)) static void bump(struct box *b)
{
	for (int i = 0; i < three; i++) {
		++*where;
		*b->p += 10;
		if (b->inner)
			*b->inner->p += 100;
	}
}

__attribute__((noinline)) static int third(struct box *heap)
{
	int mine = 3;
	struct box b = {&mine, heap};
	bump(&b);
	bump(heap);
	return mine;
}

__attribute__((noinline)) static int second(void)
{
	int mine = 2;
	struct box *heap = malloc(sizeof *heap);
	heap->p = &mine;
	heap->inner = 0;
	int r = third(heap);
	int same = heap->p == &mine;
	free(heap);
	return r * 10000 + mine * 10 + same;
}

int main(void)
{
	int ok = 1;
	for (int i = 0; i < eight; i++) {
		int local = i;
		where = &local;
		int r = second();
		printf("%d %d %d\n", i, local, r);
		ok &= local == i + 6 && where == &local;
	}
	return ok ? 42 : 1;
}
