// A program that bounds its recursion by the distance of two frame addresses, as QuickJS does, is not
// misled by a move: native stacks begin at one address on every ISA.
#include <stdint.h>
#include <stdio.h>

static uintptr_t bottom;
static volatile int spins;
static volatile int rounds = 3; // a constant trip count this small needs no point

__attribute__((noinline)) static uintptr_t here(void) {
  return (uintptr_t)__builtin_frame_address(0);
}

__attribute__((noinline)) static int descend(int depth) {
  if (bottom - here() > 1 << 20) return -1000000;
  for (int i = 0; i < rounds; i++) spins++;
  if (depth == 0) return 0;
  return descend(depth - 1) + 1;
}

int main(void) {
  bottom = (uintptr_t)__builtin_frame_address(0);
  int deepest = 0;
  for (int i = 0; i < 8; i++) {
    int depth = descend(i * 40);
    printf("%d\n", depth);
    deepest = depth > deepest ? depth : deepest;
  }
  return deepest == 280 ? 42 : 1;
}
