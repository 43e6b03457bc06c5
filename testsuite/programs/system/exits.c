// atexit handlers registered by handlers, on the way out, and destructors; stdio is flushed last, while hopping.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *kept;
static int rounds;

__attribute__((noinline)) static int work(int n)
{
	int s = 0;
	for (int i = 0; i < n; i++)
		s = s * 3 + i;
	return s;
}
static void last(void)
{
	printf("last %s %d\n", kept, work(9));
	free(kept);
}
static void again(void)
{
	printf("again %d %d\n", rounds, work(rounds));
	if (rounds++ < 4)
		atexit(again); /* runs next */
}
static void fill(void)
{
	for (int i = 0; i < 40; i++) /* more than one block of handlers */
		if (atexit(again))
			printf("refused\n");
	rounds = 4;
}
__attribute__((destructor)) static void destroy(void)
{
	printf("destructor %d", work(20)); /* no newline: exit flushes */
}
__attribute__((constructor)) static void construct(void)
{
	setvbuf(stdout, 0, _IOFBF, 4096);
	kept = strdup("kept from the constructor");
	atexit(last);
}

int main(void)
{
	atexit(again);
	atexit(fill);
	printf("main %d\n", work(5));
	exit(42);
}
