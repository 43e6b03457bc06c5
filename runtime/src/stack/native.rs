//! The native stack of this incarnation.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::incarnation;
use crate::kernel::memory::{self, HUGE_PAGE, PROT_NONE, page};
use crate::program::data_stack;
use crate::program::maps::WINDOW_END;

incarnation! {
    /// First address after the native stack; 16-byte aligned.
    static TOP: AtomicU64 = AtomicU64::new(0);
}

/// Bytes. Frames of resumed functions are larger than those of the originals. No page is used before it
/// is touched, but an emulator pays for each.
const LEAST: u64 = 128 << 20;

/// Where the native stack begins unless something else is there: between the window's end and the
/// lowest address that an ISA cannot reach (2^38, RISC-V's sv39). Frame addresses are no pointers that
/// a program may keep, but some compare them to bound their recursion, also across a move.
const PREFERRED_TOP: u64 = 0x3f_ffff_0000;
const _: () = assert!(PREFERRED_TOP - data_stack::largest() >= WINDOW_END);

/// Maps the native stack, with a guard page below.
pub fn start() {
    let size = data_stack::size(LEAST);
    let low = memory::anonymous_at(PREFERRED_TOP - size, size)
        .or_else(|_| memory::anonymous(size))
        .unwrap_or_else(|error| crate::fatal!("no native stack: {error}"));
    // Without its guard page a stack is as good, until it overflows.
    let _ = memory::protect(low, page(), PROT_NONE);
    TOP.store(low + size, Relaxed);
}

/// Prepares for a stack that is about to be rebuilt from records of this many bytes: a deep one is touched for the
/// first time in large pages, since the kernel would be entered for every few dozen frames otherwise.
pub fn expect(records: u64) {
    // Frames of clones hold what their records hold, and some more.
    let bytes = records.saturating_mul(4);
    if records >= HUGE_PAGE {
        let bytes = bytes.min(data_stack::size(LEAST) - page());
        memory::advise_huge(top() - bytes, bytes);
    }
}

/// How far a stack has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Fits,
    /// It might not fit when resumed functions have made it again, on whatever ISA: their frames are larger.
    Deep,
    /// There is no room for anything but a signal handler's end.
    Exhausted,
}

/// How far the stack has grown that `sp` is on. Stacks of other threads, and those of handlers, fit.
pub fn depth(sp: u64) -> Depth {
    /// Bytes that a point may need while handlers cannot run.
    const ROOM: u64 = 256 << 10;
    let size = data_stack::size(LEAST);
    match top().wrapping_sub(sp) {
        used if used > size => Depth::Fits,
        used if used + ROOM > size => Depth::Exhausted,
        used if 3 * used > size => Depth::Deep,
        _ => Depth::Fits,
    }
}

/// Where the native stack begins.
pub fn top() -> u64 {
    TOP.load(Relaxed)
}
