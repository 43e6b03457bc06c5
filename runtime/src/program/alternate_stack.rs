//! Alternate signal stacks. What the program gives is its thread's alternate *data* stack: handlers have their locals
//! there. The kernel gets native memory of this incarnation, since frames of another ISA, and what its kernel pushes, may
//! be larger than what the program has room for.

use crate::kernel::memory::{self, PROT_NONE, page};
use crate::kernel::{check, errno, nr, sys, system_call};
use crate::program::actions;
use crate::program::thread::{self, AlternateStack};

/// Bytes of native stack beside four times what the program gave.
const NATIVE: u64 = 128 << 10;
const DISABLED: u64 = sys::SS_DISABLE as u64;
const ON_IT: u64 = sys::SS_ONSTACK as u64;
/// `SS_AUTODISARM`: there is none while a handler runs on it.
const AUTODISARM: u64 = 1 << 31;

/// `stack_t` of none.
const NONE: [u64; 3] = [0, DISABLED, 0];

impl AlternateStack {
    fn is_set(&self) -> bool {
        self.size != 0
    }

    /// Whether a data-stack pointer is on it.
    fn holds(&self, dsp: u64) -> bool {
        let above = dsp.wrapping_sub(self.low);
        self.flags & AUTODISARM == 0 && (1..=self.size).contains(&above)
    }

    /// As `stack_t`, for a thread with this data-stack pointer.
    fn as_told(&self, dsp: u64) -> [u64; 3] {
        if !self.is_set() {
            return NONE;
        }
        let on_it = if self.holds(dsp) { ON_IT } else { 0 };
        [self.low, self.flags | on_it, self.size]
    }

    /// What the kernel has of it, as `stack_t`.
    fn as_kernel_has_it(&self) -> [u64; 3] {
        match self.native {
            [low, size] if self.is_set() => [low, 0, size],
            _ => NONE,
        }
    }

    fn is_native(&self, sp: u64) -> bool {
        let [low, size] = self.native;
        sp.wrapping_sub(low) < size
    }
}

/// The program's `sigaltstack(new, old)`.
pub fn sigaltstack([new, old, ..]: [i64; 6]) -> i64 {
    let mine = thread::alternate_stack();
    let told = mine.as_told(thread::dsp());
    let result = match new {
        0 => 0,
        new => {
            // SAFETY: the program's structure.
            let new = unsafe { (new as *const [u64; 3]).read_unaligned() };
            actions::undisturbed(|| change(mine, new))
        }
    };
    if result == 0 && old != 0 {
        // SAFETY: the program's structure.
        unsafe { (old as *mut [u64; 3]).write_unaligned(told) };
    }
    result
}

fn change(mine: &mut AlternateStack, new: [u64; 3]) -> i64 {
    if mine.holds(thread::dsp()) {
        return -i64::from(errno::EPERM);
    }
    match set(mine, new) {
        0 => tell_kernel(mine),
        error => error,
    }
}

fn set(mine: &mut AlternateStack, [low, flags, size]: [u64; 3]) -> i64 {
    // An `int`, and padding.
    let flags = flags & 0xffff_ffff;
    (mine.low, mine.flags, mine.size) = match flags & !AUTODISARM {
        DISABLED => (0, DISABLED, 0),
        0 | ON_IT if size < u64::from(sys::MINSIGSTKSZ) => return -i64::from(errno::ENOMEM),
        0 | ON_IT if !has_native(mine, size) => return -i64::from(errno::ENOMEM),
        0 | ON_IT => (low, flags & AUTODISARM, size),
        _ => return -i64::from(errno::EINVAL),
    };
    0
}

/// Has native memory for an alternate stack of this size. What there was is replaced if it is too small.
fn has_native(mine: &mut AlternateStack, size: u64) -> bool {
    let size = size
        .saturating_mul(4)
        .saturating_add(NATIVE)
        .next_multiple_of(page());
    let [low, before] = mine.native;
    if before >= size {
        return true;
    }
    let here = 0u8;
    if mine.is_native(&raw const here as u64) {
        // A handler runs on it, disarmed: it has to do.
        return before != 0;
    }
    let Ok(new) = memory::anonymous(size + page()) else {
        return false;
    };
    // Without its guard page a stack is as good, until it overflows.
    let _ = memory::protect(new, page(), PROT_NONE);
    mine.native = [new + page(), size];
    if before != 0 {
        tell_kernel(mine);
        memory::unmap(low - page(), before + page());
    }
    true
}

fn tell_kernel(mine: &AlternateStack) -> i64 {
    let stack = mine.as_kernel_has_it();
    system_call!(nr::SIGALTSTACK, stack.as_ptr(), 0)
}

