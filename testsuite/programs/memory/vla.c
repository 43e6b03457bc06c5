// Variable-length arrays and alloca, in loops and recursion, with their addresses kept.
#include <alloca.h>
#include <stdio.h>
#include <string.h>

struct keep {
	int *p;
	int n;
	struct keep *next;
};

__attribute__((noinline)) static int total(const struct keep *k)
{
	int t = 0;
	for (; k; k = k->next)
		for (int i = 0; i < k->n; i++)
			t = t * 3 + k->p[i];
	return t;
}

__attribute__((noinline)) static int nest(int n, struct keep *up)
{
	int a[n];
	struct keep mine = {a, n, up};
	for (int i = 0; i < n; i++)
		a[i] = i * n;
	int r = n <= 1 ? total(&mine) : nest(n - 1, &mine);
	return r + a[n - 1] + (int)(sizeof a / sizeof *a);
}

__attribute__((noinline)) static int matrix(int rows, int cols, int m[rows][cols])
{
	int trace = 0;
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < cols; j++)
			trace += m[i][j] * (i == j ? 5 : 1);
	return trace;
}

int main(void)
{
	printf("%d\n", nest(9, 0));
	for (int n = 1; n < 7; n++) {
		int m[n][n + 1];
		for (int i = 0; i < n; i++)
			for (int j = 0; j <= n; j++)
				m[i][j] = i * 10 + j;
		printf("%d %zu\n", matrix(n, n + 1, m), sizeof m);
	}
	char *chain = 0;
	for (int i = 0; i < 10; i++) {
		char *c = alloca(sizeof(char *) + 8);
		memcpy(c, &chain, sizeof chain);
		snprintf(c + sizeof chain, 8, "a%d", i);
		chain = c;
	}
	while (chain) {
		printf("%s ", chain + sizeof chain);
		memcpy(&chain, chain, sizeof chain);
	}
	printf("\n");
	return 42;
}
