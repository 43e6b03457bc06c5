# The floating-point environment of LoongArch: fcsr0 holds the exceptions in reverse order from bit 16 on, the rounding
# mode in bits 8 and 9. The constant is a table of four nibbles, indexed by the mode, and its own inverse.

	.section .text.__popcorn_fp_get,"ax",@progbits
	.globl __popcorn_fp_get
	.type __popcorn_fp_get,@function
# long __popcorn_fp_get(void): FE_* exceptions | FE_* rounding
__popcorn_fp_get:
	movfcsr2gr $a1,$fcsr0
	bstrpick.d $a0,$a1,20,20	# invalid
	bstrpick.d $a2,$a1,19,19	# division by zero
	slli.d $a2,$a2,2
	or $a0,$a0,$a2
	bstrpick.d $a2,$a1,18,18	# overflow
	slli.d $a2,$a2,3
	or $a0,$a0,$a2
	bstrpick.d $a2,$a1,17,17	# underflow
	slli.d $a2,$a2,4
	or $a0,$a0,$a2
	bstrpick.d $a2,$a1,16,16	# inexact
	slli.d $a2,$a2,5
	or $a0,$a0,$a2
	bstrpick.d $a1,$a1,9,8
	slli.d $a1,$a1,2
	li.w $a2,0x1230			# nearest, to zero, up, down <-> 0, 3, 2, 1
	srl.d $a2,$a2,$a1
	andi $a2,$a2,3
	slli.d $a2,$a2,10
	or $a0,$a0,$a2
	ret
	.size __popcorn_fp_get,.-__popcorn_fp_get

	.section .text.__popcorn_fp_set,"ax",@progbits
	.globl __popcorn_fp_set
	.type __popcorn_fp_set,@function
# void __popcorn_fp_set(long word)
__popcorn_fp_set:
	bstrpick.d $a1,$a0,11,10
	slli.d $a1,$a1,2
	li.w $a2,0x1230
	srl.d $a2,$a2,$a1
	andi $a2,$a2,3
	slli.d $a1,$a2,8
	bstrins.d $a1,$a0,20,20		# invalid
	srli.d $a0,$a0,2
	bstrins.d $a1,$a0,19,19		# division by zero
	srli.d $a0,$a0,1
	bstrins.d $a1,$a0,18,18		# overflow
	srli.d $a0,$a0,1
	bstrins.d $a1,$a0,17,17		# underflow
	srli.d $a0,$a0,1
	bstrins.d $a1,$a0,16,16		# inexact
	movgr2fcsr $fcsr0,$a1
	ret
	.size __popcorn_fp_set,.-__popcorn_fp_set

	.section .note.GNU-stack,"",@progbits
