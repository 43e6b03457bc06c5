# Threads on LoongArch: the thread pointer is the register tp and points at the TLS image.

	.section .text.__popcorn_tp_value,"ax",@progbits
	.globl __popcorn_tp_value
	.hidden __popcorn_tp_value
	.type __popcorn_tp_value,@function
# long __popcorn_tp_value(long pthread, long image, long gap)
__popcorn_tp_value:
	move $a0,$a1
	ret
	.size __popcorn_tp_value,.-__popcorn_tp_value

	.section .text.__set_thread_area,"ax",@progbits
	.globl __set_thread_area
	.hidden __set_thread_area
	.type __set_thread_area,@function
# long __set_thread_area(void *tp)
__set_thread_area:
	move $tp,$a0
	move $a0,$zero
	ret
	.size __set_thread_area,.-__set_thread_area

	.section .text.__clone,"ax",@progbits
	.globl __clone
	.hidden __clone
	.type __clone,@function
# long __clone(int (*fn)(void *), void *stack, long flags, void *arg, void *ptid, void *tls, void *ctid)
__clone:
	bstrins.d $a1,$zero,3,0
	addi.d $a1,$a1,-16
	st.d $a0,$a1,0
	st.d $a3,$a1,8
	move $a0,$a2		# flags
	move $a2,$a4		# ptid
	move $a3,$a6		# ctid
	move $a4,$a5		# tls
	ori $a7,$zero,220
	syscall 0
	beqz $a0,1f
	ret
1:	move $fp,$zero
	move $ra,$zero
	ld.d $a1,$sp,0
	ld.d $a0,$sp,8
	addi.d $sp,$sp,16
	jirl $ra,$a1,0
	ori $a7,$zero,93
	syscall 0
	break 0
	.size __clone,.-__clone

	.section .text.__restore_rt,"ax",@progbits
	.globl __restore_rt
	.hidden __restore_rt
	.type __restore_rt,@function
# rt_sigaction has no restorer field here and the kernel returns through its own code; the name must
# exist because libc, in the base ABI, passes it on.
__restore_rt:
	ori $a7,$zero,139
	syscall 0
	.size __restore_rt,.-__restore_rt

	.section .note.GNU-stack,"",@progbits
