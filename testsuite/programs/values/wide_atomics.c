// Atomics of 16 bytes and of odd sizes: of values, structures and quads, in line and by the library's functions.
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
//#Flags: -latomic

typedef unsigned __int128 u128;

static _Atomic u128 counter;
static _Atomic __int128 least;
static u128 plain;
static _Atomic double _Complex sum;

struct pair {
	int64_t x, y;
};
static _Atomic struct pair pair;

struct odd {
	char c[11];
};
static _Atomic struct odd odd;

struct large {
	long l[7];
};
static _Atomic struct large large;

static struct __attribute__((packed)) {
	char c;
	uint64_t u;
	u128 w;
} crooked;

static void show(const char *what, u128 v)
{
	printf("%s %016llx%016llx\n", what, (unsigned long long)(v >> 64), (unsigned long long)v);
}

__attribute__((noinline)) static void step(int i)
{
	struct pair p = {i, -i}, q;
	struct odd o;
	struct large l;
	u128 u, one = 1;
	uint64_t x;

	counter += ((u128)i << 70) + 3;
	counter ^= (u128)i << 99;
	show("counter", atomic_fetch_sub(&counter, 1));
	show("or", atomic_fetch_or(&counter, one << 127));
	show("and", atomic_fetch_and(&counter, ~(one << 127)));
	atomic_store_explicit(&least, -(__int128)i << 80, memory_order_relaxed);
	show("max", (u128)__atomic_fetch_max((__int128 *)&least, -5, __ATOMIC_SEQ_CST));
	show("min", (u128)__atomic_fetch_min((__int128 *)&least, -6, __ATOMIC_SEQ_CST));
	show("nand", __atomic_fetch_nand(&plain, ~one, __ATOMIC_ACQ_REL));
	show("sync", __sync_val_compare_and_swap(&plain, ~(u128)0, i));
	show("exchange", __atomic_exchange_n(&plain, (u128)i << 64 | 7, __ATOMIC_SEQ_CST));
	u = 6;
	printf("%d", __atomic_compare_exchange_n(&plain, &u, one, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	show("", u);
	printf("%d", __atomic_compare_exchange_n(&plain, &u, one, 1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	show("", __atomic_load_n(&plain, __ATOMIC_ACQUIRE));

	q = atomic_exchange(&pair, p);
	printf("pair %lld %lld %d\n", (long long)q.x, (long long)q.y, atomic_compare_exchange_strong(&pair, &p, q));

	o = odd;
	memset(o.c, 'a' + i % 26, 10);
	odd = o;
	l = large;
	l.l[i % 7] += i;
	large = l;
	printf("%s %ld\n", atomic_load(&odd).c, atomic_load(&large).l[i % 7]);
	memset(&l, 0, sizeof l);
	printf("%d", atomic_compare_exchange_strong(&large, &l, (struct large){{1}}));
	printf("%d\n", atomic_compare_exchange_strong(&large, &l, (struct large){{1}}));
	sum += 1.5 + i;

	x = __atomic_add_fetch(&crooked.u, 5, __ATOMIC_SEQ_CST);
	__atomic_store(&crooked.w, &one, __ATOMIC_SEQ_CST);
	__atomic_exchange(&crooked.w, &(u128){9}, &u, __ATOMIC_SEQ_CST);
	printf("%llu", (unsigned long long)x);
	show("", u + __atomic_load_n(&crooked.w, __ATOMIC_SEQ_CST));
}

int main(void)
{
	for (int i = 0; i < 12; i++)
		step(i);
	printf("%g\n", __real__ atomic_load(&sum));
	return 42;
}
