//! Native stacks: one for each thread. They are the incarnation's, and no program state.

use crate::kernel::Result;
use crate::kernel::memory::{self, HUGE_PAGE, PROT_NONE, page};
use crate::program::data_stack;
use crate::program::maps::WINDOW_END;

/// Bytes of the first thread's. Frames of resumed functions are larger than those of the originals. No page is used
/// before it is touched, but an emulator pays for each.
const LEAST: u64 = 128 << 20;

/// Bytes of another thread's, beyond [`FACTOR`] times what the program asked for: room for the runtime.
const EXTRA: u64 = 256 << 10;
const FACTOR: u64 = 4;
/// Nobody needs more.
const MOST: u64 = 4 << 30;

/// Where the first thread's begins unless something else is there: between the window's end and the
/// lowest address that an ISA cannot reach (2^38, RISC-V's sv39). Frame addresses are no pointers that
/// a program may keep, but some compare them to bound their recursion, also across a move.
const PREFERRED_TOP: u64 = 0x3f_ffff_0000;
const _: () = assert!(PREFERRED_TOP - data_stack::largest() >= WINDOW_END);

/// A native stack, with a guard page below.
#[derive(Clone, Copy)]
pub struct Native {
    low: u64,
    size: u64,
}

impl Native {
    /// Maps the first thread's.
    pub fn first() -> Self {
        let size = data_stack::size(LEAST);
        let low = memory::anonymous_at(PREFERRED_TOP - size, size)
            .or_else(|_| memory::anonymous(size))
            .unwrap_or_else(|error| crate::fatal!("no native stack: {error}"));
        Self::guarded(low, size)
    }

    /// Bytes of the stack of a thread for which the program asked for so many.
    pub fn size_for(asked: u64) -> u64 {
        let size = asked.saturating_mul(FACTOR).saturating_add(EXTRA);
        size.min(MOST).next_multiple_of(page())
    }

    /// Maps one of another thread.
    pub fn new(size: u64) -> Result<Self> {
        memory::anonymous(size).map(|low| Self::guarded(low, size))
    }

    fn guarded(low: u64, size: u64) -> Self {
        // Without its guard page a stack is as good, until it overflows.
        let _ = memory::protect(low, page(), PROT_NONE);
        Self { low, size }
    }

    /// Gives it back; nobody stands on it.
    pub fn unmap(self) {
        memory::unmap(self.low, self.size);
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it begins: 16-byte aligned.
    pub fn top(&self) -> u64 {
        self.low + self.size
    }

    /// Prepares for a stack that is about to be rebuilt from records of this many bytes: a deep one is touched for the
    /// first time in large pages, since the kernel would be entered for every few dozen frames otherwise.
    pub fn expect(&self, records: u64) {
        // Frames of clones hold what their records hold, and some more.
        let bytes = records.saturating_mul(4);
        if records >= HUGE_PAGE {
            let bytes = bytes.min(self.size - page());
            memory::advise_huge(self.top() - bytes, bytes);
        }
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

impl Native {
    /// How far the stack has grown that `sp` is on. Stacks of handlers fit.
    pub fn depth(&self, sp: u64) -> Depth {
        /// Bytes that a point may need while handlers cannot run.
        const ROOM: u64 = 128 << 10;
        match self.top().wrapping_sub(sp) {
            used if used > self.size => Depth::Fits,
            used if used + ROOM > self.size => Depth::Exhausted,
            used if 3 * used > self.size => Depth::Deep,
            _ => Depth::Fits,
        }
    }
}
