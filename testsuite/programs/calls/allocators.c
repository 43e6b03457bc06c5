// Functions whose parameters are named by attributes (alloc_size), which their resume clones do not have;
// a variadic one among them.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((alloc_size(1), noinline)) static void *make(size_t n)
{
	void *p = malloc(n);
	return p ? memset(p, 1, n) : p;
}

__attribute__((alloc_size(2, 3), noinline)) static void *make_many(int fill, size_t n, size_t size)
{
	void *p = make(n * size);
	return p ? memset(p, fill, n * size) : p;
}

__attribute__((alloc_size(2), noinline)) static void *make_of(int count, size_t n, ...)
{
	char *p = make(n);
	va_list list;
	va_start(list, n);
	for (int i = 0; i < count; i++)
		p[i] = (char)va_arg(list, int);
	va_end(list);
	return p;
}

int main(void)
{
	int sum = 0;
	for (int i = 1; i < 20; i++) {
		char *a = make(i), *b = make_many(2, i, 3), *c = make_of(2, i + 2, 5, 6);
		sum += a[i - 1] + b[3 * i - 1] + c[0] + c[1] + c[i + 1];
		free(a);
		free(b);
		free(c);
	}
	/* The last byte of c is 1 where it has more than the two, and it always has. */
	return sum == 19 * (1 + 2 + 5 + 6 + 1) ? 42 : 1;
}
