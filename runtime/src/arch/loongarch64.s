# LoongArch 64 (lp64d): the few instructions the runtime cannot write in Rust.
#
# LoongArch ELF psABI: arguments a0-a7, results a0 a1; fp, s0-s8 and fs0-fs7 are the callee's to keep. `struct Context`
# (arch/mod.rs) is built on the stack: sp 0, pc 8, arguments 16 and 24, registers from 32 in the order of
# `Isa::callee_saved`. One function per section.

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
        addi.d  $sp, $sp, -240
        .cfi_def_cfa_offset 240
        st.d    $ra, $sp, 232
        .cfi_offset 1, -8
        st.d    $ra, $sp, 8
        addi.d  $ra, $sp, 240
        st.d    $ra, $sp, 0
        st.d    $fp, $sp, 32
        st.d    $s0, $sp, 40
        st.d    $s1, $sp, 48
        st.d    $s2, $sp, 56
        st.d    $s3, $sp, 64
        st.d    $s4, $sp, 72
        st.d    $s5, $sp, 80
        st.d    $s6, $sp, 88
        st.d    $s7, $sp, 96
        st.d    $s8, $sp, 104
        fst.d   $fs0, $sp, 112
        fst.d   $fs1, $sp, 120
        fst.d   $fs2, $sp, 128
        fst.d   $fs3, $sp, 136
        fst.d   $fs4, $sp, 144
        fst.d   $fs5, $sp, 152
        fst.d   $fs6, $sp, 160
        fst.d   $fs7, $sp, 168
        .endm

# Becomes the context at sp. Never falls through. From where sp is the context's, ra is where it goes on.
        .macro  load_context
        ld.d    $fp, $sp, 32
        ld.d    $s0, $sp, 40
        ld.d    $s1, $sp, 48
        ld.d    $s2, $sp, 56
        ld.d    $s3, $sp, 64
        ld.d    $s4, $sp, 72
        ld.d    $s5, $sp, 80
        ld.d    $s6, $sp, 88
        ld.d    $s7, $sp, 96
        ld.d    $s8, $sp, 104
        fld.d   $fs0, $sp, 112
        fld.d   $fs1, $sp, 120
        fld.d   $fs2, $sp, 128
        fld.d   $fs3, $sp, 136
        fld.d   $fs4, $sp, 144
        fld.d   $fs5, $sp, 152
        fld.d   $fs6, $sp, 160
        fld.d   $fs7, $sp, 168
        ld.d    $a0, $sp, 16
        ld.d    $a1, $sp, 24
        ld.d    $ra, $sp, 8
        ld.d    $sp, $sp, 0
        .cfi_def_cfa_offset 0
        .cfi_restore 1
        jr      $ra
        .endm

# _start: the kernel's stack pointer is the argument.
        function _start
        move    $fp, $zero
        move    $ra, $zero
        move    $a0, $sp
        bstrins.d $sp, $zero, 3, 0
        bl      __popcorn_start
        break   0
        done    _start

# __popcorn_bottom(stack_top, function, a, b, c): the lowest frame. 64 bytes on every ISA.
        function __popcorn_bottom
        move    $sp, $a0
        move    $fp, $zero
        move    $t0, $a1
        move    $a0, $a2
        move    $a1, $a3
        move    $a2, $a4
        jirl    $ra, $t0, 0
        break   0
        .org    __popcorn_bottom + 64
        done    __popcorn_bottom

