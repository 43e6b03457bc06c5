// Switch machines: dense, sparse, over ranges, with fall-through, driving a tokenizer and a calculator.
//#Briefly: O1, O3, Os, Oz
#include <ctype.h>
#include <stdio.h>

static const char *p;
static int expr(void);

static int atom(void)
{
	while (*p == ' ')
		p++;
	switch (*p) {
	case '(': {
		p++;
		int v = expr();
		p++;
		return v;
	}
	case '-': p++; return -atom();
	case '0' ... '9': {
		int v = 0;
		for (; isdigit((unsigned char)*p); p++)
			v = v * 10 + *p - '0';
		return v;
	}
	default: return -999;
	}
}
static int term(void)
{
	int v = atom();
	for (;;) {
		while (*p == ' ')
			p++;
		switch (*p) {
		case '*': p++; v *= atom(); break;
		case '/': p++; v /= atom(); break;
		case '%': p++; v %= atom(); break;
		default: return v;
		}
	}
}
static int expr(void)
{
	int v = term();
	for (;; ) {
		switch (*p) {
		case '+': p++; v += term(); continue;
		case '-': p++; v -= term(); continue;
		}
		return v;
	}
}
static const char *sparse(int n)
{
	switch (n) {
	case -1000: return "low";
	case 0: case 1: return "bit";
	case 7: return "seven";
	case 4096: return "page";
	case 1 << 20: return "mega";
	default: return n < 0 ? "negative" : "other";
	}
}
static int dense(int n)
{
	int r = 0;
	switch (n) {
	case 0: r += 3; __attribute__((fallthrough));
	case 1: r += 5; break;
	case 2: r = n * 9; __attribute__((fallthrough));
	case 3: r ^= 0x55; break;
	case 4: return -4;
	case 5: r = 100; __attribute__((fallthrough));
	case 6: r--; __attribute__((fallthrough));
	case 7: r--; break;
	case 8: for (r = 1; r < 100; r *= 3); break;
	default: r = 77;
	}
	return r;
}

int main(void)
{
	static const char *const text[] = {"1+2*3", "(1+2)*3", "100/7%5", "-(4-9)*-2", "2*(3+4*(5-6))-7", "((((8))))"};
	for (int i = 0; i < 6; i++) {
		p = text[i];
		printf("%s = %d\n", text[i], expr());
	}
	static const int n[] = {-1000, -1, 0, 1, 2, 7, 4096, 1 << 20, 1 << 21};
	for (int i = 0; i < 9; i++)
		printf("%s ", sparse(n[i]));
	for (int i = -1; i < 10; i++)
		printf("%d ", dense(i));
	/* words, numbers and spaces, by states */
	int state = 0, words = 0, numbers = 0;
	for (const char *c = "the 12 quick 7 brown foxes 2x jumped 99"; ; c++) {
		switch (state) {
		case 0:
			if (isdigit((unsigned char)*c)) state = 1, numbers++;
			else if (isalpha((unsigned char)*c)) state = 2, words++;
			break;
		case 1:
			if (isalpha((unsigned char)*c)) state = 2, words++, numbers--;
			else if (*c == ' ') state = 0;
			break;
		case 2:
			if (*c == ' ') state = 0;
		}
		if (!*c)
			break;
	}
	printf("%d words %d numbers\n", words, numbers);
	return 42;
}
