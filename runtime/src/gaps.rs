//! `POPCORN_GAPS`: how long a program runs from one migration point to the next.
//!
//! The flag stays up, so that every point calls the runtime, which notes the time. It is the thread's
//! processor time: waiting is no gap, and a neighbour on the machine lengthens none. The beginning and
//! the end of the program count as points.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::cell::Global;
use crate::start::Initial;
use crate::syscall::{forward, nr};
use crate::text::Line;

static ON: AtomicBool = AtomicBool::new(false);

/// Program state.
struct Gaps {
    points: u64,
    /// When the last point was passed, nanoseconds.
    last: u64,
    longest: u64,
    /// Code address of the point that ended the longest gap; 0: the program's end did.
    end: u64,
}

static GAPS: Global<Gaps> = Global::new(Gaps {
    points: 0,
    last: 0,
    longest: 0,
    end: 0,
});

/// At the start of a program.
pub fn start(initial: &Initial) {
    if initial.var(b"POPCORN_GAPS=") == Some(b"1") {
        ON.store(true, Relaxed);
        // SAFETY: nothing else runs yet.
        unsafe { GAPS.get().last = now() };
    }
}

/// Whether the flag has to stay up.
pub fn on() -> bool {
    ON.load(Relaxed)
}

/// A point is passed by the only thread there is.
pub fn point(pc: u64) {
    if on() {
        // SAFETY: one thread.
        let gaps = unsafe { GAPS.get() };
        gaps.points += 1;
        gaps.note(pc);
    }
}

/// The program ends.
pub fn end() {
    if !on() {
        return;
    }
    // SAFETY: whoever ends the program is the last.
    let gaps = unsafe { GAPS.get() };
    gaps.note(0);
    let mut line = Line::new();
    line.str("popcorn: ")
        .dec(gaps.points)
        .str(" migration points, longest gap ")
        .dec(gaps.longest)
        .str(" ns before ");
    match gaps.end {
        0 => line.str("the end"),
        pc => line.hex(pc),
    };
    line.print();
}

impl Gaps {
    fn note(&mut self, pc: u64) {
        let now = now();
        let gap = now - self.last;
        if gap > self.longest {
            (self.longest, self.end) = (gap, pc);
        }
        self.last = now;
    }
}

/// `CLOCK_THREAD_CPUTIME_ID`, nanoseconds.
fn now() -> u64 {
    const CLOCK_THREAD_CPUTIME_ID: i64 = 3;
    let mut time = [0u64; 2];
    let out = time.as_mut_ptr() as i64;
    forward(
        nr::CLOCK_GETTIME,
        [CLOCK_THREAD_CPUTIME_ID, out, 0, 0, 0, 0],
    );
    time[0] * 1_000_000_000 + time[1]
}
