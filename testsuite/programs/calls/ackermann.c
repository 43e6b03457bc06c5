// Deeply nested recursion with results used as arguments.
//#Cycle: every 700 at most 6
#include <stdio.h>

static int calls, deepest;

static int ackermann(int m, int n, int depth)
{
	calls++;
	if (depth > deepest)
		deepest = depth;
	if (m == 0)
		return n + 1;
	if (n == 0)
		return ackermann(m - 1, 1, depth + 1);
	return ackermann(m - 1, ackermann(m, n - 1, depth + 1), depth + 1);
}

static void hanoi(int n, char from, char to, char via, unsigned *hash)
{
	if (n == 0)
		return;
	hanoi(n - 1, from, via, to, hash);
	*hash = *hash * 31 + from * 7 + to;
	hanoi(n - 1, via, to, from, hash);
}

int main(void)
{
	unsigned hash = 1;
	printf("%d\n", ackermann(2, 9, 0));
	printf("%d %d\n", calls, deepest);
	hanoi(9, 'a', 'b', 'c', &hash);
	printf("%u\n", hash);
	return 42;
}