/// Gives the thread's alternate stack native memory again, in a new incarnation.
pub fn restore() {
    let mine = thread::alternate_stack();
    mine.native = [0; 2];
    if mine.is_set() && (!has_native(mine, mine.size) || check(tell_kernel(mine)).is_err()) {
        crate::say!(
            "popcorn: no memory for the alternate signal stack: handlers run on the ordinary one"
        );
    }
}

/// The thread ends: nothing of it runs on its alternate stack any more, or this is where it ends.
pub fn forget() {
    let mine = thread::alternate_stack();
    let ([low, size], here) = (mine.native, 0u8);
    if size == 0 || mine.is_native(&raw const here as u64) {
        return;
    }
    (mine.low, mine.flags, mine.size) = (0, DISABLED, 0);
    tell_kernel(mine);
    mine.native = [0; 2];
    memory::unmap(low - page(), size + page());
}

/// A handler that has begun.
pub struct Begun {
    /// The data-stack pointer before it, if it has moved to the alternate stack.
    outer: Option<u64>,
}

/// A handler begins, on a native stack that `here` is in; the signal came at stack pointer `interrupted`. Moves to the
/// alternate data stack if the kernel has moved to the native one; `context` gets what is in force afterwards.
pub fn begin(here: u64, interrupted: u64, context: &mut [u64; 3]) -> Begun {
    let mine = thread::alternate_stack();
    let moves = mine.is_native(here) && !mine.is_native(interrupted);
    begin_on(mine, moves, context)
}

fn begin_on(mine: &mut AlternateStack, moves: bool, context: &mut [u64; 3]) -> Begun {
    *context = [mine.low, mine.flags, mine.size];
    let dsp = thread::dsp();
    // One that waited for a call of libc's may be on it, and not on the native one.
    if !moves || !mine.is_set() || mine.holds(dsp) {
        return Begun { outer: None };
    }
    thread::set_dsp((mine.low + mine.size) & !15);
    if mine.flags & AUTODISARM != 0 {
        (mine.low, mine.flags, mine.size) = (0, DISABLED, 0);
    }
    Begun { outer: Some(dsp) }
}

/// Called by libc, which is to call a handler itself: its data stack and `uc_stack`. What to give to
/// [`__popcorn_handler_ends`].
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __popcorn_handler_begins(flags: u64, context: &mut [u64; 3]) -> u64 {
    let moves = flags & u64::from(sys::SA_ONSTACK) != 0;
    begin_on(thread::alternate_stack(), moves, context)
        .outer
        .unwrap_or(0)
}

#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn __popcorn_handler_ends(outer: u64, context: &[u64; 3]) {
    let before = thread::alternate_stack().as_kernel_has_it();
    let outer = (outer != 0).then_some(outer);
    if end(Begun { outer }, *context) != before {
        tell_kernel(thread::alternate_stack());
    }
}

/// The handler returns. As in the kernel, the alternate stack that `context` has is in force, unless the interrupted
/// code runs on it. What the kernel is to have.
pub fn end(begun: Begun, context: [u64; 3]) -> [u64; 3] {
    let mine = thread::alternate_stack();
    if let Some(outer) = begun.outer {
        thread::set_dsp(outer);
    }
    if context != [mine.low, mine.flags, mine.size] && !mine.holds(thread::dsp()) {
        // As the kernel, which ignores what it cannot take.
        set(mine, context);
    }
    mine.as_kernel_has_it()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests have no `tls.c`.
    #[unsafe(no_mangle)]
    extern "C" fn popcorn_tls_dsp() -> u64 {
        0
    }

    #[unsafe(no_mangle)]
    extern "C" fn popcorn_tls_set_dsp(_: u64) {}

    #[test]
    fn what_is_on_it() {
        let stack = AlternateStack {
            low: 0x1000,
            size: 0x800,
            ..AlternateStack::default()
        };
        assert!(stack.holds(0x1800) && stack.holds(0x1001));
        assert!(!stack.holds(0x1000) && !stack.holds(0x1801));
        assert_eq!(stack.as_told(0x1800), [0x1000, ON_IT, 0x800]);
        assert_eq!(stack.as_told(0x2000), [0x1000, 0, 0x800]);
        let disarms = AlternateStack {
            flags: AUTODISARM,
            ..stack
        };
        assert_eq!(disarms.as_told(0x1800), [0x1000, AUTODISARM, 0x800]);
        assert_eq!(AlternateStack::default().as_told(0), NONE);
    }

    #[test]
    fn what_cannot_be_one() {
        let mut mine = AlternateStack::default();
        let invalid = -i64::from(errno::EINVAL);
        assert_eq!(set(&mut mine, [0x1000, 0x10, 0x1000]), invalid);
        let small = -i64::from(errno::ENOMEM);
        assert_eq!(set(&mut mine, [0x1000, 0, 2047]), small);
        assert_eq!(set(&mut mine, [0x1000, DISABLED, 0]), 0);
        assert!(!mine.is_set());
    }
}
