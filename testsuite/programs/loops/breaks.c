// Nested loops that are left by break, continue, goto and return from every depth, in every order.
#include <stdio.h>

__attribute__((noinline)) static int search(const int *a, int n, int wanted, int *rounds)
{
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++) {
			++*rounds;
			if (a[j] < 0)
				break;
			if ((a[j] ^ i) % 3 == 0)
				continue;
			for (int k = j; k < n; k++) {
				if (a[k] == wanted + i)
					return i * 10000 + j * 100 + k;
				if (a[k] % 13 == 12)
					goto next;
				if (k > j + 5)
					break;
			}
			while (1) {
				if (++*rounds % 2)
					break;
			}
		}
	next:;
	}
	return -1;
}

__attribute__((noinline)) static int in_switch(const char *s)
{
	int depth = 0, most = 0;
	for (; *s; s++) {
		switch (*s) {
		case ' ':
			continue; /* the loop */
		case '(':
			if (++depth > most)
				most = depth;
			break; /* the switch */
		case ')':
			if (--depth < 0)
				goto unbalanced;
			break;
		case ';':
			return most;
		default:
			while (*s && s[1] == *s)
				s++;
		}
	}
	return depth ? 100 + depth : most;
unbalanced:
	return -most;
}

int main(void)
{
	int a[24];
	for (int i = 0; i < 24; i++)
		a[i] = i == 19 ? -1 : (i * 37 + 11) % 64;
	for (int wanted = 0; wanted < 70; wanted += 9) {
		int rounds = 0, found = search(a, 24, wanted, &rounds);
		printf("%d %d %d\n", wanted, found, rounds);
	}
	static const char *const texts[] = {"a(b(c)d)e", "((xxx", "(a))", "(( aaa ));((((", "", "x((y)(z(w)))"};
	for (int i = 0; i < 6; i++)
		printf("%d\n", in_switch(texts[i]));
	return 42;
}
