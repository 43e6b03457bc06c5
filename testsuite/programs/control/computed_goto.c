// A byte-code interpreter that dispatches by computed goto, with its state live across every jump.
#include <stdio.h>

enum { PUSH, ADD, MUL, SUB, DUP, SWAP, JNZ, PRINT, CALL, HALT };

__attribute__((noinline)) static long helper(long x)
{
	long s = 0;
	for (int i = 0; i < 4; i++)
		s += x >> i;
	return s;
}

static long run(const int *code)
{
	static const void *const labels[] = {
		&&push, &&add, &&mul, &&sub, &&dup, &&swap, &&jnz, &&print, &&call, &&halt,
	};
	long stack[16], *sp = stack, t;
	const int *pc = code;
	long steps = 0;
#define NEXT do { steps++; goto *labels[*pc++]; } while (0)
	NEXT;
push: *sp++ = *pc++; NEXT;
add:  sp--; sp[-1] += sp[0]; NEXT;
mul:  sp--; sp[-1] *= sp[0]; NEXT;
sub:  sp--; sp[-1] -= sp[0]; NEXT;
dup:  sp[0] = sp[-1]; sp++; NEXT;
swap: t = sp[-1]; sp[-1] = sp[-2]; sp[-2] = t; NEXT;
jnz:  sp--; if (sp[0]) pc = code + *pc; else pc++; NEXT;
print: printf("%ld\n", *--sp); NEXT;
call: sp[-1] = helper(sp[-1]); NEXT;
halt: return steps;
}

int main(void)
{
	/* 10! by counting down, a helper call each turn */
	static const int factorial[] = {
		PUSH, 1, PUSH, 10,           /* acc n */
		DUP, CALL, PRINT,            /* 4: */
		DUP, PUSH, 0, ADD, SWAP,     /* acc n -> n acc ... keep the order below */
		SWAP,
		DUP, PUSH, -1, ADD, SWAP,
		PRINT,
		DUP, JNZ, 4,
		PRINT, PRINT, HALT,
	};
	long steps = run(factorial);
	printf("%ld steps\n", steps);
	return 42;
}
