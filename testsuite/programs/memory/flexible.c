// Flexible array members, structures with unions and pointers into themselves, reallocated and moved.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
	size_t n, room;
	struct item {
		enum { NUMBER, TEXT, SELF } kind;
		union {
			double number;
			char text[12];
			struct item *self;
		};
	} items[];
};

__attribute__((noinline)) static struct item *add(struct list **where)
{
	struct list *l = *where;
	if (l->n == l->room) {
		size_t old = l->room;
		l = realloc(l, sizeof *l + (old * 2 + 1) * sizeof *l->items);
		l->room = old * 2 + 1;
		for (size_t i = 0; i < l->n; i++)
			if (l->items[i].kind == SELF)
				l->items[i].self = &l->items[i / 2];
		*where = l;
	}
	return &l->items[l->n++];
}

int main(void)
{
	struct list *l = calloc(1, sizeof *l);
	for (int i = 0; i < 70; i++) {
		struct item *it = add(&l);
		it->kind = i % 3;
		if (it->kind == NUMBER)
			it->number = i / 4.0;
		else if (it->kind == TEXT)
			snprintf(it->text, sizeof it->text, "item %d", i);
		else
			it->self = &l->items[i / 2];
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct item *it = &l->items[i];
		int hops = 0;
		while (it->kind == SELF && it->self != it)
			it = it->self, hops++;
		if (it->kind == TEXT)
			printf("%s(%d) ", it->text, hops);
		else if (it->kind == NUMBER)
			printf("%g(%d) ", it->number, hops);
	}
	printf("\n%zu %zu %zu\n", l->n, l->room, sizeof(struct item));
	free(l);
	return 42;
}
