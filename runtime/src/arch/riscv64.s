# RISC-V 64 (rv64gc, lp64d): the few instructions the runtime cannot write in Rust.
#
# RISC-V ELF psABI: arguments a0-a7, results a0 a1; s0-s11 and fs0-fs11 are the callee's to keep; gp is
# the address of __popcorn_flag, from the beginning on. `struct Context` (arch/mod.rs) is built on the stack: sp 0, pc 8, arguments 16 and 24,
# registers from 32 in the order of `Isa::callee_saved`. One function per section.

        .option norelax

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

# Builds the context of the caller; ra holds the return address, and changes. No other register does. The address has a
# place of its own as well, for the unwinder: a longjmp changes the context while signal handlers may longjmp, too.
        .macro  save_context
        addi    sp, sp, -240
        .cfi_def_cfa_offset 240
        sd      ra, 232(sp)
        .cfi_offset ra, -8
        sd      ra, 8(sp)
        addi    ra, sp, 240
        sd      ra, 0(sp)
        sd      s0, 32(sp)
        sd      s1, 40(sp)
        sd      s2, 48(sp)
        sd      s3, 56(sp)
        sd      s4, 64(sp)
        sd      s5, 72(sp)
        sd      s6, 80(sp)
        sd      s7, 88(sp)
        sd      s8, 96(sp)
        sd      s9, 104(sp)
        sd      s10, 112(sp)
        sd      s11, 120(sp)
        fsd     fs0, 128(sp)
        fsd     fs1, 136(sp)
        fsd     fs2, 144(sp)
        fsd     fs3, 152(sp)
        fsd     fs4, 160(sp)
        fsd     fs5, 168(sp)
        fsd     fs6, 176(sp)
        fsd     fs7, 184(sp)
        fsd     fs8, 192(sp)
        fsd     fs9, 200(sp)
        fsd     fs10, 208(sp)
        fsd     fs11, 216(sp)
        .endm

# Becomes the context at sp. Never falls through. From where sp is the context's, ra is where it goes on.
        .macro  load_context
        ld      s0, 32(sp)
        ld      s1, 40(sp)
        ld      s2, 48(sp)
        ld      s3, 56(sp)
        ld      s4, 64(sp)
        ld      s5, 72(sp)
        ld      s6, 80(sp)
        ld      s7, 88(sp)
        ld      s8, 96(sp)
        ld      s9, 104(sp)
        ld      s10, 112(sp)
        ld      s11, 120(sp)
        fld     fs0, 128(sp)
        fld     fs1, 136(sp)
        fld     fs2, 144(sp)
        fld     fs3, 152(sp)
        fld     fs4, 160(sp)
        fld     fs5, 168(sp)
        fld     fs6, 176(sp)
        fld     fs7, 184(sp)
        fld     fs8, 192(sp)
        fld     fs9, 200(sp)
        fld     fs10, 208(sp)
        fld     fs11, 216(sp)
        ld      a0, 16(sp)
        ld      a1, 24(sp)
        ld      ra, 8(sp)
        ld      sp, 0(sp)
        .cfi_def_cfa_offset 0
        .cfi_restore ra
        jr      ra
        .endm

# _start: the kernel's stack pointer is the argument.
        function _start
        lui     gp, %hi(__popcorn_flag)
        addi    gp, gp, %lo(__popcorn_flag)
        li      s0, 0
        li      ra, 0
        mv      a0, sp
        andi    sp, sp, -16
        call    __popcorn_start
        unimp
        done    _start

# __popcorn_bottom(stack_top, function, a, b, c): the lowest frame. 64 bytes on every ISA.
        function __popcorn_bottom
        mv      sp, a0
        li      s0, 0
        mv      t0, a1
        mv      a0, a2
        mv      a1, a3
        mv      a2, a4
        jalr    t0
        unimp
        .org    __popcorn_bottom + 64
        done    __popcorn_bottom

# __popcorn_poll() -> record or null, in a0. Called from inline assembly: keeps every register but a0 and
# ra, so that a poll costs its caller nothing while it is not taken.
        function __popcorn_poll
        save_context
        addi    sp, sp, -272
        .cfi_def_cfa_offset 512
        sd      t0, 0(sp)
        sd      t1, 8(sp)
        sd      t2, 16(sp)
        sd      t3, 24(sp)
        sd      t4, 32(sp)
        sd      t5, 40(sp)
        sd      t6, 48(sp)
        sd      a1, 56(sp)
        sd      a2, 64(sp)
        sd      a3, 72(sp)
        sd      a4, 80(sp)
        sd      a5, 88(sp)
        sd      a6, 96(sp)
        sd      a7, 104(sp)
        fsd     ft0, 112(sp)
        fsd     ft1, 120(sp)
        fsd     ft2, 128(sp)
        fsd     ft3, 136(sp)
        fsd     ft4, 144(sp)
        fsd     ft5, 152(sp)
        fsd     ft6, 160(sp)
        fsd     ft7, 168(sp)
        fsd     ft8, 176(sp)
        fsd     ft9, 184(sp)
        fsd     ft10, 192(sp)
        fsd     ft11, 200(sp)
        fsd     fa0, 208(sp)
        fsd     fa1, 216(sp)
        fsd     fa2, 224(sp)
        fsd     fa3, 232(sp)
        fsd     fa4, 240(sp)
        fsd     fa5, 248(sp)
        fsd     fa6, 256(sp)
        fsd     fa7, 264(sp)
        addi    a0, sp, 272
        call    __popcorn_poll_slow
        ld      t0, 0(sp)
        ld      t1, 8(sp)
        ld      t2, 16(sp)
        ld      t3, 24(sp)
        ld      t4, 32(sp)
        ld      t5, 40(sp)
        ld      t6, 48(sp)
        ld      a1, 56(sp)
        ld      a2, 64(sp)
        ld      a3, 72(sp)
        ld      a4, 80(sp)
        ld      a5, 88(sp)
        ld      a6, 96(sp)
        ld      a7, 104(sp)
        fld     ft0, 112(sp)
        fld     ft1, 120(sp)
        fld     ft2, 128(sp)
        fld     ft3, 136(sp)
        fld     ft4, 144(sp)
        fld     ft5, 152(sp)
        fld     ft6, 160(sp)
        fld     ft7, 168(sp)
        fld     ft8, 176(sp)
        fld     ft9, 184(sp)
        fld     ft10, 192(sp)
        fld     ft11, 200(sp)
        fld     fa0, 208(sp)
        fld     fa1, 216(sp)
        fld     fa2, 224(sp)
        fld     fa3, 232(sp)
        fld     fa4, 240(sp)
        fld     fa5, 248(sp)
        fld     fa6, 256(sp)
        fld     fa7, 264(sp)
        ld      ra, 280(sp)
        .cfi_restore ra
        addi    sp, sp, 512
        .cfi_def_cfa_offset 0
        ret
        done    __popcorn_poll

