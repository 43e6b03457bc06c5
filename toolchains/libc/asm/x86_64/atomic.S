# Compare-and-swap of 16 bytes on x86-64: every such CPU since 2006 has it, though the baseline does not say so.

	.section .text.__popcorn_swap_16,"ax",@progbits
	.globl __popcorn_swap_16
	.hidden __popcorn_swap_16
	.type __popcorn_swap_16,@function
# long __popcorn_swap_16(void *place, long expected[2], long low, long high)
__popcorn_swap_16:
	push %rbx
	mov %rdx,%rbx
	mov (%rsi),%rax
	mov 8(%rsi),%rdx
	lock cmpxchg16b (%rdi)
	mov %rax,(%rsi)
	mov %rdx,8(%rsi)
	sete %al
	movzbl %al,%eax
	pop %rbx
	ret
	.size __popcorn_swap_16,.-__popcorn_swap_16

	.section .note.GNU-stack,"",@progbits
