// As many maps as Linux has by default, each with something in it.
//#Config: O2
//#Migrate: every 200000
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __popcorn__
#include <popcorn.h>
static void move(const char *isa) { popcorn_migrate(isa); }
#else
static void move(const char *isa) { (void)isa; }
#endif

enum { MAPS = 32000 };

int main(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *all = mmap(0, 2 * MAPS * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int failed = 0;
	for (long i = 0; i < MAPS; i++) {
		all[2 * i * page] = (char)i;
		failed += mprotect(all + 2 * i * page, page, PROT_READ) != 0;
	}
	move("aarch64");
	long sum = 0;
	for (long i = 0; i < MAPS; i++)
		sum += all[2 * i * page] * (i % 7);
	move("x86_64");
	for (long i = 0; i < MAPS; i++)
		sum += all[2 * i * page] * (i % 5);
	printf("%d %ld\n", failed, sum);
	return 42;
}
