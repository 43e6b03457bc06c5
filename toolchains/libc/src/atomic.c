/* Atomic accesses that no plain instruction makes: of 16 bytes, of other sizes, of places that are not aligned. The
 * names are those of GCC's libatomic; the passes make calls of what is 16 bytes wide.
 *
 * 16 aligned bytes are accessed with the ISA's own compare-and-swap, if it has one. All else takes a lock of a table
 * that is program state. While it is held all signals are blocked: no handler meets a lock that its own thread holds,
 * and none leaves it held by longjmp. No migration point lies below these functions, so a thread that stops for a move
 * holds no lock. A fork takes all locks before and lets go of them on both sides (edits.diff). */

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include "pthread_impl.h"
#include "syscall.h"

typedef unsigned __int128 wide;

/* In assembly. Compares 16 aligned bytes with *expected, stores low and high if they are equal, else loads them into
 * *expected. 1, 0, or -1: this ISA has no such instruction. */
hidden long __popcorn_swap_16(void *place, wide *expected, uint64_t low, uint64_t high);

#define LOCKS 64 /* enough that two objects rarely share one; a fork takes them all */
#define TRIES 100 /* before a waiter yields: who holds a lock may not be running */

static volatile int locks[LOCKS];

static void take(volatile int *lock)
{
	for (int i = 0; a_swap(lock, 1); i++) {
		if (i < TRIES)
			a_spin();
		else
			__syscall(SYS_sched_yield);
	}
}

static volatile int *lock_of(const volatile void *place)
{
	uintptr_t line = (uintptr_t)place >> 4;

	return &locks[(line ^ line >> 6) % LOCKS];
}

static volatile int *enter(const volatile void *place, sigset_t *mask)
{
	volatile int *lock = lock_of(place);

	__block_all_sigs(mask);
	take(lock);
	return lock;
}

static void leave(volatile int *lock, sigset_t *mask)
{
	a_store(lock, 0);
	__restore_sigs(mask);
}

/* fork's: -1 before, 0 and 1 after, in the parent and the child. */
void __atomic_atfork(int who)
{
	for (int i = 0; i < LOCKS; i++) {
		if (who < 0)
			take(&locks[i]);
		else
			a_store(&locks[i], 0);
	}
}

/* 16 bytes. */

static _Bool swap(wide *place, wide *expected, wide new)
{
	sigset_t mask;
	volatile int *lock;
	wide found;
	long swapped = -1;

	if (!((uintptr_t)place & 15))
		swapped = __popcorn_swap_16(place, expected, new, new >> 64);
	if (swapped >= 0)
		return swapped;
	lock = enter(place, &mask);
	memcpy(&found, place, sizeof found);
	if (found == *expected)
		memcpy(place, &new, sizeof new);
	leave(lock, &mask);
	swapped = found == *expected;
	*expected = found;
	return swapped;
}

wide sync_swap(wide *place, wide expected, wide new) __asm__("__sync_val_compare_and_swap_16");
wide sync_swap(wide *place, wide expected, wide new)
{
	swap(place, &expected, new);
	return expected;
}

_Bool __atomic_compare_exchange_16(wide *place, wide *expected, wide new, int success, int failure)
{
	wide found = *expected;
	_Bool swapped = swap(place, &found, new);

	if (!swapped)
		*expected = found;
	return swapped;
}

wide __atomic_load_16(wide *place, int order)
{
	wide found = 0;

	swap(place, &found, 0);
	return found;
}

/* What is read first may be torn; then it is not what is there, and the loop goes on. */
#define READ_AND_WRITE(name, type, new) \
wide name(wide *place, type operand, int order) \
{ \
	wide found; \
	type old; \
	memcpy(&found, place, sizeof found); \
	do old = found; \
	while (!swap(place, &found, (wide)(new))); \
	return found; \
}

READ_AND_WRITE(__atomic_exchange_16, wide, operand)
READ_AND_WRITE(__atomic_fetch_add_16, wide, old + operand)
READ_AND_WRITE(__atomic_fetch_sub_16, wide, old - operand)
READ_AND_WRITE(__atomic_fetch_and_16, wide, old & operand)
READ_AND_WRITE(__atomic_fetch_nand_16, wide, ~(old & operand))
READ_AND_WRITE(__atomic_fetch_or_16, wide, old | operand)
READ_AND_WRITE(__atomic_fetch_xor_16, wide, old ^ operand)
READ_AND_WRITE(__atomic_fetch_max_16, __int128, old > operand ? old : operand)
READ_AND_WRITE(__atomic_fetch_min_16, __int128, old < operand ? old : operand)
READ_AND_WRITE(__atomic_fetch_umax_16, wide, old > operand ? old : operand)
READ_AND_WRITE(__atomic_fetch_umin_16, wide, old < operand ? old : operand)

