//! `ucontext_t`: the base ABI's, which the program's signal handlers get on every ISA, from what the kernel underneath
//! has pushed, and back.

use super::port;
use super::signal_frame::SignalFrame;

/// `ucontext_t` of the base ABI: x86-64's kernel writes it up to the first word of `mask`.
#[repr(C)]
#[derive(Debug, Clone)]
pub struct UserContext {
    pub flags: u64,
    pub link: u64,
    /// As `stack_t`: address, flags, size.
    pub stack: [u64; 3],
    /// By `REG_R8` to `REG_CR2`.
    pub registers: [u64; 23],
    pub floating_point: u64,
    reserved: [u64; 8],
    pub mask: [u64; 16],
    /// Where `floating_point` points to: `struct _libc_fpstate`.
    state: [u64; 64],
}

pub const REG_RSP: usize = 15;
pub const REG_RIP: usize = 16;
const REG_CR2: usize = 22;

const _: () = {
    assert!(core::mem::offset_of!(UserContext, registers) == 40);
    assert!(core::mem::offset_of!(UserContext, mask) == 296);
    assert!(size_of::<UserContext>() == 936);
};

impl UserContext {
    /// A floating-point state as a program begins with, and no register.
    pub const fn empty() -> Self {
        const CONTROL_WORD: u64 = 0x37f;
        const MXCSR: u64 = 0x1f80;
        let mut state = [0; 64];
        state[0] = CONTROL_WORD;
        state[3] = MXCSR;
        Self {
            flags: 0,
            link: 0,
            stack: [0; 3],
            registers: [0; 23],
            floating_point: 0,
            reserved: [0; 8],
            mask: [0; 16],
            state,
        }
    }
}

/// What the kernel has pushed for a handler, at the address that is the handler's third argument.
pub struct Pushed(*mut u8);

impl Pushed {
    /// # Safety
    /// `context` is that argument, and the handler has not returned.
    pub unsafe fn at(context: u64) -> Self {
        Self(context as *mut u8)
    }

    /// The word that a port has at this offset of its frame.
    #[inline(always)]
    fn word(&self, offset: u16, frame: &SignalFrame) -> *mut u64 {
        // SAFETY: within the frame, by the port's table.
        unsafe { self.0.add(usize::from(offset - frame.context)).cast() }
    }

    /// The stack pointer that the signal found.
    #[inline(always)]
    pub fn stack_pointer(&self) -> u64 {
        let frame = &port().signal_frame;
        // SAFETY: in the frame.
        unsafe { *self.word(frame.sp, frame) }
    }

    /// The signal mask that is in force again when the handler returns.
    #[inline(always)]
    pub fn mask(&mut self) -> &mut u64 {
        let frame = &port().signal_frame;
        // SAFETY: in the frame.
        unsafe { &mut *self.word(frame.mask, frame) }
    }

    /// The alternate stack that is in force again when the handler returns, as `stack_t`.
    #[inline(always)]
    pub fn stack(&mut self) -> &mut [u64; 3] {
        /// On every port.
        const STACK: usize = 16;
        // SAFETY: in the frame.
        unsafe { &mut *self.0.add(STACK).cast() }
    }

    /// Calls `f` with the base ABI's form of it, and takes over what `f` changes: everything on the base ISA, program
    /// counter, stack pointer and mask on others. `address`: what a fault concerns, or 0.
    pub fn with_base<R>(&mut self, address: u64, f: impl FnOnce(&mut UserContext) -> R) -> R {
        if port().generic {
            self.with_translated(address, f)
        } else {
            // SAFETY: the base ISA's kernel writes this very structure.
            f(unsafe { &mut *self.0.cast() })
        }
    }

    /// Out of line, since it needs much more of the stack.
    #[inline(never)]
    fn with_translated<R>(&mut self, address: u64, f: impl FnOnce(&mut UserContext) -> R) -> R {
        let frame = &port().signal_frame;
        let [pc, sp, mask] = [frame.pc, frame.sp, frame.mask].map(|at| self.word(at, frame));
        let mut base = UserContext::empty();
        base.floating_point = &raw const base.state as u64;
        base.registers[REG_CR2] = address;
        // SAFETY: in the frame.
        unsafe {
            base.registers[REG_RIP] = *pc;
            base.registers[REG_RSP] = *sp;
            base.mask[0] = *mask;
            let result = f(&mut base);
            *pc = base.registers[REG_RIP];
            *sp = base.registers[REG_RSP];
            *mask = base.mask[0];
            result
        }
    }
}
