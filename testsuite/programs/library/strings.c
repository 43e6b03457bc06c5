// The string functions, and strtok's hidden state, across hops.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void reverse(char *s)
{
	for (char *e = s + strlen(s) - 1; s < e; s++, e--) {
		char t = *s;
		*s = *e;
		*e = t;
	}
}

int main(void)
{
	char text[200] = "the quick brown fox jumps over the lazy dog and runs away";
	char out[400] = "";
	int n = 0;
	for (char *w = strtok(text, " "); w; w = strtok(0, " ")) {
		char word[20];
		strcpy(word, w);
		reverse(word);
		word[0] = (char)toupper((unsigned char)word[0]);
		strcat(out, word);
		strncat(out, "-----", ++n % 4);
	}
	puts(out);
	printf("%zu %zu %zu\n", strlen(out), strspn(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), strcspn(out, "-"));
	printf("%s %s %s\n", strchr(out, 'x'), strrchr(out, '-'), strstr(out, "revo") ? "yes" : "no");
	printf("%d %d %d\n", strcmp("abc", "abd") < 0, strncasecmp("HELLO", "help", 3), memcmp("a\0b", "a\0c", 3) < 0);
	char big[3000];
	for (int i = 0; i < 3000; i++)
		big[i] = (char)(i * 7);
	memmove(big + 5, big, 2000);
	memcpy(big + 2500, big + 3, 400);
	unsigned h = 0;
	for (int i = 0; i < 3000; i++)
		h = h * 31 + (unsigned char)big[i];
	printf("%u %d\n", h, (int)((char *)memchr(big, 77, 3000) - big));
	for (const char *p = "12 -0x1f 077 1e3 2.5e-3 inf 0x1.8p3 zz"; *p;) {
		char *end;
		double d = strtod(p, &end);
		long l = strtol(p, 0, 0);
		if (end == p)
			break;
		printf("%g/%ld ", d, l);
		p = end;
		while (*p == ' ')
			p++;
	}
	char *dup = strdup("done");
	printf("%s %d\n", dup, atoi(" 42x"));
	free(dup);
	return 42;
}
