// Function pointers in tables, structs, arguments and return values; they compare equal after a hop.
//#ExpectSym: add same-address
#include <stdio.h>

typedef int (*op)(int, int);
int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int mul(int a, int b)
{
	int r = 0;
	for (int i = 0; i < (b & 15); i++)
		r = add(r, a);
	return r;
}
static const op table[] = {add, sub, mul};
struct object {
	const struct vtable *v;
	int state;
};
struct vtable {
	void (*poke)(struct object *, int);
	int (*peek)(const struct object *);
};
static void poke(struct object *o, int n) { o->state = table[n % 3](o->state, n); }
static int peek(const struct object *o) { return o->state & 0xffff; }
static int peek_twice(const struct object *o) { return peek(o) * 2; }
static const struct vtable plain = {poke, peek}, twice = {poke, peek_twice};

__attribute__((noinline)) static op choose(int n) { return table[(unsigned)n % 3]; }
__attribute__((noinline)) static int fold(op f, const int *v, int n)
{
	int r = v[0];
	for (int i = 1; i < n; i++)
		r = f(r, v[i]) & 0xfffff;
	return r;
}

int main(void)
{
	int v[10];
	for (int i = 0; i < 10; i++)
		v[i] = i * i + 1;
	for (int i = 0; i < 6; i++) {
		op f = choose(i);
		printf("%d %d\n", fold(f, v, 10), f == table[i % 3]);
	}
	struct object o[2] = {{&plain, 5}, {&twice, 6}};
	for (int i = 0; i < 20; i++) {
		o[i & 1].v->poke(&o[i & 1], i);
		printf("%d ", o[i & 1].v->peek(&o[i & 1]));
	}
	printf("\n");
	return choose(0) == add ? 42 : 1;
}