void __atomic_store_16(wide *place, wide new, int order)
{
	__atomic_exchange_16(place, new, order);
}

/* Any size. What has a size and an alignment of instructions is accessed by them, here as in line. */

void load(size_t size, void *place, void *out, int order) __asm__("__atomic_load");
void store(size_t size, void *place, const void *new, int order) __asm__("__atomic_store");
void exchange(size_t size, void *place, const void *new, void *out, int order) __asm__("__atomic_exchange");
_Bool compare_exchange(size_t size, void *place, void *expected, const void *new, int success, int failure)
	__asm__("__atomic_compare_exchange");
_Bool is_lock_free(size_t size, const void *place) __asm__("__atomic_is_lock_free");

static _Bool is_native(size_t size, const void *place)
{
	return (size == 1 || size == 2 || size == 4 || size == 8) && !((uintptr_t)place & (size - 1));
}

/* The same on every ISA: a program may ask on one and go on on another. */
_Bool is_lock_free(size_t size, const void *place)
{
	return is_native(size, place);
}

#define BY_SIZE(CASE) \
	if (is_native(size, place)) { \
		switch (size) { \
		case 1: CASE(uint8_t) \
		case 2: CASE(uint16_t) \
		case 4: CASE(uint32_t) \
		case 8: CASE(uint64_t) \
		} \
	}

void load(size_t size, void *place, void *out, int order)
{
	sigset_t mask;
	volatile int *lock;
	wide found;

#define LOAD(type) { \
	type value = __atomic_load_n((type *)place, __ATOMIC_SEQ_CST); \
	memcpy(out, &value, sizeof value); \
	return; \
}
	BY_SIZE(LOAD)
	if (size == sizeof found) {
		found = __atomic_load_16(place, order);
		memcpy(out, &found, sizeof found);
		return;
	}
	lock = enter(place, &mask);
	memcpy(out, place, size);
	leave(lock, &mask);
}

void store(size_t size, void *place, const void *new, int order)
{
	sigset_t mask;
	volatile int *lock;
	wide value;

#define STORE(type) { \
	type value; \
	memcpy(&value, new, sizeof value); \
	__atomic_store_n((type *)place, value, __ATOMIC_SEQ_CST); \
	return; \
}
	BY_SIZE(STORE)
	if (size == sizeof value) {
		memcpy(&value, new, sizeof value);
		__atomic_store_16(place, value, order);
		return;
	}
	lock = enter(place, &mask);
	memcpy(place, new, size);
	leave(lock, &mask);
}

/* `out` may be `new`. */
static void exchange_bytes(size_t size, unsigned char *place, const unsigned char *new, unsigned char *out)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char value = new[i];

		out[i] = place[i];
		place[i] = value;
	}
}

void exchange(size_t size, void *place, const void *new, void *out, int order)
{
	sigset_t mask;
	volatile int *lock;
	wide value;

#define EXCHANGE(type) { \
	type value; \
	memcpy(&value, new, sizeof value); \
	value = __atomic_exchange_n((type *)place, value, __ATOMIC_SEQ_CST); \
	memcpy(out, &value, sizeof value); \
	return; \
}
	BY_SIZE(EXCHANGE)
	if (size == sizeof value) {
		memcpy(&value, new, sizeof value);
		value = __atomic_exchange_16(place, value, order);
		memcpy(out, &value, sizeof value);
		return;
	}
	lock = enter(place, &mask);
	exchange_bytes(size, place, new, out);
	leave(lock, &mask);
}

_Bool compare_exchange(size_t size, void *place, void *expected, const void *new, int success, int failure)
{
	sigset_t mask;
	volatile int *lock;
	wide old, value;
	_Bool same;

#define COMPARE_EXCHANGE(type) { \
	type old, value; \
	memcpy(&old, expected, sizeof old); \
	memcpy(&value, new, sizeof value); \
	same = __atomic_compare_exchange_n((type *)place, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	if (!same) \
		memcpy(expected, &old, sizeof old); \
	return same; \
}
	BY_SIZE(COMPARE_EXCHANGE)
	if (size == sizeof value) {
		memcpy(&old, expected, sizeof old);
		memcpy(&value, new, sizeof value);
		same = swap(place, &old, value);
		if (!same)
			memcpy(expected, &old, sizeof old);
		return same;
	}
	lock = enter(place, &mask);
	same = !memcmp(place, expected, size);
	memcpy(same ? place : expected, same ? new : place, size);
	leave(lock, &mask);
	return same;
}
