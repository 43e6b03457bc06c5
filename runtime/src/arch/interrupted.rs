//! The way from a signal handler's return to what the signal interrupted.

use super::port::HandlerReturn;
use super::{Context, port};

/// Bytes of code within which `__popcorn_raw_syscall` makes its system call, on every ISA.
const RAW_SYSCALL_SIZE: u64 = 64;

/// Whether `pc` is where handlers return to: our restorer, or the kernel's own code.
fn is_trampoline(pc: u64) -> bool {
    match port().handler_return {
        HandlerReturn::Restorer => pc == super::restorer(),
        HandlerReturn::Kernel(code) => {
            // SAFETY: a return address is in code, which is readable.
            pc.is_multiple_of(4) && unsafe { *(pc as *const [u32; 2]) } == code
        }
    }
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
    let frame = &port().signal_frame;
    let base = context.sp;
    // SAFETY: the kernel's frame is where the handler returns to.
    let word = |offset: u16| unsafe { *((base + u64::from(offset)) as *const u64) };
    // SAFETY: likewise.
    unsafe { frame.saved(base, &mut context.regs) };
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
