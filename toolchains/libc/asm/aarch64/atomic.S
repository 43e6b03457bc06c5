// Compare-and-swap of 16 bytes on AArch64, by exclusive accesses. What was read is one value only if writing it back
// succeeds.

	.section .text.__popcorn_swap_16,"ax",@progbits
	.globl __popcorn_swap_16
	.hidden __popcorn_swap_16
	.type __popcorn_swap_16,@function
// long __popcorn_swap_16(void *place, long expected[2], long low, long high)
__popcorn_swap_16:
	ldp x4,x5,[x1]
1:	ldaxp x6,x7,[x0]
	cmp x6,x4
	ccmp x7,x5,#0,eq
	csel x9,x2,x6,eq
	csel x10,x3,x7,eq
	stlxp w8,x9,x10,[x0]
	cbnz w8,1b
	stp x6,x7,[x1]
	cset x0,eq
	ret
	.size __popcorn_swap_16,.-__popcorn_swap_16

	.section .note.GNU-stack,"",@progbits