# __popcorn_poll() -> record or null, in a0. Called from inline assembly: keeps every register but a0 and
# ra, so that a poll costs its caller nothing while it is not taken.
        function __popcorn_poll
        save_context
        addi.d  $sp, $sp, -336
        .cfi_def_cfa_offset 576
        st.d    $t0, $sp, 0
        st.d    $t1, $sp, 8
        st.d    $t2, $sp, 16
        st.d    $t3, $sp, 24
        st.d    $t4, $sp, 32
        st.d    $t5, $sp, 40
        st.d    $t6, $sp, 48
        st.d    $t7, $sp, 56
        st.d    $t8, $sp, 64
        st.d    $a1, $sp, 72
        st.d    $a2, $sp, 80
        st.d    $a3, $sp, 88
        st.d    $a4, $sp, 96
        st.d    $a5, $sp, 104
        st.d    $a6, $sp, 112
        st.d    $a7, $sp, 120
        fst.d   $ft0, $sp, 128
        fst.d   $ft1, $sp, 136
        fst.d   $ft2, $sp, 144
        fst.d   $ft3, $sp, 152
        fst.d   $ft4, $sp, 160
        fst.d   $ft5, $sp, 168
        fst.d   $ft6, $sp, 176
        fst.d   $ft7, $sp, 184
        fst.d   $ft8, $sp, 192
        fst.d   $ft9, $sp, 200
        fst.d   $ft10, $sp, 208
        fst.d   $ft11, $sp, 216
        fst.d   $ft12, $sp, 224
        fst.d   $ft13, $sp, 232
        fst.d   $ft14, $sp, 240
        fst.d   $ft15, $sp, 248
        fst.d   $fa0, $sp, 256
        fst.d   $fa1, $sp, 264
        fst.d   $fa2, $sp, 272
        fst.d   $fa3, $sp, 280
        fst.d   $fa4, $sp, 288
        fst.d   $fa5, $sp, 296
        fst.d   $fa6, $sp, 304
        fst.d   $fa7, $sp, 312
        movcf2gr $t0, $fcc0
        st.b    $t0, $sp, 320
        movcf2gr $t0, $fcc1
        st.b    $t0, $sp, 321
        movcf2gr $t0, $fcc2
        st.b    $t0, $sp, 322
        movcf2gr $t0, $fcc3
        st.b    $t0, $sp, 323
        movcf2gr $t0, $fcc4
        st.b    $t0, $sp, 324
        movcf2gr $t0, $fcc5
        st.b    $t0, $sp, 325
        movcf2gr $t0, $fcc6
        st.b    $t0, $sp, 326
        movcf2gr $t0, $fcc7
        st.b    $t0, $sp, 327
        addi.d  $a0, $sp, 336
        bl      __popcorn_poll_slow
        ld.bu   $t0, $sp, 320
        movgr2cf $fcc0, $t0
        ld.bu   $t0, $sp, 321
        movgr2cf $fcc1, $t0
        ld.bu   $t0, $sp, 322
        movgr2cf $fcc2, $t0
        ld.bu   $t0, $sp, 323
        movgr2cf $fcc3, $t0
        ld.bu   $t0, $sp, 324
        movgr2cf $fcc4, $t0
        ld.bu   $t0, $sp, 325
        movgr2cf $fcc5, $t0
        ld.bu   $t0, $sp, 326
        movgr2cf $fcc6, $t0
        ld.bu   $t0, $sp, 327
        movgr2cf $fcc7, $t0
        ld.d    $t0, $sp, 0
        ld.d    $t1, $sp, 8
        ld.d    $t2, $sp, 16
        ld.d    $t3, $sp, 24
        ld.d    $t4, $sp, 32
        ld.d    $t5, $sp, 40
        ld.d    $t6, $sp, 48
        ld.d    $t7, $sp, 56
        ld.d    $t8, $sp, 64
        ld.d    $a1, $sp, 72
        ld.d    $a2, $sp, 80
        ld.d    $a3, $sp, 88
        ld.d    $a4, $sp, 96
        ld.d    $a5, $sp, 104
        ld.d    $a6, $sp, 112
        ld.d    $a7, $sp, 120
        fld.d   $ft0, $sp, 128
        fld.d   $ft1, $sp, 136
        fld.d   $ft2, $sp, 144
        fld.d   $ft3, $sp, 152
        fld.d   $ft4, $sp, 160
        fld.d   $ft5, $sp, 168
        fld.d   $ft6, $sp, 176
        fld.d   $ft7, $sp, 184
        fld.d   $ft8, $sp, 192
        fld.d   $ft9, $sp, 200
        fld.d   $ft10, $sp, 208
        fld.d   $ft11, $sp, 216
        fld.d   $ft12, $sp, 224
        fld.d   $ft13, $sp, 232
        fld.d   $ft14, $sp, 240
        fld.d   $ft15, $sp, 248
        fld.d   $fa0, $sp, 256
        fld.d   $fa1, $sp, 264
        fld.d   $fa2, $sp, 272
        fld.d   $fa3, $sp, 280
        fld.d   $fa4, $sp, 288
        fld.d   $fa5, $sp, 296
        fld.d   $fa6, $sp, 304
        fld.d   $fa7, $sp, 312
        ld.d    $ra, $sp, 344
        .cfi_restore 1
        addi.d  $sp, $sp, 576
        .cfi_def_cfa_offset 0
        ret
        done    __popcorn_poll

