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
        .cfi_startproc
        .endm

        .macro  done name
        .cfi_endproc
        .size   \name, . - \name
        .endm

# Builds the context of the caller. At entry only the return address lies on the stack.
        .macro  save_context
        subq    $232, %rsp
        .cfi_adjust_cfa_offset 232
        leaq    240(%rsp), %rax
        movq    %rax, 0(%rsp)
        movq    232(%rsp), %rax
        movq    %rax, 8(%rsp)
        save_registers
        .endm

        .macro  save_registers
        movq    %rbx, 32(%rsp)
        movq    %rbp, 40(%rsp)
        movq    %r12, 48(%rsp)
        movq    %r13, 56(%rsp)
        movq    %r14, 64(%rsp)
        movq    %r15, 72(%rsp)
        .endm

# Becomes the context at rsp. Never falls through.
        .macro  load_context
        load_registers
        movq    8(%rsp), %rcx
        movq    0(%rsp), %rsp
        jmpq    *%rcx
        .endm

# The same while signal handlers may longjmp: there is a return address at every instruction.
        .macro  return_to_context
        load_registers
        movq    0(%rsp), %rcx
        movq    8(%rsp), %r11
        movq    %r11, -8(%rcx)
        leaq    -8(%rcx), %rsp
        .cfi_def_cfa_offset 8
        retq
        .endm

        .macro  load_registers
        movq    32(%rsp), %rbx
        movq    40(%rsp), %rbp
        movq    48(%rsp), %r12
        movq    56(%rsp), %r13
        movq    64(%rsp), %r14
        movq    72(%rsp), %r15
        movq    16(%rsp), %rax
        movq    24(%rsp), %rdx
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

# __popcorn_poll() -> record or null. Called by LLVM's preserve_all convention: keeps every register but
# rax and r11, so that a poll costs its caller nothing while it is not taken.
        function __popcorn_poll
        save_context
        subq    $320, %rsp
        .cfi_adjust_cfa_offset 320
        movq    %rcx, 0(%rsp)
        movq    %rdx, 8(%rsp)
        movq    %rsi, 16(%rsp)
        movq    %rdi, 24(%rsp)
        movq    %r8, 32(%rsp)
        movq    %r9, 40(%rsp)
        movq    %r10, 48(%rsp)
        movaps  %xmm0, 64(%rsp)
        movaps  %xmm1, 80(%rsp)
        movaps  %xmm2, 96(%rsp)
        movaps  %xmm3, 112(%rsp)
        movaps  %xmm4, 128(%rsp)
        movaps  %xmm5, 144(%rsp)
        movaps  %xmm6, 160(%rsp)
        movaps  %xmm7, 176(%rsp)
        movaps  %xmm8, 192(%rsp)
        movaps  %xmm9, 208(%rsp)
        movaps  %xmm10, 224(%rsp)
        movaps  %xmm11, 240(%rsp)
        movaps  %xmm12, 256(%rsp)
        movaps  %xmm13, 272(%rsp)
        movaps  %xmm14, 288(%rsp)
        movaps  %xmm15, 304(%rsp)
        leaq    320(%rsp), %rdi
        callq   __popcorn_poll_slow
        movaps  64(%rsp), %xmm0
        movaps  80(%rsp), %xmm1
        movaps  96(%rsp), %xmm2
        movaps  112(%rsp), %xmm3
        movaps  128(%rsp), %xmm4
        movaps  144(%rsp), %xmm5
        movaps  160(%rsp), %xmm6
        movaps  176(%rsp), %xmm7
        movaps  192(%rsp), %xmm8
        movaps  208(%rsp), %xmm9
        movaps  224(%rsp), %xmm10
        movaps  240(%rsp), %xmm11
        movaps  256(%rsp), %xmm12
        movaps  272(%rsp), %xmm13
        movaps  288(%rsp), %xmm14
        movaps  304(%rsp), %xmm15
        movq    0(%rsp), %rcx
        movq    8(%rsp), %rdx
        movq    16(%rsp), %rsi
        movq    24(%rsp), %rdi
        movq    32(%rsp), %r8
        movq    40(%rsp), %r9
        movq    48(%rsp), %r10
        addq    $552, %rsp
        .cfi_adjust_cfa_offset -552
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

