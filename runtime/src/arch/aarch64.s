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
        .cfi_startproc
        .endm

        .macro  done name
        .cfi_endproc
        .size   \name, . - \name
        .endm

// Builds the context of the caller; x30 holds the return address. It has a place of its own as well, for the unwinder: a
// longjmp changes the context while signal handlers may longjmp, too.
        .macro  save_context
        mov     x17, sp
        sub     sp, sp, #240
        .cfi_def_cfa_offset 240
        stp     x17, x30, [sp, #0]
        str     x30, [sp, #232]
        .cfi_offset x30, -8
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

// Becomes the context at sp. Never falls through. From where sp is the context's, x30 is where it goes on.
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
        ldp     x9, x30, [sp, #0]
        mov     sp, x9
        .cfi_def_cfa_offset 0
        .cfi_restore x30
        br      x30
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

// __popcorn_poll() -> record or null. Called by LLVM's preserve_all convention: keeps every register but
// x0-x8, x16-x18 and q0-q7, so that a poll costs its caller little while it is not taken.
        function __popcorn_poll
        save_context
        sub     sp, sp, #448
        .cfi_def_cfa_offset 688
        stp     x9, x10, [sp, #0]
        stp     x11, x12, [sp, #16]
        stp     x13, x14, [sp, #32]
        str     x15, [sp, #48]
        stp     q8, q9, [sp, #64]
        stp     q10, q11, [sp, #96]
        stp     q12, q13, [sp, #128]
        stp     q14, q15, [sp, #160]
        stp     q16, q17, [sp, #192]
        stp     q18, q19, [sp, #224]
        stp     q20, q21, [sp, #256]
        stp     q22, q23, [sp, #288]
        stp     q24, q25, [sp, #320]
        stp     q26, q27, [sp, #352]
        stp     q28, q29, [sp, #384]
        stp     q30, q31, [sp, #416]
        add     x0, sp, #448
        bl      __popcorn_poll_slow
        ldp     q8, q9, [sp, #64]
        ldp     q10, q11, [sp, #96]
        ldp     q12, q13, [sp, #128]
        ldp     q14, q15, [sp, #160]
        ldp     q16, q17, [sp, #192]
        ldp     q18, q19, [sp, #224]
        ldp     q20, q21, [sp, #256]
        ldp     q22, q23, [sp, #288]
        ldp     q24, q25, [sp, #320]
        ldp     q26, q27, [sp, #352]
        ldp     q28, q29, [sp, #384]
        ldp     q30, q31, [sp, #416]
        ldp     x9, x10, [sp, #0]
        ldp     x11, x12, [sp, #16]
        ldp     x13, x14, [sp, #32]
        ldr     x15, [sp, #48]
        ldr     x30, [sp, #456]
        .cfi_restore x30
        add     sp, sp, #688
        .cfi_def_cfa_offset 0
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

// __popcorn_capture_skip(record)
        function __popcorn_capture_skip
        save_context
        mov     x1, x0
        mov     x0, sp
        bl      __popcorn_capture_skip_step
        load_context
        done    __popcorn_capture_skip

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
.Lraw:  ret
        .org    __popcorn_raw_syscall + 64
        done    __popcorn_raw_syscall

// __popcorn_call_vdso(function, a, b, caller): the result of function(a, b, 0), an int. Until it returns *caller is the
// context of whoever called this, its stack pointer and return address in the last of 240 bytes. 256 bytes on every ISA.
        function __popcorn_call_vdso
        save_context
        str     x3, [sp, #224]
        mov     x17, sp
        str     x17, [x3]
        mov     x16, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, xzr
        blr     x16
        sxtw    x0, w0
        ldr     x3, [sp, #224]
        str     xzr, [x3]
        ldr     x30, [sp, #232]
        add     sp, sp, #240
        .cfi_def_cfa_offset 0
        .cfi_restore x30
        ret
        .org    __popcorn_call_vdso + 256
        done    __popcorn_call_vdso

// __popcorn_waiting_syscall(n, a, b, c, d, e, f, word): as __popcorn_raw_syscall, unless the 32-bit word is not zero. Then, and if
// a signal handler finds it at .Lcall or before and has it go on at .Lkicked, there is no call and the result is -4096.
        function __popcorn_waiting_syscall
        mov     x8, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, x3
        mov     x3, x4
        mov     x4, x5
        mov     x5, x6
        ldr     w9, [x7]
        cbnz    w9, .Lkicked
.Lcall: svc     #0
.Ldone: ret
.Lkicked:
        mov     x0, #-4096
        ret
        .org    __popcorn_waiting_syscall + 64
        done    __popcorn_waiting_syscall

// __popcorn_set_thread_pointer(value)
        function __popcorn_set_thread_pointer
        msr     tpidr_el0, x0
        ret
        done    __popcorn_set_thread_pointer

// rt_sigreturn, where signal handlers return to if the kernel asks: 4 bytes in, so that the byte before
// belongs to no other function. Without unwind rules, by which the unwinder knows it.
        .section .text.__popcorn_sigreturn,"ax",@progbits
        .globl  __popcorn_sigreturn
        .type   __popcorn_sigreturn,@function
        .balign 16
__popcorn_sigreturn:
        nop
        mov     x8, #139
        svc     #0
        udf     #0
        .size   __popcorn_sigreturn, . - __popcorn_sigreturn

// Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        udf     #0
        done    __popcorn_personality

// Where the instruction is that waits, where it goes on, where it gives up; where __popcorn_raw_syscall goes on;
// no place is without its return address.
        .section .popcorn.private.waiting,"aw",@progbits
        .globl  __popcorn_waiting_places
        .type   __popcorn_waiting_places,@object
        .balign 8
__popcorn_waiting_places:
        .quad   .Lcall, .Ldone, .Lkicked, .Lraw, 0, 0
        .size   __popcorn_waiting_places, 48

        .section .popcorn.private.isa,"aw",@progbits
        .globl  __popcorn_isa_id
        .type   __popcorn_isa_id,@object
        .balign 8
__popcorn_isa_id:
        .quad   1
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
