//! `POPCORN_GAPS`: how long a program runs from one migration point to the next.
//!
//! The flag stays up, so that every point calls the runtime, which notes the time. It is the thread's
//! processor time: waiting is no gap, and a neighbour on the machine lengthens none. The beginning and
//! the end of the program count as points.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use popcorn_metadata::environment;

use crate::base::statics::{Slot, Travels};
use crate::kernel::clock;
use crate::program::alone::Alone;
use crate::program::arguments::Initial;
use crate::say;

static ON: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));

#[derive(Clone, Copy)]
struct Gaps {
    points: u64,
    /// When the last point was passed, nanoseconds.
    last: u64,
    longest: u64,
    /// Code address of the point that ended the longest gap; 0: the program's end did.
    end: u64,
}

static GAPS: Travels<Slot<Gaps>> = Travels::new(Slot::new(Gaps {
    points: 0,
    last: 0,
    longest: 0,
    end: 0,
}));

/// At the start of a program.
pub fn start(alone: &mut Alone, initial: &Initial) {
    if initial.var(environment::GAPS) == Some(b"1") {
        ON.store(true, Relaxed);
        GAPS.with(alone, |gaps| gaps.last = clock::of_thread());
    }
}

/// Whether the flag has to stay up.
pub fn on() -> bool {
    ON.load(Relaxed)
}

/// A point is passed by the only thread there is.
pub fn point(pc: u64) {
    // SAFETY: plain words of the only thread's; a handler that comes in between counts its own point or not.
    let gaps = unsafe { GAPS.get() };
    gaps.points += 1;
    gaps.note(pc);
}

/// The program ends. With several threads the last point of the one that ends the program is what counts.
pub fn end() {
    if !on() {
        return;
    }
    // SAFETY: plain words, copied; points of other threads are not counted.
    let mut gaps = unsafe { *GAPS.get() };
    gaps.note(0);
    let Gaps {
        points, longest, ..
    } = gaps;
    match gaps.end {
        0 => say!("popcorn: {points} migration points, longest gap {longest} ns before the end"),
        pc => say!("popcorn: {points} migration points, longest gap {longest} ns before {pc:#x}"),
    }
}

impl Gaps {
    fn note(&mut self, pc: u64) {
        let now = clock::of_thread();
        let gap = now - self.last;
        if gap > self.longest {
            (self.longest, self.end) = (gap, pc);
        }
        self.last = now;
    }
}
