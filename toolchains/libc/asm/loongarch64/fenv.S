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

# Operations of code that minds the environment (compiled with -frounding-math, as libc is). The back end has no
# instructions for those and calls the helpers of CPUs without floating point; here each is the instruction.

	.macro helper name
	.section .text.\name,"ax",@progbits
	.globl \name
	.type \name,@function
\name:
	.endm

	.macro done name
	ret
	.size \name,.-\name
	.endm

	helper __addsf3
	fadd.s $fa0,$fa0,$fa1
	done __addsf3

	helper __adddf3
	fadd.d $fa0,$fa0,$fa1
	done __adddf3

	helper __subsf3
	fsub.s $fa0,$fa0,$fa1
	done __subsf3

	helper __subdf3
	fsub.d $fa0,$fa0,$fa1
	done __subdf3

	helper __mulsf3
	fmul.s $fa0,$fa0,$fa1
	done __mulsf3

	helper __muldf3
	fmul.d $fa0,$fa0,$fa1
	done __muldf3

	helper __divsf3
	fdiv.s $fa0,$fa0,$fa1
	done __divsf3

	helper __divdf3
	fdiv.d $fa0,$fa0,$fa1
	done __divdf3

	helper __extendsfdf2
	fcvt.d.s $fa0,$fa0
	done __extendsfdf2

	helper __truncdfsf2
	fcvt.s.d $fa0,$fa0
	done __truncdfsf2

	helper __fixsfdi
	ftintrz.l.s $fa0,$fa0
	movfr2gr.d $a0,$fa0
	done __fixsfdi

	helper __floatdisf
	movgr2fr.d $fa0,$a0
	ffint.s.l $fa0,$fa0
	done __floatdisf

	helper __floatundisf
	bltz $a0,1f
	movgr2fr.d $fa0,$a0
	ffint.s.l $fa0,$fa0
	ret
1:	andi $a1,$a0,1			# half of it, no bit forgotten
	srli.d $a0,$a0,1
	or $a0,$a0,$a1
	movgr2fr.d $fa0,$a0
	ffint.s.l $fa0,$fa0
	fadd.s $fa0,$fa0,$fa0
	done __floatundisf

	helper __fixunssfdi
	lu52i.d $a1,$zero,0x43e		# 2^63, as a double
	movgr2fr.d $fa1,$a1
	fcvt.s.d $fa1,$fa1
	fcmp.cle.s $fcc0,$fa1,$fa0
	bcnez $fcc0,1f
	ftintrz.l.s $fa0,$fa0
	movfr2gr.d $a0,$fa0
	ret
1:	fsub.s $fa0,$fa0,$fa1
	ftintrz.l.s $fa0,$fa0
	movfr2gr.d $a0,$fa0
	li.d $a1,0x8000000000000000
	xor $a0,$a0,$a1
	done __fixunssfdi

	helper __fixdfdi
	ftintrz.l.d $fa0,$fa0
	movfr2gr.d $a0,$fa0
	done __fixdfdi

	helper __floatdidf
	movgr2fr.d $fa0,$a0
	ffint.d.l $fa0,$fa0
	done __floatdidf

	helper __floatundidf
	bltz $a0,1f
	movgr2fr.d $fa0,$a0
	ffint.d.l $fa0,$fa0
	ret
1:	andi $a1,$a0,1			# half of it, no bit forgotten
	srli.d $a0,$a0,1
	or $a0,$a0,$a1
	movgr2fr.d $fa0,$a0
	ffint.d.l $fa0,$fa0
	fadd.d $fa0,$fa0,$fa0
	done __floatundidf

	helper __fixunsdfdi
	lu52i.d $a1,$zero,0x43e		# 2^63, as a double
	movgr2fr.d $fa1,$a1
	fcmp.cle.d $fcc0,$fa1,$fa0
	bcnez $fcc0,1f
	ftintrz.l.d $fa0,$fa0
	movfr2gr.d $a0,$fa0
	ret
1:	fsub.d $fa0,$fa0,$fa1
	ftintrz.l.d $fa0,$fa0
	movfr2gr.d $a0,$fa0
	li.d $a1,0x8000000000000000
	xor $a0,$a0,$a1
	done __fixunsdfdi

	.section .note.GNU-stack,"",@progbits
