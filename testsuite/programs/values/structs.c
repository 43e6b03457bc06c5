// Structs of many sizes and classes, passed and returned by value through recursion.
//#Briefly: O1, O3, Os, Oz
#include <stdio.h>

#define STRUCT(N) \
	struct s##N { unsigned char c[N]; }; \
	__attribute__((noinline)) static struct s##N f##N(struct s##N s, int depth) \
	{ \
		for (int i = 0; i < N; i++) \
			s.c[i] += depth + i; \
		if (depth == 0) \
			return s; \
		struct s##N r = f##N(s, depth - 1); \
		r.c[0] ^= s.c[N - 1]; \
		return r; \
	} \
	static void t##N(void) \
	{ \
		struct s##N s; \
		unsigned h = 0; \
		for (int i = 0; i < N; i++) \
			s.c[i] = i * 7; \
		s = f##N(s, 3); \
		for (int i = 0; i < N; i++) \
			h = h * 31 + s.c[i]; \
		printf("%d %u\n", N, h); \
	}
STRUCT(1) STRUCT(2) STRUCT(3) STRUCT(4) STRUCT(5) STRUCT(7) STRUCT(8) STRUCT(9) STRUCT(12)
STRUCT(15) STRUCT(16) STRUCT(17) STRUCT(24) STRUCT(31) STRUCT(32) STRUCT(33) STRUCT(64) STRUCT(100)

struct mixed { double d; int i; };
struct floats { float x, y, z; };
struct two { double a, b; };
struct nested { struct floats f; struct { short s; char c; } t; };
struct wide { long l[3]; double d; };

__attribute__((noinline)) static struct mixed mixed(struct mixed m, int n)
{
	return n ? mixed((struct mixed){m.d * 1.5 + m.i, m.i + n}, n - 1) : m;
}
__attribute__((noinline)) static struct floats floats(struct floats f, struct two t, int n)
{
	struct floats g = {f.y + (float)t.a, f.z - (float)t.b, f.x * 2};
	return n ? floats(g, (struct two){t.b, t.a + 1}, n - 1) : g;
}
__attribute__((noinline)) static struct nested nested(struct nested x, int n)
{
	if (n) {
		struct nested y = nested(x, n - 1);
		y.f.x += x.t.s;
		y.t.s += 3;
		y.t.c++;
		return y;
	}
	return x;
}
__attribute__((noinline)) static struct wide wide(int a, struct wide w, double b, int n)
{
	for (int i = 0; i < 3; i++)
		w.l[i] += a + n * i;
	w.d += b;
	return n ? wide(a + 1, w, b / 2, n - 1) : w;
}

int main(void)
{
	t1(); t2(); t3(); t4(); t5(); t7(); t8(); t9(); t12();
	t15(); t16(); t17(); t24(); t31(); t32(); t33(); t64(); t100();
	struct mixed m = mixed((struct mixed){1.25, 2}, 5);
	printf("%.10g %d\n", m.d, m.i);
	struct floats f = floats((struct floats){1, 2, 3}, (struct two){0.5, 0.25}, 6);
	printf("%g %g %g\n", f.x, f.y, f.z);
	struct nested n = nested((struct nested){{1, 2, 3}, {4, 'a'}}, 4);
	printf("%g %d %c\n", n.f.x, n.t.s, n.t.c);
	struct wide w = wide(1, (struct wide){{1, 2, 3}, 4}, 8, 4);
	printf("%ld %ld %ld %g\n", w.l[0], w.l[1], w.l[2], w.d);
	return 42;
}