# __popcorn_capture_next(record)
        function __popcorn_capture_next
        save_context
        mv      a1, a0
        mv      a0, sp
        call    __popcorn_capture_step
        load_context
        done    __popcorn_capture_next

# __popcorn_capture_skip(record)
        function __popcorn_capture_skip
        save_context
        mv      a1, a0
        mv      a0, sp
        call    __popcorn_capture_skip_step
        load_context
        done    __popcorn_capture_skip

# longjmp(buffer, value)
        function longjmp
        save_context
        mv      a2, a1
        mv      a1, a0
        mv      a0, sp
        call    __popcorn_longjmp_first
        load_context
        done    longjmp

        function _longjmp
        tail    longjmp
        done    _longjmp

        function siglongjmp
        tail    longjmp
        done    siglongjmp

# __popcorn_unwind_resume(request)
        function __popcorn_unwind_resume
        save_context
        mv      a1, a0
        mv      a0, sp
        call    __popcorn_longjmp_next
        load_context
        done    __popcorn_unwind_resume

# __popcorn_raw_syscall(n, a, b, c, d, e, f): touches neither stack nor link register; 64 bytes on every
# ISA, so that the unwinder knows it.
        function __popcorn_raw_syscall
        mv      a7, a0
        mv      a0, a1
        mv      a1, a2
        mv      a2, a3
        mv      a3, a4
        mv      a4, a5
        mv      a5, a6
        ecall
.Lraw:  ret
        .org    __popcorn_raw_syscall + 64
        done    __popcorn_raw_syscall

# __popcorn_call_vdso(function, a, b, caller): the result of function(a, b, 0), an int. Until it returns *caller is the
# context of whoever called this, its stack pointer and return address in the last of 240 bytes. 256 bytes on every ISA.
        function __popcorn_call_vdso
        save_context
        sd      a3, 224(sp)
        sd      sp, 0(a3)
        mv      t0, a0
        mv      a0, a1
        mv      a1, a2
        li      a2, 0
        jalr    t0
        sext.w  a0, a0
        ld      a3, 224(sp)
        sd      zero, 0(a3)
        ld      ra, 232(sp)
        addi    sp, sp, 240
        .cfi_def_cfa_offset 0
        .cfi_restore ra
        ret
        .org    __popcorn_call_vdso + 256
        done    __popcorn_call_vdso

# __popcorn_waiting_syscall(n, a, b, c, d, e, f, word): as __popcorn_raw_syscall, unless the 32-bit word is not zero. Then, and if
# a signal handler finds it at .Lcall or before and has it go on at .Lkicked, there is no call and the result is -4096.
        function __popcorn_waiting_syscall
        mv      t0, a7
        mv      a7, a0
        mv      a0, a1
        mv      a1, a2
        mv      a2, a3
        mv      a3, a4
        mv      a4, a5
        mv      a5, a6
        lw      t0, 0(t0)
        bnez    t0, .Lkicked
.Lcall: ecall
.Ldone: ret
.Lkicked:
        li      a0, -4096
        ret
        .org    __popcorn_waiting_syscall + 64
        done    __popcorn_waiting_syscall

# __popcorn_set_thread_pointer(value)
        function __popcorn_set_thread_pointer
        mv      tp, a0
        ret
        done    __popcorn_set_thread_pointer

# rt_sigreturn, where signal handlers return to if the kernel asks: 4 bytes in, so that the byte before
# belongs to no other function. Without unwind rules, by which the unwinder knows it.
        .section .text.__popcorn_sigreturn,"ax",@progbits
        .globl  __popcorn_sigreturn
        .type   __popcorn_sigreturn,@function
        .balign 16
__popcorn_sigreturn:
        .option push
        .option norvc
        nop
        .option pop
        li      a7, 139
        ecall
        unimp
        .size   __popcorn_sigreturn, . - __popcorn_sigreturn

# Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        unimp
        done    __popcorn_personality

# Where the instruction is that waits, where it goes on, where it gives up; where __popcorn_raw_syscall goes on;
# no place is without its return address.
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
        .quad   2
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
