# Threads on RISC-V: the thread pointer is the register tp and points at the TLS image.

	.section .text.__popcorn_tp_value,"ax",@progbits
	.globl __popcorn_tp_value
	.hidden __popcorn_tp_value
	.type __popcorn_tp_value,@function
# long __popcorn_tp_value(long pthread, long image, long gap)
__popcorn_tp_value:
	mv a0,a1
	ret
	.size __popcorn_tp_value,.-__popcorn_tp_value

	.section .text.__set_thread_area,"ax",@progbits
	.globl __set_thread_area
	.hidden __set_thread_area
	.type __set_thread_area,@function
# long __set_thread_area(void *tp)
__set_thread_area:
	mv tp,a0
	li a0,0
	ret
	.size __set_thread_area,.-__set_thread_area

	.section .text.__clone,"ax",@progbits
	.globl __clone
	.hidden __clone
	.type __clone,@function
# long __clone(int (*fn)(void *), void *stack, long flags, void *arg, void *ptid, void *tls, void *ctid)
__clone:
	andi a1,a1,-16
	addi a1,a1,-16
	sd a0,0(a1)
	sd a3,8(a1)
	mv a0,a2		# flags
	mv a2,a4		# ptid
	mv a3,a5		# tls
	mv a4,a6		# ctid
	li a7,220
	ecall
	beqz a0,1f
	ret
1:	li s0,0
	li ra,0
	ld a1,0(sp)
	ld a0,8(sp)
	addi sp,sp,16
	jalr a1
	li a7,93
	ecall
	ebreak
	.size __clone,.-__clone

	.section .text.__restore_rt,"ax",@progbits
	.globl __restore_rt
	.hidden __restore_rt
	.type __restore_rt,@function
# rt_sigaction has no restorer field here and the kernel returns through its own code; the name must
# exist because libc, in the base ABI, passes it on.
__restore_rt:
	li a7,139
	ecall
	.size __restore_rt,.-__restore_rt

	.section .note.GNU-stack,"",@progbits
