// A variadic function that reads a long where an int was passed finds the upper half zero, as on x86-64: prctl and
// syscall are called so.
//#Config: O0, O2
//#Migrate: every 1 / 101
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((noinline)) static unsigned long sum(int count, ...)
{
	va_list list;
	unsigned long sum = 0;

	va_start(list, count);
	while (count-- > 0)
		sum += va_arg(list, unsigned long);
	va_end(list);
	return sum;
}

/* Leaves ones in the memory that the next call's arguments may take. */
__attribute__((noinline)) static int dirty(volatile char *out)
{
	char all[512];

	memset(all, 0xff, sizeof all);
	for (unsigned i = 0; i < sizeof all; i++)
		out[i % 8] = all[i];
	return out[3];
}

int main(void)
{
	volatile char out[8];
	volatile int one = 1, minus = -1;

	dirty(out);
	unsigned long small = sum(3, one, 2, 3);
	dirty(out);
	unsigned long large = sum(2, minus, 1);
	dirty(out);
	long pid = syscall(SYS_getpriority, 0, 0);

	printf("%lu %lx %d\n", small, large, pid > 0);
	return small == 6 && large == 0x100000000 && pid > 0 ? 42 : 1;
}
