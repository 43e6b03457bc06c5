// Structs by value of every mix of integer and floating-point halves, when registers last and when they do not.
#include <stdio.h>

#define KINDS(X) \
	X(ii, long a; long b;) X(id, long a; double b;) X(di, double a; long b;) X(dd, double a; double b;) \
	X(ff, float a; float b;) X(fi, float a; int b;) X(cd, char a; double b;) X(si, short a; int b;) \
	X(q, long double a; char b;) X(iid, int a; int b; double c;) X(fff, float a; float b; float c;) \
	X(ffff, float a; float b; float c; float d;) X(dif, double a; int b; float c;) \
	X(p, const char *a; float b;) X(iil, char a; long b; char c;) X(n, struct { float x; } a; struct { int y[2]; } b;)

#define KIND(N, ...) \
	struct N { __VA_ARGS__ }; \
	__attribute__((noinline)) static struct N give_##N(struct N x, int n) { return n ? give_##N(x, n - 1) : x; } \
	__attribute__((noinline)) static struct N late_##N(long a, double b, long c, double d, long e, double f, long g, \
		double h, long i, double j, struct N x, double k, long l, struct N y, int n) \
	{ \
		static double sum; \
		sum = sum / 2 + (double)(a + c + e + g + i + l) + b + d + f + h + j + k; \
		if (n == 0) \
			printf(#N " %g\n", sum); \
		return n ? late_##N(c, d, e, f, g, h, i, j, l, k, y, b, a, x, n - 1) : y; \
	}
KINDS(KIND)

#define BOTH(N, ...) \
	struct N r_##N = give_##N((struct N)__VA_ARGS__, 2); \
	r_##N = late_##N(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, r_##N, 11, 12, give_##N(r_##N, 1), 3);

int main(void)
{
	BOTH(ii, {1, -2}) BOTH(id, {3, 4.5}) BOTH(di, {-5.5, 6}) BOTH(dd, {7.25, -8})
	BOTH(ff, {1.5f, -2.5f}) BOTH(fi, {3.5f, 4}) BOTH(cd, {'x', 2.5}) BOTH(si, {-300, 70000})
	BOTH(q, {0.125L, 'q'}) BOTH(iid, {1, 2, 3.5}) BOTH(fff, {1, 2, 3.5f}) BOTH(ffff, {1, 2, 3, 4.5f})
	BOTH(dif, {1.5, -2, 3.5f}) BOTH(p, {"pointer", 9.5f}) BOTH(iil, {'a', 1l << 50, 'b'}) BOTH(n, {{1.5f}, {{2, 3}}})
	printf("%ld %ld %ld %g %g %ld %g %g\n", r_ii.a, r_ii.b, r_id.a, r_id.b, r_di.a, r_di.b, r_dd.a, r_dd.b);
	printf("%g %g %g %d %c %g %d %d\n", (double)r_ff.a, (double)r_ff.b, (double)r_fi.a, r_fi.b, r_cd.a, r_cd.b,
		r_si.a, r_si.b);
	printf("%Lg %c %d %d %g %g %g %g\n", r_q.a, r_q.b, r_iid.a, r_iid.b, r_iid.c, (double)r_fff.a, (double)r_fff.b,
		(double)r_fff.c);
	printf("%g %g %g %g %g %d %g\n", (double)r_ffff.a, (double)r_ffff.b, (double)r_ffff.c, (double)r_ffff.d, r_dif.a,
		r_dif.b, (double)r_dif.c);
	printf("%s %g %c %ld %c %g %d %d\n", r_p.a, (double)r_p.b, r_iil.a, r_iil.b, r_iil.c, (double)r_n.a.x, r_n.b.y[0],
		r_n.b.y[1]);
	return 42;
}
