// State machines in four styles over the same input: switch, table of functions, computed goto, tail calls.
#include <stdio.h>

enum state { START, WORD, NUMBER, SPACE, END, STATES };
enum class { LETTER, DIGIT, BLANK, STOP, CLASSES };

static enum class class_of(char c)
{
	return c == 0 ? STOP : c >= '0' && c <= '9' ? DIGIT : c == ' ' || c == '\n' ? BLANK : LETTER;
}
static const unsigned char next[STATES][CLASSES] = {
	[START] = {WORD, NUMBER, SPACE, END}, [WORD] = {WORD, WORD, SPACE, END}, [NUMBER] = {WORD, NUMBER, SPACE, END},
	[SPACE] = {WORD, NUMBER, SPACE, END}, [END] = {END, END, END, END},
};

__attribute__((noinline)) static unsigned by_switch(const char *s)
{
	unsigned h = 0;
	for (enum state st = START; st != END; s++) {
		st = next[st][class_of(*s)];
		switch (st) {
		case WORD: h = h * 3 + (unsigned)*s; break;
		case NUMBER: h ^= (unsigned)*s << 7; break;
		case SPACE: h += 11; /* fall through */
		default: h = h << 1 | h >> 31;
		}
	}
	return h;
}

static unsigned word(unsigned h, char c) { return h * 3 + (unsigned)c; }
static unsigned digit(unsigned h, char c) { return h ^ (unsigned)c << 7; }
static unsigned blank(unsigned h, char c) { (void)c; h += 11; return h << 1 | h >> 31; }
static unsigned end(unsigned h, char c) { (void)c; return h << 1 | h >> 31; }
__attribute__((noinline)) static unsigned by_table(const char *s)
{
	static unsigned (*const act[STATES])(unsigned, char) = {end, word, digit, blank, end};
	unsigned h = 0;
	for (enum state st = START; st != END; s++)
		h = act[st = next[st][class_of(*s)]](h, *s);
	return h;
}

__attribute__((noinline)) static unsigned by_label(const char *s)
{
	static void *const labels[STATES] = {&&stop, &&in_word, &&in_number, &&in_space, &&stop};
	unsigned h = 0;
	enum state st = START;
#define GO goto *labels[st = next[st][class_of(*s)]]
	GO;
in_word: h = h * 3 + (unsigned)*s++; GO;
in_number: h ^= (unsigned)*s++ << 7; GO;
in_space: h += 11; h = h << 1 | h >> 31; s++; GO;
stop: return h << 1 | h >> 31;
}

static unsigned tail(enum state st, const char *s, unsigned h);
__attribute__((noinline)) static unsigned tail_word(const char *s, unsigned h) { return tail(WORD, s + 1, word(h, *s)); }
__attribute__((noinline)) static unsigned tail_digit(const char *s, unsigned h) { return tail(NUMBER, s + 1, digit(h, *s)); }
__attribute__((noinline)) static unsigned tail_blank(const char *s, unsigned h) { return tail(SPACE, s + 1, blank(h, *s)); }
__attribute__((noinline)) static unsigned tail(enum state st, const char *s, unsigned h)
{
	switch (next[st][class_of(*s)]) {
	case WORD: return tail_word(s, h);
	case NUMBER: return tail_digit(s, h);
	case SPACE: return tail_blank(s, h);
	default: return end(h, *s);
	}
}

int main(void)
{
	static const char *const texts[] = {"", "one 2 three4 55x5 ", "  99 bottles\nof beer 98\n", "a1b2 3c4d5 e 6 7 8"};
	for (int i = 0; i < 4; i++)
		printf("%u %u %u %u\n", by_switch(texts[i]), by_table(texts[i]), by_label(texts[i]), tail(START, texts[i], 0));
	return 42;
}
