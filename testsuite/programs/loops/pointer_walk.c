// Loops driven by pointers: to an end, by sentinel, two at once, backwards, through pointers to pointers.
#include <stdio.h>
#include <string.h>

struct node {
	struct node *next;
	int value;
};

__attribute__((noinline)) static int merge(const int *a, const int *ae, const int *b, const int *be, int *to)
{
	int *start = to;
	while (a != ae && b != be)
		*to++ = *b < *a ? *b++ : *a++;
	for (; a < ae; ++a)
		*to++ = *a;
	for (; b < be; ++b)
		*to++ = *b;
	return (int)(to - start);
}
__attribute__((noinline)) static void remove_odd(struct node **head)
{
	while (*head)
		if ((*head)->value % 2)
			*head = (*head)->next;
		else
			head = &(*head)->next;
}
__attribute__((noinline)) static struct node *turn_round(struct node *n)
{
	struct node *done = 0;
	while (n) {
		struct node *next = n->next;
		n->next = done;
		done = n;
		n = next;
	}
	return done;
}
__attribute__((noinline)) static int words(char **list, int *letters)
{
	char **w = list;
	for (; *w; w++)
		for (char *c = *w; *c; c++)
			letters[*c & 31]++;
	return (int)(w - list);
}
__attribute__((noinline)) static int palindrome(const char *s)
{
	const char *e = s + strlen(s);
	while (s < e)
		if (*s++ != *--e)
			return 0;
	return 1;
}

int main(void)
{
	int a[20], b[13], c[33];
	for (int i = 0; i < 20; i++)
		a[i] = i * 5;
	for (int i = 0; i < 13; i++)
		b[i] = i * 8 - 3;
	int n = merge(a, a + 20, b, b + 13, c);
	for (int *p = c; p < c + n; p += 2)
		printf("%d ", *p);
	printf("\n");
	struct node nodes[30], *head = 0;
	for (struct node *p = nodes; p != nodes + 30; p++) {
		p->value = (int)(p - nodes) * 7 % 10;
		p->next = head;
		head = p;
	}
	remove_odd(&head);
	head = turn_round(head);
	for (const struct node *p = head; p; p = p->next)
		printf("%d@%td ", p->value, p - nodes);
	char *list[] = {"some", "words", "to", "count", "letters", "in", 0};
	int letters[32] = {0};
	printf("\n%d", words(list, letters));
	for (int *p = letters + 31; p >= letters; --p)
		printf(" %d", *p);
	printf("\n%d %d %d\n", palindrome("level"), palindrome("levels"), palindrome(""));
	return 42;
}
