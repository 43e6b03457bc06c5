// Structs of every size from 1 to 20 bytes, by value: as arguments behind others, as results, through pointers.
#include <stdio.h>

#define SIZE(N) \
	struct s##N { unsigned char c[N]; }; \
	__attribute__((noinline)) static struct s##N give##N(int a, struct s##N s, double b, struct s##N t) \
	{ \
		for (int i = 0; i < N; i++) \
			s.c[i] = (unsigned char)(s.c[i] * a + t.c[N - 1 - i] + (int)b); \
		return s; \
	} \
	static struct s##N (*volatile call##N)(int, struct s##N, double, struct s##N) = give##N; \
	static void run##N(void) \
	{ \
		struct s##N s, t; \
		for (int i = 0; i < N; i++) \
			s.c[i] = (unsigned char)(i + N), t.c[i] = (unsigned char)(i * i); \
		for (int i = 0; i < 3; i++) { \
			struct s##N r = call##N(3, s, 1.5, t); \
			t = s; \
			s = r; \
		} \
		printf("%d:", N); \
		for (int i = 0; i < N; i++) \
			printf(" %d", s.c[i]); \
		printf("\n"); \
	}
#define ALL(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) \
	X(18) X(19) X(20)
ALL(SIZE)

int main(void)
{
#define RUN(N) run##N();
	ALL(RUN)
	return 42;
}
