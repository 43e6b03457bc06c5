# The floating-point environment of RISC-V: fflags holds the exceptions in reverse order, frm the
# rounding mode. The constants are tables of four nibbles, indexed by the mode.

	.section .text.__popcorn_fp_get,"ax",@progbits
	.globl __popcorn_fp_get
	.type __popcorn_fp_get,@function
# long __popcorn_fp_get(void): FE_* exceptions | FE_* rounding
__popcorn_fp_get:
	frflags a1
	srli a0,a1,4		# invalid
	andi a2,a1,8		# division by zero: 8 -> 4
	srli a2,a2,1
	or a0,a0,a2
	andi a2,a1,4		# overflow: 4 -> 8
	slli a2,a2,1
	or a0,a0,a2
	andi a2,a1,2		# underflow: 2 -> 16
	slli a2,a2,3
	or a0,a0,a2
	andi a2,a1,1		# inexact: 1 -> 32
	slli a2,a2,5
	or a0,a0,a2
	frrm a1
	slli a1,a1,2
	li a2,0x2130		# nearest, to zero, down, up -> 0, 3, 1, 2
	srl a2,a2,a1
	andi a2,a2,3
	slli a2,a2,10
	or a0,a0,a2
	ret
	.size __popcorn_fp_get,.-__popcorn_fp_get

	.section .text.__popcorn_fp_set,"ax",@progbits
	.globl __popcorn_fp_set
	.type __popcorn_fp_set,@function
# void __popcorn_fp_set(long word)
__popcorn_fp_set:
	andi a1,a0,1
	slli a1,a1,4
	andi a2,a0,4
	slli a2,a2,1
	or a1,a1,a2
	andi a2,a0,8
	srli a2,a2,1
	or a1,a1,a2
	andi a2,a0,16
	srli a2,a2,3
	or a1,a1,a2
	andi a2,a0,32
	srli a2,a2,5
	or a1,a1,a2
	fsflags a1
	srli a0,a0,10
	andi a0,a0,3
	slli a0,a0,2
	li a2,0x1320		# 0, 1, 2, 3 -> nearest, down, up, to zero
	srl a2,a2,a0
	andi a2,a2,3
	fsrm a2
	ret
	.size __popcorn_fp_set,.-__popcorn_fp_set

	.section .note.GNU-stack,"",@progbits
