//! What the kernel pushes before it calls a signal handler, as plain data: where, from the stack
//! pointer that the handler returns with, the interrupted registers lie. One row per ISA, in the order
//! of `popcorn_toolchains::ALL`. Offsets in bytes.

use super::Context;

/// Offsets of the interrupted registers.
pub struct SignalFrame {
    pub sp: u16,
    pub pc: u16,
    /// The link register, where calls leave the return address in one.
    pub link: Option<u16>,
    /// In the order of `Isa::callee_saved`.
    pub saved: &'static [u16],
}

/// x86-64: `struct rt_sigframe` without its first word, which the handler's return has popped: ucontext
/// first, general registers at 40 (`struct sigcontext_64`: r8-r15, di, si, bp, bx, dx, ax, cx, sp, ip).
const BASE: SignalFrame = {
    const fn reg(n: u16) -> u16 {
        40 + 8 * n
    }
    SignalFrame {
        sp: reg(15),
        pc: reg(16),
        link: None,
        saved: &[reg(11), reg(10), reg(4), reg(5), reg(6), reg(7)],
    }
};

/// AArch64: siginfo (128 bytes), then ucontext, whose `struct sigcontext` is at 176: fault address, 31
/// registers, sp, pc, pstate; at 288 of that the vector registers, after 16 bytes of header.
const ARM: SignalFrame = {
    const fn x(n: u16) -> u16 {
        128 + 176 + 8 + 8 * n
    }
    const fn d(n: u16) -> u16 {
        128 + 176 + 288 + 16 + 16 * n
    }
    SignalFrame {
        sp: x(31),
        pc: x(32),
        link: Some(x(30)),
        saved: &[
            x(19),
            x(20),
            x(21),
            x(22),
            x(23),
            x(24),
            x(25),
            x(26),
            x(27),
            x(28),
            x(29),
            d(8),
            d(9),
            d(10),
            d(11),
            d(12),
            d(13),
            d(14),
            d(15),
        ],
    }
};

/// RISC-V: siginfo (128 bytes), then ucontext, whose registers are at 176: pc, x1-x31, f0-f31.
const RISCV: SignalFrame = {
    const fn x(n: u16) -> u16 {
        128 + 176 + 8 * n
    }
    const fn f(n: u16) -> u16 {
        128 + 176 + 256 + 8 * n
    }
    SignalFrame {
        sp: x(2),
        pc: x(0),
        link: Some(x(1)),
        saved: &[
            x(8),
            x(9),
            x(18),
            x(19),
            x(20),
            x(21),
            x(22),
            x(23),
            x(24),
            x(25),
            x(26),
            x(27),
            f(8),
            f(9),
            f(18),
            f(19),
            f(20),
            f(21),
            f(22),
            f(23),
            f(24),
            f(25),
            f(26),
            f(27),
        ],
    }
};

static FRAMES: [SignalFrame; 3] = [BASE, ARM, RISCV];

const _: () = {
    assert!(FRAMES.len() == popcorn_toolchains::ALL.len());
    let mut i = 0;
    while i < FRAMES.len() {
        assert!(FRAMES[i].saved.len() == popcorn_toolchains::ALL[i].callee_saved.len());
        i += 1;
    }
};

/// Bytes of code within which `__popcorn_raw_syscall` makes its system call, on every ISA.
const RAW_SYSCALL_SIZE: u64 = 64;

/// The return addresses that a handler's frame may have: our restorer's, or the kernel's own code where
/// the port has no restorer: `li a7, 139; ecall`.
fn is_trampoline(pc: u64) -> bool {
    const RT_SIGRETURN: [u32; 2] = [0x08b0_0893, 0x0000_0073];
    if super::kernel::kernel().restorer {
        return pc == super::restorer();
    }
    // SAFETY: a return address is in code, which is readable.
    pc.is_multiple_of(4) && unsafe { *(pc as *const [u32; 2]) } == RT_SIGRETURN
}

/// What a signal interrupted.
pub enum Interrupted {
    /// The context is not that of a signal handler's return.
    No,
    /// A system call of ours: the context is now that of the caller of `__popcorn_raw_syscall`.
    SystemCall,
    /// Code anywhere: the context is that of the interrupted instruction. `link` is what the link register
    /// held, where there is one: the return address of code that has not saved it.
    Code { link: Option<u64> },
}

/// If `context` is about to return from a signal handler, turns it into what the signal interrupted.
pub fn step(context: &mut Context) -> Interrupted {
    if !is_trampoline(context.pc) {
        return Interrupted::No;
    }
    let frame = &FRAMES[usize::from(super::isa().id)];
    let base = context.sp;
    // SAFETY: the kernel's frame is where the handler returns to.
    let word = |offset: u16| unsafe { *((base + u64::from(offset)) as *const u64) };
    for (register, &offset) in context.regs.iter_mut().zip(frame.saved) {
        *register = word(offset);
    }
    context.sp = word(frame.sp);
    context.pc = word(frame.pc);
    let raw = super::__popcorn_raw_syscall as *const () as u64;
    if context.pc.wrapping_sub(raw) >= RAW_SYSCALL_SIZE {
        return Interrupted::Code {
            link: frame.link.map(word),
        };
    }
    // It keeps nothing on the stack, and the link register as it was.
    match frame.link {
        Some(link) => context.pc = word(link),
        None => {
            // SAFETY: the return address that its call has pushed.
            context.pc = unsafe { *(context.sp as *const u64) };
            context.sp += 8;
        }
    }
    Interrupted::SystemCall
}