# __popcorn_capture_skip(record)
        function __popcorn_capture_skip
        save_context
        movq    %rdi, %rsi
        movq    %rsp, %rdi
        callq   __popcorn_capture_skip_step
        load_context
        done    __popcorn_capture_skip

# longjmp(buffer, value)
        function longjmp
        save_context
        movl    %esi, %edx
        movq    %rdi, %rsi
        movq    %rsp, %rdi
        callq   __popcorn_longjmp_first
        return_to_context
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
        return_to_context
        done    __popcorn_unwind_resume

# __popcorn_raw_syscall(n, a, b, c, d, e, f): touches neither stack nor link register; 64 bytes on every
# ISA, so that the unwinder knows it. It returns by a jump: some kernels leave the CPU's stack of return addresses in
# disorder, and every return behind a system call is then predicted wrong.
        function __popcorn_raw_syscall
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
.Lraw:  leaq    8(%rsp), %rsp
        .cfi_adjust_cfa_offset -8
.Lraw_popped:
        jmpq    *-8(%rsp)
        .org    __popcorn_raw_syscall + 64, 0xcc
        done    __popcorn_raw_syscall

# __popcorn_call_vdso(function, a, b, caller): the result of function(a, b, 0), an int. Until it returns *caller is the
# context of whoever called this, its stack pointer and return address in the last of 240 bytes. 256 bytes on every ISA.
        function __popcorn_call_vdso
        subq    $232, %rsp
        .cfi_adjust_cfa_offset 232
        save_registers
        movq    %rcx, 224(%rsp)
        movq    %rsp, (%rcx)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        xorl    %edx, %edx
        callq   *%rax
        cltq
        movq    224(%rsp), %rcx
        movq    $0, (%rcx)
        addq    $232, %rsp
        .cfi_adjust_cfa_offset -232
        retq
        .org    __popcorn_call_vdso + 256, 0xcc
        done    __popcorn_call_vdso

# __popcorn_waiting_syscall(n, a, b, c, d, e, f, word): as __popcorn_raw_syscall, unless the 32-bit word is not zero. Then, and if
# a signal handler finds it at .Lcall or before and has it go on at .Lkicked, there is no call and the result is -4096.
        function __popcorn_waiting_syscall
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        movq    16(%rsp), %rcx
        cmpl    $0, (%rcx)
        jne     .Lkicked
.Lcall: syscall
.Ldone: leaq    8(%rsp), %rsp
        .cfi_adjust_cfa_offset -8
.Ldone_popped:
        jmpq    *-8(%rsp)
.Lkicked:
        .cfi_adjust_cfa_offset 8
        movq    $-4096, %rax
        retq
        .org    __popcorn_waiting_syscall + 64, 0xcc
        done    __popcorn_waiting_syscall

# __popcorn_set_thread_pointer(value): arch_prctl(ARCH_SET_FS, value)
        function __popcorn_set_thread_pointer
        movl    $158, %eax
        movq    %rdi, %rsi
        movl    $0x1002, %edi
        syscall
        retq
        done    __popcorn_set_thread_pointer

# rt_sigreturn, where signal handlers return to if the kernel asks: 4 bytes in, so that the byte before
# belongs to no other function. Without unwind rules, by which the unwinder knows it.
        .section .text.__popcorn_sigreturn,"ax",@progbits
        .globl  __popcorn_sigreturn
        .type   __popcorn_sigreturn,@function
        .balign 16
__popcorn_sigreturn:
        .nops   4, 1
        movl    $15, %eax
        syscall
        ud2
        .size   __popcorn_sigreturn, . - __popcorn_sigreturn

# Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        ud2
        done    __popcorn_personality

# Where the instruction is that waits, where it goes on, where it gives up; where __popcorn_raw_syscall goes on;
# where both have taken the return address off the stack.
        .section .popcorn.private.waiting,"aw",@progbits
        .globl  __popcorn_waiting_places
        .type   __popcorn_waiting_places,@object
        .balign 8
__popcorn_waiting_places:
        .quad   .Lcall, .Ldone, .Lkicked, .Lraw, .Lraw_popped, .Ldone_popped
        .size   __popcorn_waiting_places, 48

        .section .popcorn.private.isa,"aw",@progbits
        .globl  __popcorn_isa_id
        .type   __popcorn_isa_id,@object
        .balign 8
__popcorn_isa_id:
        .quad   0
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
