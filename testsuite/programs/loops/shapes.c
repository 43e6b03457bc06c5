// Loops of every shape: counted, while, do, nested, with several exits, backwards, by pointer, endless.
#include <stdio.h>

static unsigned state = 12345;

__attribute__((noinline)) static unsigned next(void)
{
	return state = state * 1103515245u + 12345u;
}

int main(void)
{
	unsigned long sum = 0;
	int a[50];

	for (int i = 0; i < 50; i++)
		a[i] = next() >> 16;
	for (int i = 49; i >= 0; i -= 3)
		sum = sum * 7 + a[i];
	printf("backwards %lu\n", sum);

	int n = 0;
	while (a[n % 50] % 11 != 0)
		n++;
	printf("while %d\n", n);

	unsigned x = 27, steps = 0;
	do {
		x = x % 2 ? 3 * x + 1 : x / 2;
		steps++;
	} while (x != 1);
	printf("collatz %u\n", steps);

	for (int i = 0; i < 9; i++) {
		for (int j = i; j < 9; j++) {
			if ((i * j) % 5 == 4)
				continue;
			for (int k = 0; k < j; k++) {
				if (k * k > i * j)
					goto out;
				sum += i * 100 + j * 10 + k;
			}
		}
	out:
		sum ^= i;
	}
	printf("nested %lu\n", sum);

	for (int *p = a, *e = a + 50; p != e; p++)
		sum += *p ^ (unsigned)(p - a);
	printf("pointer %lu\n", sum);

	for (int tries = 0;; tries++) {
		unsigned r = next() >> 20;
		if (r % 37 == 5) {
			printf("found %u after %d\n", r, tries);
			break;
		}
		if (tries > 500) {
			printf("gave up\n");
			break;
		}
	}

	/* Duff's device: a loop with an entry in its middle. */
	int count = 37, to = 0, i = 0;
	int turns = (count + 7) / 8;
	switch (count % 8) {
	case 0: do { to += a[i++];
	case 7:      to += a[i++];
	case 6:      to += a[i++];
	case 5:      to += a[i++];
	case 4:      to += a[i++];
	case 3:      to += a[i++];
	case 2:      to += a[i++];
	case 1:      to += a[i++];
		} while (--turns > 0);
	}
	printf("duff %d %d\n", i, to);
	return i == 37 ? 42 : 1;
}
