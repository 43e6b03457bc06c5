// Handlers of SIGSEGV and SIGBUS make good what was wrong and return, or jump out: a lazily filled table, a guarded
// read, a file that is shorter than its map; before, between and after hops.
//#Config: O2
//#Briefly: never
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 65536
#define PAGES 8

static char *table;
static volatile sig_atomic_t filled, jumped;
static sigjmp_buf back;
static volatile sig_atomic_t guarded;

static void fault(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;
	(void)context;
	if (guarded) {
		jumped++;
		guarded = 0;
		siglongjmp(back, sig);
	}
	if (at < table || at >= table + PAGES * PAGE)
		_exit(1);
	long page = (at - table) / PAGE;
	mprotect(table + page * PAGE, PAGE, PROT_READ | PROT_WRITE);
	memset(table + page * PAGE, 'a' + (int)page, PAGE);
	filled++;
}

__attribute__((noinline)) static int read_at(const volatile char *at)
{
	return *at;
}

/* The value there, or minus the signal. */
__attribute__((noinline)) static int guarded_read(const volatile char *at)
{
	int sig = sigsetjmp(back, 1);
	if (sig)
		return -sig;
	guarded = 1;
	int value = read_at(at);
	guarded = 0;
	return value;
}

int main(void)
{
	struct sigaction act = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &act, 0);
	sigaction(SIGBUS, &act, 0);
	table = mmap(0, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int round = 0; round < 3; round++) {
		long sum = 0;
		for (int i = 0; i < PAGES; i++)
			sum += read_at(table + ((i * 3) % PAGES) * PAGE + i + round);
		printf("%ld, filled %d\n", sum, (int)filled);
		if (round < 2)
			mprotect(table + round * PAGE, PAGE, PROT_NONE);
	}
	char *hole = mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *file = tmpfile();
	fputs("text", file);
	fflush(file);
	char *map = mmap(0, 2 * PAGE, PROT_READ, MAP_PRIVATE, fileno(file), 0);
	for (int round = 0; round < 4; round++)
		printf("%d %d %d %d\n", guarded_read(hole), guarded_read(table + round), guarded_read(map + PAGE + 5),
			guarded_read(map + round));
	printf("jumped %d\n", (int)jumped);
	return 42;
}
