// A hash table of strings: text is made, hashed, compared and copied.
#include <stdlib.h>
#include <string.h>

const int kernel_size = 30000;

#define SLOTS (1 << 15)

static void decimal(unsigned value, char *out)
{
	char digits[12];
	int n = 0;
	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		*out++ = digits[--n];
	*out = 0;
}

static unsigned slot(char **keys, const char *text)
{
	unsigned h = 5381;
	for (const char *p = text; *p; p++)
		h = h * 33 + (unsigned char)*p;
	h &= SLOTS - 1;
	while (keys[h] && strcmp(keys[h], text))
		h = (h + 1) & (SLOTS - 1);
	return h;
}

double kernel(int n)
{
	char **keys = calloc(SLOTS, sizeof *keys), text[16];
	int *count = calloc(SLOTS, sizeof *count);
	for (int i = 0; i < n; i++) {
		decimal((unsigned)i * 7919u % 20011u, text);
		unsigned h = slot(keys, text);
		if (!keys[h])
			keys[h] = strdup(text);
		count[h]++;
	}
	double s = 0;
	for (int i = 0; i < SLOTS; i++) {
		s += (double)count[i] * count[i] * (i % 3);
		free(keys[i]);
	}
	free(keys);
	free(count);
	return s;
}
