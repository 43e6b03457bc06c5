# The floating-point environment of x86-64 is MXCSR; its exception bits are the base ABI's.

	.section .text.__popcorn_fp_get,"ax",@progbits
	.globl __popcorn_fp_get
	.type __popcorn_fp_get,@function
# long __popcorn_fp_get(void): FE_* exceptions | FE_* rounding
__popcorn_fp_get:
	stmxcsr -8(%rsp)
	mov -8(%rsp),%ecx
	mov %ecx,%eax
	and $0x3d,%eax
	shr $3,%ecx
	and $0xc00,%ecx
	or %rcx,%rax
	ret
	.size __popcorn_fp_get,.-__popcorn_fp_get

	.section .text.__popcorn_fp_set,"ax",@progbits
	.globl __popcorn_fp_set
	.type __popcorn_fp_set,@function
# void __popcorn_fp_set(long word)
__popcorn_fp_set:
	stmxcsr -8(%rsp)
	mov -8(%rsp),%ecx
	and $~0x603f,%ecx
	mov %edi,%eax
	and $0x3d,%edi
	and $0xc00,%eax
	shl $3,%eax
	or %edi,%ecx
	or %eax,%ecx
	mov %ecx,-8(%rsp)
	ldmxcsr -8(%rsp)
	ret
	.size __popcorn_fp_set,.-__popcorn_fp_set

	.section .note.GNU-stack,"",@progbits
