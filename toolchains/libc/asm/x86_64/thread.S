# Threads on x86-64: the thread pointer is the fs base and points at struct pthread.

	.section .text.__popcorn_tp_value,"ax",@progbits
	.globl __popcorn_tp_value
	.hidden __popcorn_tp_value
	.type __popcorn_tp_value,@function
# long __popcorn_tp_value(long pthread, long image, long gap)
__popcorn_tp_value:
	mov %rdi,%rax
	ret
	.size __popcorn_tp_value,.-__popcorn_tp_value

	.section .text.__set_thread_area,"ax",@progbits
	.globl __set_thread_area
	.hidden __set_thread_area
	.type __set_thread_area,@function
# long __set_thread_area(void *tp): arch_prctl(ARCH_SET_FS, tp)
__set_thread_area:
	mov %rdi,%rsi
	mov $0x1002,%edi
	mov $158,%eax
	syscall
	ret
	.size __set_thread_area,.-__set_thread_area

	.section .text.__clone,"ax",@progbits
	.globl __clone
	.hidden __clone
	.type __clone,@function
# long __clone(int (*fn)(void *), void *stack, long flags, void *arg, void *ptid, void *tls, void *ctid)
__clone:
	mov 8(%rsp),%r10
	mov %rdi,%r11
	mov %rdx,%rdi
	mov %r8,%rdx
	mov %r9,%r8
	and $-16,%rsi
	sub $16,%rsi
	mov %rcx,(%rsi)
	mov %r11,8(%rsi)
	mov $56,%eax
	syscall
	test %eax,%eax
	jz 1f
	ret
1:	xor %ebp,%ebp
	pop %rdi
	pop %rax
	call *%rax
	mov %eax,%edi
	mov $60,%eax
	syscall
	hlt
	.size __clone,.-__clone

	.section .text.__restore_rt,"ax",@progbits
	.globl __restore_rt
	.hidden __restore_rt
	.type __restore_rt,@function
# The kernel returns here from a signal handler.
__restore_rt:
	mov $15,%eax
	syscall
	.size __restore_rt,.-__restore_rt

	.section .note.GNU-stack,"",@progbits
