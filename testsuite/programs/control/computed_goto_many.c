// Several functions with computed gotos, label differences, and a label table indexed by state.
#include <stdio.h>

__attribute__((noinline)) static int words(const char *s)
{
	static void *const next[2][3] = {{&&space, &&start, &&end}, {&&space, &&letter, &&end}};
	int in = 0, words = 0, letters = 0;
	#define CLASS(c) ((c) == 0 ? 2 : (c) != ' ')
	goto *next[in][CLASS(*s)];
space:
	in = 0;
	s++;
	goto *next[in][CLASS(*s)];
start:
	in = 1;
	words++;
letter:
	letters++;
	s++;
	goto *next[in][CLASS(*s)];
end:
	return words * 100 + letters;
}
__attribute__((noinline)) static unsigned collatz(unsigned n)
{
	void *target = n & 1 ? &&odd : &&even;
	unsigned steps = 0;
	goto *target;
odd:
	if (n == 1)
		return steps;
	n = 3 * n + 1;
	steps++;
	target = n & 1 ? &&odd : &&even;
	goto *target;
even:
	n /= 2;
	steps++;
	target = n & 1 ? &&odd : &&even;
	goto *target;
}

int main(void)
{
	printf("%d %d %d\n", words("the quick brown fox"), words(""), words("  a  b "));
	for (unsigned n = 1; n < 30; n += 4)
		printf("%u ", collatz(n));
	printf("\n");
	return 42;
}
