// A call whose argument is chosen by a condition stays covered by its own pad on every ISA: a back end
// without conditional moves branches for the choice.
#include <stdio.h>

static volatile int sum;
static volatile int rounds = 40; // unknown, and more than a tiny loop takes between two points
static int arr[9] = {1,2,3,4,5};

__attribute__((noinline)) void step(long p, long a, int b, int c, int d, int *e, int choice, int z, int on_stack) {
  for (int i = 0; i < rounds; i++)
    sum += (int)(p + a + b + c + d + *e + choice + z + on_stack);
}
__attribute__((noinline)) void other(long p) {
  for (int i = 0; i < rounds; i++) sum += (int)p;
}

__attribute__((noinline)) void work(long p, long a, long b, long c, unsigned char kind, int replace, int pos) {
  other(p);
  if (replace) {
    if (pos > 3) other(a);
    other(b);
    if (pos) other(c);
    step(p, a, b, c, pos, &arr[replace], kind == 2 ? 6 : 4, 0, 0);
    if (replace > 2) other(p + 1);
  } else {
    step(p, a, b, c, pos, &arr[replace], kind == 2 ? 6 : 4, 0, 0);
  }
  if (pos) other(kind);
}

int main(void) {
  for (int i = 0; i < 20; i++) work(i, 1, 2, 3, i % 3, i % 4, i % 5);
  printf("%d\n", sum);
  return 42;
}
