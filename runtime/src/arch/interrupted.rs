//! What a signal interrupted: the way there from a signal handler's return, and the system call in it.

use super::port::HandlerReturn;
use super::signal_frame::SignalFrame;
use super::{Context, port};

/// Bytes of code within which `__popcorn_raw_syscall` and `__popcorn_waiting_syscall` make their system calls, on every
/// ISA.
const CALL_SIZE: u64 = 64;

/// Places in the two, in assembly.
#[repr(C)]
pub struct Places {
    /// The instruction that waits. The kernel leaves a call there that it restarts.
    call: u64,
    /// The one behind it.
    done: u64,
    /// Where `__popcorn_waiting_syscall` gives up.
    kicked: u64,
    /// The instruction behind the call of `__popcorn_raw_syscall`.
    raw: u64,
    /// Those of the two at which the return address is off the stack, right below its pointer; 0: there is none.
    popped: [u64; 2],
}

/// How far a system call was that a signal interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The signal came elsewhere, as far as one can see.
    Elsewhere,
    /// It is still to be made, or the kernel makes it again.
    Ahead,
    /// It has this result.
    Done(i64),
}

/// What the kernel pushed for a signal handler, by the handler's third argument.
pub struct Frame {
    base: u64,
    layout: &'static SignalFrame,
}

impl Frame {
    /// # Safety
    /// `context` is a running handler's third argument.
    pub unsafe fn of(context: u64) -> Self {
        let layout = &port().signal_frame;
        Self {
            base: context - u64::from(layout.context),
            layout,
        }
    }

    fn word(&mut self, offset: u16) -> &mut u64 {
        // SAFETY: the kernel's frame is there as long as the handler runs, and nobody else looks into it.
        unsafe { &mut *((self.base + u64::from(offset)) as *mut u64) }
    }

    /// The signal mask to return with.
    pub fn mask(&mut self) -> &mut u64 {
        self.word(self.layout.mask)
    }

    /// The call that may wait, if that is what the signal interrupted. One that is still ahead is not made any more.
    pub fn stop_waiting(&mut self) -> Progress {
        // SAFETY: a constant that the assembly file defines.
        let places = unsafe { &super::__popcorn_waiting_places };
        let start = super::__popcorn_waiting_syscall as *const () as u64;
        let pc = *self.word(self.layout.pc);
        if (start..=places.call).contains(&pc) {
            *self.word(self.layout.pc) = places.kicked;
            Progress::Ahead
        } else if pc == places.done {
            Progress::Done(*self.word(self.layout.result) as i64)
        } else {
            Progress::Elsewhere
        }
    }

    /// If the signal interrupted another call, which has this result, gives it another.
    pub fn replace_result(&mut self, from: i64, to: i64) {
        // SAFETY: a constant that the assembly file defines.
        let raw = unsafe { super::__popcorn_waiting_places.raw };
        let result = self.layout.result;
        if *self.word(self.layout.pc) == raw && *self.word(result) == from as u64 {
            *self.word(result) = to as u64;
        }
    }
}

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
    /// A system call of ours: the context is now that of the caller of the function that makes it.
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
    let waiting = super::__popcorn_waiting_syscall as *const () as u64;
    let is_in = |start: u64| context.pc.wrapping_sub(start) < CALL_SIZE;
    // SAFETY: a constant that the assembly file defines.
    let has_popped = unsafe { &super::__popcorn_waiting_places.popped }.contains(&context.pc);
    if !is_in(raw) && !is_in(waiting) {
        return Interrupted::Code {
            link: frame.link.map(word),
        };
    }
    // It keeps nothing on the stack, and the link register as it was.
    match frame.link {
        Some(link) => context.pc = word(link),
        None if has_popped => {
            // SAFETY: the return address that has just been popped; a signal's frame leaves room for it.
            context.pc = unsafe { *((context.sp - 8) as *const u64) };
        }
        None => {
            // SAFETY: the return address that its call has pushed.
            context.pc = unsafe { *(context.sp as *const u64) };
            context.sp += 8;
        }
    }
    Interrupted::SystemCall
}
