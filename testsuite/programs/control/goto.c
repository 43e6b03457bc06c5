// Irreducible control flow: loops entered in two places, jumps into and out of blocks.
#include <stdio.h>

__attribute__((noinline)) static int tangle(int n, int where)
{
	int a = 0, b = 1, count = 0;
	if (where == 1)
		goto second;
	if (where == 2)
		goto third;
first:
	a += n;
	if (++count > 12)
		goto done;
second:
	b = b * 3 + a;
	if (b % 5 == where)
		goto third;
	if (count++ > 9)
		goto done;
	if (a & 1)
		goto first;
third:
	a ^= b;
	n--;
	if (n > 0) {
		if (a & 2)
			goto second;
		goto first;
	}
done:
	return a * 7 + b + count;
}
static int states(const char *s)
{
	int sum = 0;
start:
	switch (*s++) {
	case 'a': goto a;
	case 'b': goto b;
	default: return sum;
	}
a:
	sum = sum * 2 + 1;
	if (*s == 'a') { s++; goto a; }
	goto start;
b:
	sum = sum * 3 + 2;
	if (*s == 'a') { s++; goto a; }
	if (*s == 'b') { s++; goto b; }
	goto start;
}

int main(void)
{
	for (int n = 0; n < 12; n++)
		printf("%d %d %d\n", tangle(n, 0), tangle(n, 1), tangle(n, 2));
	printf("%d %d %d\n", states("aabbab"), states("babbaab"), states("bbbbx"));
	return 42;
}
