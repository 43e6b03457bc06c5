// Bit-fields of every width: signed and unsigned, crossing words, packed, _Bool, changed in loops and calls.
#include <stdbool.h>
#include <stdio.h>

#define EACH(X) X(1) X(2) X(3) X(5) X(7) X(8) X(9) X(13) X(16) X(17) X(23) X(31) X(32) X(33) X(47) X(63) X(64)
#define FIELD(W) unsigned long u##W : W; long s##W : W;
struct all {
	EACH(FIELD)
};
struct __attribute__((packed)) tight {
	bool a : 1;
	unsigned b : 11;
	int c : 19;
	bool d : 1;
	long e : 45;
	char f : 3;
};

__attribute__((noinline)) static void change(struct all *x, long by)
{
#define CHANGE(W) x->u##W = x->u##W * 5 + (unsigned long)by; x->s##W = x->s##W ^ (long)x->u##W;
	EACH(CHANGE)
}
__attribute__((noinline)) static struct tight turn(struct tight t, int n)
{
	t.a = !t.a;
	t.b += 700;
	t.c -= 100003;
	t.d ^= t.a;
	t.e = t.e * 3 + n;
	t.f++;
	return n ? turn(t, n - 1) : t;
}

int main(void)
{
	struct all x = {0};
	for (long i = 1; i < 20; i++)
		change(&x, i * 1234567);
#define SHOW(W) printf("%d %lu %ld\n", W, (unsigned long)x.u##W, (long)x.s##W);
	EACH(SHOW)
	struct tight t = {1, 2, -3, 0, -5, 1};
	for (int i = 0; i < 7; i++) {
		t = turn(t, i);
		printf("%d %u %d %d %ld %d\n", t.a, t.b, t.c, t.d, (long)t.e, t.f);
	}
	printf("%zu %zu\n", sizeof x, sizeof t);
	return 42;
}
