// Inline assembly without instructions: values hidden from the optimiser, by empty text and by comments.
#include <stdio.h>

__attribute__((noinline)) static unsigned long mix(unsigned long x, int n)
{
	unsigned long other = x ^ 0x9e3779b97f4a7c15;

	__asm__("/*%0*/" : "+r"(x));
	__asm__ volatile("" : "+r"(other) : : "memory");
	if (n == 0)
		return x + other;
	x = mix(x * 31 + n, n - 1) ^ other;
	__asm__ volatile("/* %0\n\tand %1 */" : : "r"(x), "r"(other));
	__asm__ volatile("# forget %0" : "=r"(other) : "0"(other));
	x += other;
	return x;
}

int main(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < 40; i++) {
		sum += mix(i, i);
		__asm__ volatile("/* here */" ::: "memory");
	}
	printf("%lu\n", sum);
	return 42;
}