# __popcorn_capture_next(record)
        function __popcorn_capture_next
        save_context
        move    $a1, $a0
        move    $a0, $sp
        bl      __popcorn_capture_step
        load_context
        done    __popcorn_capture_next

# __popcorn_capture_skip(record)
        function __popcorn_capture_skip
        save_context
        move    $a1, $a0
        move    $a0, $sp
        bl      __popcorn_capture_skip_step
        load_context
        done    __popcorn_capture_skip

# longjmp(buffer, value)
        function longjmp
        save_context
        move    $a2, $a1
        move    $a1, $a0
        move    $a0, $sp
        bl      __popcorn_longjmp_first
        load_context
        done    longjmp

        function _longjmp
        b       longjmp
        done    _longjmp

        function siglongjmp
        b       longjmp
        done    siglongjmp

# __popcorn_unwind_resume(request)
        function __popcorn_unwind_resume
        save_context
        move    $a1, $a0
        move    $a0, $sp
        bl      __popcorn_longjmp_next
        load_context
        done    __popcorn_unwind_resume

# __popcorn_raw_syscall(n, a, b, c, d, e, f): touches neither stack nor link register; 64 bytes on every
# ISA, so that the unwinder knows it.
        function __popcorn_raw_syscall
        move    $a7, $a0
        move    $a0, $a1
        move    $a1, $a2
        move    $a2, $a3
        move    $a3, $a4
        move    $a4, $a5
        move    $a5, $a6
        syscall 0
.Lraw:  ret
        .org    __popcorn_raw_syscall + 64
        done    __popcorn_raw_syscall

# __popcorn_call_vdso(function, a, b, caller): the result of function(a, b, 0), an int. Until it returns *caller is the
# context of whoever called this, its stack pointer and return address in the last of 240 bytes. 256 bytes on every ISA.
        function __popcorn_call_vdso
        save_context
        st.d    $a3, $sp, 224
        st.d    $sp, $a3, 0
        move    $t0, $a0
        move    $a0, $a1
        move    $a1, $a2
        move    $a2, $zero
        jirl    $ra, $t0, 0
        addi.w  $a0, $a0, 0
        ld.d    $a3, $sp, 224
        st.d    $zero, $a3, 0
        ld.d    $ra, $sp, 232
        addi.d  $sp, $sp, 240
        .cfi_def_cfa_offset 0
        .cfi_restore 1
        ret
        .org    __popcorn_call_vdso + 256
        done    __popcorn_call_vdso

# __popcorn_waiting_syscall(n, a, b, c, d, e, f, word): as __popcorn_raw_syscall, unless the 32-bit word is not zero. Then, and if
# a signal handler finds it at .Lcall or before and has it go on at .Lkicked, there is no call and the result is -4096.
        function __popcorn_waiting_syscall
        move    $t0, $a7
        move    $a7, $a0
        move    $a0, $a1
        move    $a1, $a2
        move    $a2, $a3
        move    $a3, $a4
        move    $a4, $a5
        move    $a5, $a6
        ld.w    $t0, $t0, 0
        bnez    $t0, .Lkicked
.Lcall: syscall 0
.Ldone: ret
.Lkicked:
        lu12i.w $a0, -1
        ret
        .org    __popcorn_waiting_syscall + 64
        done    __popcorn_waiting_syscall

# __popcorn_set_thread_pointer(value)
        function __popcorn_set_thread_pointer
        move    $tp, $a0
        ret
        done    __popcorn_set_thread_pointer
# rt_sigreturn, where signal handlers return to if the kernel asks: 4 bytes in, so that the byte before
# belongs to no other function. Without unwind rules, by which the unwinder knows it.
        .section .text.__popcorn_sigreturn,"ax",@progbits
        .globl  __popcorn_sigreturn
        .type   __popcorn_sigreturn,@function
        .balign 16
__popcorn_sigreturn:
        nop
        ori     $a7, $zero, 139
        syscall 0
        break   0
        .size   __popcorn_sigreturn, . - __popcorn_sigreturn

# Named by every instrumented function, never called: no unwinder but ours runs.
        function __popcorn_personality
        break   0
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
        .quad   3
        .size   __popcorn_isa_id, 8

        .section .note.GNU-stack,"",@progbits
