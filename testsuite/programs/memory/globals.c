// Globals of every kind: initialised, zero, const, pointers to each other and into themselves, large.
//#ExpectSym: root same-address
//#ExpectSym: text same-address
#include <stdio.h>
#include <string.h>

const char text[] = "a constant string";
static char big[100000];
static int zero[10], ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
struct ring {
	struct ring *next;
	const char *name;
	int *cell;
};
extern struct ring three;
struct ring one = {&three, "one", &zero[3]}, two = {&one, "two", ones + 2}, three = {&two, text, &ones[9]};
struct ring *root = &two;
static const char *const names[] = {"alpha", "beta", "gamma", text + 2};
static int *middle = &ones[5];

__attribute__((noinline)) static int spin(struct ring *r, int n)
{
	int s = 0;
	static int times;
	for (int i = 0; i < n; i++, r = r->next) {
		*r->cell += i;
		s += r->name[0] + times++;
	}
	return s;
}

int main(void)
{
	for (int i = 0; i < 5; i++)
		printf("%d\n", spin(root, 7 + i));
	for (int i = 0; i < 4; i++)
		printf("%s ", names[i]);
	memset(big + 500, 'x', 3);
	big[99999] = 'y';
	int count = 0;
	for (int i = 0; i < 100000; i += 50)
		count += big[i] != 0;
	printf("%d %d %s\n", count, big[99999], big + 500);
	for (int i = 0; i < 10; i++)
		printf("%d/%d ", zero[i], ones[i]);
	printf("%d\n", *middle);
	return root->next->next->next == root ? 42 : 1;
}
