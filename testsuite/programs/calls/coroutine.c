// State machines driven through callbacks: generators by switch inside a loop, kept in structs.
#include <stdio.h>

struct gen {
	int line, i, j, value;
};
#define BEGIN(g) switch ((g)->line) { case 0:
#define YIELD(g, v) do { (g)->value = (v); (g)->line = __LINE__; return 1; case __LINE__:; } while (0)
#define END } return 0

static int pairs(struct gen *g, int n)
{
	BEGIN(g);
	for (g->i = 0; g->i < n; g->i++)
		for (g->j = g->i; g->j < n; g->j++) {
			if ((g->i + g->j) % 3 == 0)
				continue;
			YIELD(g, g->i * 100 + g->j);
		}
	END;
}
static int each(int (*next)(struct gen *, int), int n, int (*f)(int, void *), void *arg)
{
	struct gen g = {0};
	int sum = 0;
	while (next(&g, n))
		sum += f(g.value, arg);
	return sum;
}
static int weigh(int v, void *arg)
{
	int *count = arg;
	++*count;
	return v % 7 * *count;
}
static int nested(int v, void *arg)
{
	int inner = 0;
	return v < 300 ? each(pairs, 3, weigh, &inner) + ++*(int *)arg : inner;
}

int main(void)
{
	int count = 0;
	printf("%d", each(pairs, 9, weigh, &count));
	printf(" %d\n", count);
	count = 0;
	printf("%d", each(pairs, 6, nested, &count));
	printf(" %d\n", count);
	return 42;
}
