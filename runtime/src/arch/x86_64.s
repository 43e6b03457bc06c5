# x86-64: the few instructions the runtime cannot write in Rust.
#
# System V ABI, AMD64 supplement: arguments rdi rsi rdx rcx r8 r9, then the stack; results rax rdx.
# `struct Context` (arch/mod.rs) is built on the stack: sp 0, pc 8, arguments 16 and 24, registers from
# 32 in the order of `Isa::callee_saved`. One function per section, so that each gets one address.

        .macro  function name
        .section .text.\name,"ax",@progbits
        .globl  \name
        .type   \name,@function
        .balign 16
\name:
        .endm

        .macro  done name
        .size   \name, . - \name
        .endm

# Builds the context of the caller. At entry only the return address lies on the stack.
        .macro  save_context
        subq    $232, %rsp
        leaq    240(%rsp), %rax
        movq    %rax, 0(%rsp)
        movq    232(%rsp), %rax
        movq    %rax, 8(%rsp)
        movq    %rbx, 32(%rsp)
        movq    %rbp, 40(%rsp)
        movq    %r12, 48(%rsp)
        movq    %r13, 56(%rsp)
        movq    %r14, 64(%rsp)
        movq    %r15, 72(%rsp)
        .endm

# Becomes the context at rsp. Never falls through.
        .macro  load_context
        movq    32(%rsp), %rbx
        movq    40(%rsp), %rbp
        movq    48(%rsp), %r12
        movq    56(%rsp), %r13
        movq    64(%rsp), %r14
        movq    72(%rsp), %r15
        movq    16(%rsp), %rax
        movq    24(%rsp), %rdx
        movq    8(%rsp), %rcx
        movq    0(%rsp), %rsp
        jmpq    *%rcx
        .endm

# _start: the kernel's stack pointer is the argument.
        function _start
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        andq    $-16, %rsp
        callq   __popcorn_start
        ud2
        done    _start

# __popcorn_bottom(stack_top, function, a, b, c): the lowest frame. 64 bytes on every ISA.
        function __popcorn_bottom
        movq    %rdi, %rsp
        xorl    %ebp, %ebp
        movq    %rsi, %rax
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        callq   *%rax
        ud2
        .org    __popcorn_bottom + 64, 0xcc
        done    __popcorn_bottom

# __popcorn_poll() -> record or null
        function __popcorn_poll
        save_context
        movq    %rsp, %rdi
        callq   __popcorn_poll_slow
        addq    $232, %rsp
        retq
        done    __popcorn_poll

# __popcorn_capture_next(record)
        function __popcorn_capture_next
        save_context
        movq    %rdi, %rsi
        movq    %rsp, %rdi
        callq   __popcorn_capture_step
        load_context
        done    __popcorn_capture_next

# longjmp(buffer, value)
        function longjmp
        save_context
        movl    %esi, %edx
        movq    %rdi, %rsi
        movq    %rsp, %rdi
        callq   __popcorn_longjmp_first
        load_context
        done    longjmp

        function _longjmp
        jmp     longjmp
        done    _longjmp

        function siglongjmp
        jmp     longjmp
        done    siglongjmp

# __popcorn_unwind_resume(request)
        function __popcorn_unwind_resume
        save_context
        movq    %rdi, %rsi
        movq    %rsp, %rdi
        callq   __popcorn_longjmp_next
        load_context
        done    __popcorn_unwind_resume

# __popcorn_raw_syscall(n, a, b, c, d, e, f): touches neither stack nor link register; 64 bytes on every
# ISA, so that the unwinder knows it.
        function __popcorn_raw_syscall
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        retq
        .org    __popcorn_raw_syscall + 64, 0xcc
        done    __popcorn_raw_syscall

# __popcorn_set_thread_pointer(value): arch_prctl(ARCH_SET_FS, value)
        function __popcorn_set_thread_pointer
        movl    $158, %eax
        movq    %rdi, %rsi
        movl    $0x1002, %edi
        syscall
        retq
        done    __popcorn_set_thread_pointer

# Where the runtime's own signal handlers return to: rt_sigreturn.
        function __popcorn_sigreturn
        movl    $15, %eax
        syscall
        ud2
        done    __popcorn_sigreturn

# Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        ud2
        done    __popcorn_personality

        .section .popcorn.private.isa,"aw",@progbits
        .globl  __popcorn_isa_id
        .type   __popcorn_isa_id,@object
        .balign 8
__popcorn_isa_id:
        .quad   0
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
