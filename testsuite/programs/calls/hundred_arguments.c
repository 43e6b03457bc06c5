// A function of a hundred parameters, of alternating classes, that calls itself and is called by pointer.
#include <stdio.h>

#define TEN(X, N) X(N##0) X(N##1) X(N##2) X(N##3) X(N##4) X(N##5) X(N##6) X(N##7) X(N##8) X(N##9)
#define HUNDRED(X) TEN(X, 1) TEN(X, 2) TEN(X, 3) TEN(X, 4) TEN(X, 5) TEN(X, 6) TEN(X, 7) TEN(X, 8) TEN(X, 9) TEN(X, 10)
#define PARAMETER(N) , long a##N, float f##N
#define NEXT(N) , a##N * 3 + depth, f##N + a##N % 7
#define SUM(N) sum = sum * 31 + (unsigned long)a##N + (unsigned long)(long)(f##N * 4);
#define FIRST(N) , N, N / 2.0f

__attribute__((noinline)) static unsigned long many(int depth HUNDRED(PARAMETER))
{
	unsigned long sum = 0;
	if (depth)
		sum = many(depth - 1 HUNDRED(NEXT));
	HUNDRED(SUM)
	return sum;
}

int main(void)
{
	unsigned long (*volatile call)(int HUNDRED(PARAMETER)) = many;
	for (int depth = 0; depth < 5; depth++)
		printf("%lu\n", call(depth HUNDRED(FIRST)));
	return 42;
}
