// C11 atomics of every size, fences and empty assembly barriers, in a single thread.
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int i32 = 5;
static _Atomic unsigned char u8;
static _Atomic long long i64;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static struct pair { int a, b; } plain;
static _Atomic struct pair both;

__attribute__((noinline)) static int step(int n)
{
	int old = atomic_fetch_add(&i32, n);
	atomic_fetch_xor_explicit(&u8, (unsigned char)n, memory_order_relaxed);
	long long expected = atomic_load(&i64);
	while (!atomic_compare_exchange_weak(&i64, &expected, expected * 3 + n))
		;
	__asm__ volatile("" ::: "memory");
	atomic_thread_fence(memory_order_seq_cst);
	struct pair p = atomic_load(&both);
	p.a += n;
	p.b ^= p.a;
	atomic_store(&both, p);
	return old;
}

int main(void)
{
	int sum = 0;
	for (int n = 0; n < 40; n++) {
		sum += step(n);
		if (n % 10 == 0)
			printf("%d ", atomic_flag_test_and_set(&flag));
		if (n % 20 == 0)
			atomic_flag_clear(&flag);
	}
	plain = both;
	printf("%d %d %u %lld %d %d\n", sum, i32, u8, i64, plain.a, plain.b);
	printf("%d\n", atomic_exchange(&i32, 9));
	return i32 == 9 ? 42 : 1;
}
