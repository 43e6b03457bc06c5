// AArch64: the few instructions the runtime cannot write in Rust.
//
// AAPCS64: arguments x0-x7, results x0 x1; x19-x29 and d8-d15 are the callee's to keep; x18 is left
// alone. `struct Context` (arch/mod.rs) is built on the stack: sp 0, pc 8, arguments 16 and 24,
// registers from 32 in the order of `Isa::callee_saved`. One function per section.

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

// Builds the context of the caller; x30 holds the return address.
        .macro  save_context
        mov     x9, sp
        sub     sp, sp, #240
        stp     x9, x30, [sp, #0]
        stp     x19, x20, [sp, #32]
        stp     x21, x22, [sp, #48]
        stp     x23, x24, [sp, #64]
        stp     x25, x26, [sp, #80]
        stp     x27, x28, [sp, #96]
        str     x29, [sp, #112]
        stp     d8, d9, [sp, #120]
        stp     d10, d11, [sp, #136]
        stp     d12, d13, [sp, #152]
        stp     d14, d15, [sp, #168]
        .endm

// Becomes the context at sp. Never falls through.
        .macro  load_context
        ldp     x19, x20, [sp, #32]
        ldp     x21, x22, [sp, #48]
        ldp     x23, x24, [sp, #64]
        ldp     x25, x26, [sp, #80]
        ldp     x27, x28, [sp, #96]
        ldr     x29, [sp, #112]
        ldp     d8, d9, [sp, #120]
        ldp     d10, d11, [sp, #136]
        ldp     d12, d13, [sp, #152]
        ldp     d14, d15, [sp, #168]
        ldp     x0, x1, [sp, #16]
        ldp     x9, x10, [sp, #0]
        mov     sp, x9
        br      x10
        .endm

// _start: the kernel's stack pointer is the argument.
        function _start
        mov     x29, #0
        mov     x30, #0
        mov     x0, sp
        bl      __popcorn_start
        udf     #0
        done    _start

// __popcorn_bottom(stack_top, function, a, b, c): the lowest frame. 64 bytes on every ISA.
        function __popcorn_bottom
        mov     sp, x0
        mov     x29, #0
        mov     x9, x1
        mov     x0, x2
        mov     x1, x3
        mov     x2, x4
        blr     x9
        udf     #0
        .org    __popcorn_bottom + 64
        done    __popcorn_bottom

// __popcorn_poll() -> record or null
        function __popcorn_poll
        save_context
        mov     x0, sp
        bl      __popcorn_poll_slow
        ldr     x30, [sp, #8]
        add     sp, sp, #240
        ret
        done    __popcorn_poll

// __popcorn_capture_next(record)
        function __popcorn_capture_next
        save_context
        mov     x1, x0
        mov     x0, sp
        bl      __popcorn_capture_step
        load_context
        done    __popcorn_capture_next

// longjmp(buffer, value)
        function longjmp
        save_context
        mov     w2, w1
        mov     x1, x0
        mov     x0, sp
        bl      __popcorn_longjmp_first
        load_context
        done    longjmp

        function _longjmp
        b       longjmp
        done    _longjmp

        function siglongjmp
        b       longjmp
        done    siglongjmp

// __popcorn_unwind_resume(request)
        function __popcorn_unwind_resume
        save_context
        mov     x1, x0
        mov     x0, sp
        bl      __popcorn_longjmp_next
        load_context
        done    __popcorn_unwind_resume

// __popcorn_raw_syscall(n, a, b, c, d, e, f): touches neither stack nor link register; 64 bytes on every
// ISA, so that the unwinder knows it.
        function __popcorn_raw_syscall
        mov     x8, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, x3
        mov     x3, x4
        mov     x4, x5
        mov     x5, x6
        svc     #0
        ret
        .org    __popcorn_raw_syscall + 64
        done    __popcorn_raw_syscall

// __popcorn_set_thread_pointer(value)
        function __popcorn_set_thread_pointer
        msr     tpidr_el0, x0
        ret
        done    __popcorn_set_thread_pointer

// Where the runtime's own signal handlers return to: rt_sigreturn.
        function __popcorn_sigreturn
        mov     x8, #139
        svc     #0
        udf     #0
        done    __popcorn_sigreturn

// Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        udf     #0
        done    __popcorn_personality

        .section .popcorn.private.isa,"aw",@progbits
        .globl  __popcorn_isa_id
        .type   __popcorn_isa_id,@object
        .balign 8
__popcorn_isa_id:
        .quad   1
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
