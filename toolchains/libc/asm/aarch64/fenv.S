// The floating-point environment of AArch64: FPSR holds the exceptions in the base ABI's order but
// without a hole at bit 1; FPCR[23:22] holds the rounding mode, up and down swapped.

	.section .text.__popcorn_fp_get,"ax",@progbits
	.globl __popcorn_fp_get
	.type __popcorn_fp_get,@function
// long __popcorn_fp_get(void): FE_* exceptions | FE_* rounding
__popcorn_fp_get:
	mrs x1,fpsr
	mrs x2,fpcr
	and x0,x1,#1
	and x1,x1,#0x1e
	orr x0,x0,x1,lsl #1
	ubfx x2,x2,#22,#2
	rbit x2,x2
	lsr x2,x2,#62
	orr x0,x0,x2,lsl #10
	ret
	.size __popcorn_fp_get,.-__popcorn_fp_get

	.section .text.__popcorn_fp_set,"ax",@progbits
	.globl __popcorn_fp_set
	.type __popcorn_fp_set,@function
// void __popcorn_fp_set(long word)
__popcorn_fp_set:
	and x1,x0,#1
	lsr x2,x0,#1
	and x2,x2,#0x1e
	orr x1,x1,x2
	mrs x3,fpsr
	mov x4,#0x1f
	bic x3,x3,x4
	orr x3,x3,x1
	msr fpsr,x3
	ubfx x2,x0,#10,#2
	rbit x2,x2
	lsr x2,x2,#62
	mrs x3,fpcr
	bfi x3,x2,#22,#2
	msr fpcr,x3
	ret
	.size __popcorn_fp_set,.-__popcorn_fp_set

	.section .note.GNU-stack,"",@progbits
