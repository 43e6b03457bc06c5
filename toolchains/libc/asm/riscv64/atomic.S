# RISC-V's baseline has no compare-and-swap of 16 bytes.

	.section .text.__popcorn_swap_16,"ax",@progbits
	.globl __popcorn_swap_16
	.hidden __popcorn_swap_16
	.type __popcorn_swap_16,@function
# long __popcorn_swap_16(void *place, long expected[2], long low, long high)
__popcorn_swap_16:
	li a0,-1
	ret
	.size __popcorn_swap_16,.-__popcorn_swap_16

	.section .note.GNU-stack,"",@progbits
