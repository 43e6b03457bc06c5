// Volatile locals, globals and members: every access happens, in order, whatever moves in between.
#include <stdio.h>

static volatile unsigned device;
static volatile struct {
	unsigned char command;
	unsigned short data[3];
	volatile double rate;
} port;

__attribute__((noinline)) static unsigned poll(volatile unsigned *p, int n)
{
	unsigned seen = 0;
	while (n--) {
		*p = *p + 1;
		seen += *p; /* read again */
		device ^= seen;
	}
	return seen;
}
__attribute__((noinline)) static int descend(int n)
{
	volatile int a = n, b = a * 2;
	volatile double d = a / 4.0;
	if (n > 0)
		b = b + descend(n - 1);
	d = d + b;
	return a + b + (int)d;
}

int main(void)
{
	volatile unsigned counter = 5;
	volatile unsigned *volatile where = &counter;
	for (int i = 0; i < 12; i++) {
		port.command = (unsigned char)(port.command + i * 30);
		port.data[i % 3] = (unsigned short)(port.data[(i + 1) % 3] + port.command);
		port.rate += port.data[i % 3] / 8.0;
		printf("%u %u\n", poll(where, i), device);
	}
	printf("%d %u %u %u %g\n", port.command, port.data[0], port.data[1], port.data[2], port.rate);
	printf("%d %u\n", descend(15), counter);
	return 42;
}
