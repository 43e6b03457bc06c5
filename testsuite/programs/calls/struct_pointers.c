// Mutual recursion through function pointers whose results are structures, in registers and in memory.
#include <stdio.h>

struct small {
	int a, b;
};
struct half {
	double d;
	long l;
};
struct large {
	long v[12];
	double d;
};
struct table {
	struct small (*small)(const struct table *, int);
	struct half (*half)(const struct table *, struct small, int);
	struct large (*large)(const struct table *, struct half, int);
};

static struct small small(const struct table *t, int n)
{
	if (n <= 0)
		return (struct small){1, 2};
	struct large l = t->large(t, (struct half){n / 2.0, n}, n - 1);
	return (struct small){(int)l.v[n % 12], (int)l.d};
}
static struct half half(const struct table *t, struct small s, int n)
{
	if (n <= 0)
		return (struct half){s.a * 0.5, s.b};
	struct small r = t->small(t, n - 1);
	return (struct half){r.a + s.a / 4.0, (long)r.b * 3 + s.b};
}
static struct large large(const struct table *t, struct half h, int n)
{
	struct large l = {{(long)h.d, h.l}, h.d};
	if (n <= 0)
		return l;
	for (int i = 0; i < 2; i++) {
		struct half r = t->half(t, (struct small){(int)l.v[i], n}, n - 1 - i);
		struct large k = t->large(t, r, n - 3);
		for (int j = 0; j < 12; j++)
			l.v[j] = (l.v[j] + k.v[11 - j] * (i + 2) + j + r.l) % 100003;
		l.d = l.d / 3 + k.d + r.d;
	}
	return l;
}

int main(void)
{
	static const struct table t = {small, half, large};
	for (int n = 0; n < 10; n += 3) {
		struct small s = t.small(&t, n);
		struct half h = t.half(&t, s, n);
		struct large l = (n % 2 ? t.large : large)(&t, h, n);
		printf("%d %d %.6g %ld %.6g", s.a, s.b, h.d, h.l, l.d);
		for (int i = 0; i < 12; i++)
			printf(" %ld", l.v[i]);
		printf("\n");
	}
	return 42;
}
