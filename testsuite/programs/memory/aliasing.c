// The same memory through several names: restrict, unions, char pointers, memmove onto itself, moved globals.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static double kept[16];
static double *alias = kept + 3;

__attribute__((noinline)) static void add(double *restrict to, const double *restrict from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] += from[i] * 2;
}
__attribute__((noinline)) static double overlapping(double *a, const double *b, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++) {
		a[i] = b[i] + 1;
		sum += b[i]; /* a may be b + 1 */
	}
	return sum;
}
__attribute__((noinline)) static int through(int *p, int *q, int n)
{
	*p = n;
	*q += n ? through(q, p, n - 1) : 1;
	return *p;
}
__attribute__((noinline)) static uint64_t pun(double d, int n)
{
	union { double d; uint64_t u; uint8_t b[8]; } x = {d};
	for (int i = 0; i < n; i++) {
		x.b[i % 6] ^= (uint8_t)(x.u >> 9);
		memmove(x.b + 1, x.b, 4);
	}
	return x.u;
}

int main(void)
{
	double from[16];
	for (int i = 0; i < 16; i++)
		kept[i] = from[i] = i;
	for (int i = 0; i < 4; i++) {
		add(kept, from, 16);
		*alias += i;
		printf("%g %g\n", kept[3], overlapping(from + 1, from, 15));
		alias += i;
	}
	int x = 1, y = 2;
	printf("%d", through(&x, &y, 9));
	printf(" %d", through(&x, &x, 9));
	printf(" %d %d\n", x, y);
	printf("%016llx %016llx\n", (unsigned long long)pun(1.5, 11), (unsigned long long)pun(-1e300, 30));
	char text[64] = "overlapping text that moves onto itself";
	for (int i = 1; i < 6; i++)
		memmove(text + i, text, 40);
	puts(text);
	return 42;
}
