// Threads on AArch64: TPIDR_EL0 points below the TLS image, at two words of the ABI's.

	.section .text.__popcorn_tp_value,"ax",@progbits
	.globl __popcorn_tp_value
	.hidden __popcorn_tp_value
	.type __popcorn_tp_value,@function
// long __popcorn_tp_value(long pthread, long image, long gap)
__popcorn_tp_value:
	sub x0,x1,x2
	ret
	.size __popcorn_tp_value,.-__popcorn_tp_value

	.section .text.__set_thread_area,"ax",@progbits
	.globl __set_thread_area
	.hidden __set_thread_area
	.type __set_thread_area,@function
// long __set_thread_area(void *tp)
__set_thread_area:
	msr tpidr_el0,x0
	mov x0,#0
	ret
	.size __set_thread_area,.-__set_thread_area

	.section .text.__clone,"ax",@progbits
	.globl __clone
	.hidden __clone
	.type __clone,@function
// long __clone(int (*fn)(void *), void *stack, long flags, void *arg, void *ptid, void *tls, void *ctid)
__clone:
	and x1,x1,#-16
	stp x0,x3,[x1,#-16]!
	mov x0,x2		// flags
	mov x2,x4		// ptid
	mov x3,x5		// tls
	mov x4,x6		// ctid
	mov x8,#220
	svc #0
	cbz x0,1f
	ret
1:	mov x29,#0
	mov x30,#0
	ldp x1,x0,[sp],#16
	blr x1
	mov x8,#93
	svc #0
	brk #1
	.size __clone,.-__clone

	.section .text.__restore_rt,"ax",@progbits
	.globl __restore_rt
	.hidden __restore_rt
	.type __restore_rt,@function
// The kernel returns here from a signal handler.
__restore_rt:
	mov x8,#139
	svc #0
	.size __restore_rt,.-__restore_rt

	.section .note.GNU-stack,"",@progbits
