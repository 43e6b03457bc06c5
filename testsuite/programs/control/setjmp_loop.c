// setjmp in a loop and in recursion: each longjmp finds its own activation; a buffer in the heap works too.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

struct handler {
	jmp_buf buf;
	struct handler *up;
	int id;
};
static struct handler *top;

__attribute__((noinline)) static void throw_(int code)
{
	longjmp(top->buf, code);
}

__attribute__((noinline)) static int parse(const char **p, int depth)
{
	int sum = 0;
	for (;; ++*p) {
		char c = **p;
		if (c >= '0' && c <= '9') {
			sum += c - '0';
		} else if (c == '(') {
			++*p;
			struct handler *h = malloc(sizeof *h);
			h->up = top;
			h->id = depth;
			top = h;
			int code = setjmp(h->buf);
			if (code == 0) {
				sum += parse(p, depth + 1);
			} else {
				printf("[caught %d at %d]", code, h->id);
				sum -= code;
			}
			top = h->up;
			free(h);
		} else if (c == '!') {
			++*p;
			throw_(depth * 10 + 1);
		} else if (c == '^') {
			++*p;
			struct handler *h = top;
			top = h->up ? h->up : h;
			if (top != h)
				free(h);
			throw_(depth * 10 + 2);
		} else {
			return sum;
		}
	}
}

int main(void)
{
	static const char *const texts[] = {
		"123", "1(23)4", "1(2!3)4", "(1(2(3!)4)5)6", "((9^)8)7", "1((((!))))2", "(!)(!)(2)!",
	};
	for (int i = 0; i < 7; i++) {
		struct handler *base = malloc(sizeof *base);
		*base = (struct handler){.id = -1};
		top = base;
		const char *volatile p = texts[i];
		int code = setjmp(base->buf);
		if (code == 0) {
			const char *q = p;
			printf("%s = %d\n", texts[i], parse(&q, 0));
		} else {
			printf("%s threw %d\n", texts[i], code);
		}
		free(base);
	}
	jmp_buf again;
	volatile int n = 0;
	setjmp(again);
	if (++n < 5)
		longjmp(again, 1);
	printf("%d\n", n);
	return 42;
}
