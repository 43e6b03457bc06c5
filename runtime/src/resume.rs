//! Resume: frame records become a native stack again, by compiled code; this code starts it off.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch;
use crate::capture::{self, Capture, Record};
use crate::cell::Global;
use crate::poll::{Asker, Job};
use crate::syscall::{signals, state};
use crate::text::Line;
use crate::{request, stacks};

/// What is left to do when the innermost frame is there again.
#[derive(Clone, Copy)]
pub struct Arrival {
    pub asker: Asker,
    pub number: u64,
    pub from: &'static str,
    pub frames: u64,
    pub bytes: u64,
    /// `CLOCK_MONOTONIC` at the capture's begin, its end, and when the resume began, nanoseconds.
    pub times: [u64; 3],
}

#[unsafe(link_section = ".popcorn.private.arrival")]
static ARRIVAL: Global<Option<Arrival>> = Global::new(None);

/// The signal mask to go on with.
#[unsafe(link_section = ".popcorn.private.mask")]
static MASK: AtomicU64 = AtomicU64::new(0);

/// Whether anyone wants to know how long a move took.
pub fn timed(job: Job) -> bool {
    job.asker != Asker::Mode || state::tracing()
}

/// Leaves word for [`__popcorn_resume_done`].
pub fn note(arrival: Arrival) {
    // SAFETY: one thread, between capture and resume.
    unsafe { *ARRIVAL.get() = Some(arrival) };
}

/// The same for a move inside the process, if anybody wants to know.
pub fn note_self(capture: &Capture, job: Job) {
    if timed(job) {
        note(Arrival {
            asker: job.asker,
            number: crate::poll::next_hop() - 1,
            from: arch::isa().name,
            frames: capture.frames,
            bytes: capture.bytes(),
            times: [capture.begin, capture.end, capture.end],
        });
    }
}

/// Resumes the stack that begins with this record, at the top of the native stack; the innermost frame
/// goes on with this signal mask. All signals are blocked.
pub fn enter(outermost: *const Record, mask: u64) -> ! {
    MASK.store(mask, Relaxed);
    // SAFETY: a complete record; nothing on the native stack is needed any more, this frame included.
    unsafe {
        let resume = (*(*outermost).descriptor).resume;
        arch::__popcorn_bottom(stacks::native_top(), resume, outermost as u64, 0, 0)
    }
}

/// Called by the innermost clone: the stack is whole again.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_resume_done(_record: *const Record) {
    // SAFETY: one thread, and signals are blocked.
    if let Some(arrival) = unsafe { ARRIVAL.get().take() } {
        report(&arrival);
    }
    signals::set_mask(MASK.load(Relaxed));
}

/// The signal mask while a frame is handed over.
#[unsafe(link_section = ".popcorn.private.handover")]
static HANDOVER: Global<Option<u64>> = Global::new(None);

/// Called by a clone: the function that it calls next goes on from `frame`. Until that function has taken
/// it no handler runs, which might call the same function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_reenter(frame: u64) {
    let mask = signals::any_handler().then(|| signals::set_mask(u64::MAX));
    // SAFETY: only one thread is ever resumed, and no handler runs.
    unsafe { *HANDOVER.get() = mask };
    stacks::set_reentry(frame);
}

/// Called by a function that found itself called to go on: the frame to go on from.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_reentered() -> u64 {
    let frame = stacks::take_reentry();
    // SAFETY: as above.
    if let Some(mask) = unsafe { HANDOVER.get().take() } {
        signals::set_mask(mask);
    }
    frame
}

/// Tells whoever wants to know.
fn report(arrival: &Arrival) {
    let mut figures = Line::new();
    let [begin, end, resumed] = arrival.times;
    figures
        .dec(arrival.frames)
        .str(" frames, ")
        .tenths(arrival.bytes, 1_000_000)
        .str(" MB, capture ")
        .millis(end - begin)
        .str(" ms, transfer ")
        .millis(resumed - end)
        .str(" ms, resume ")
        .millis(capture::now() - resumed)
        .str(" ms");
    let to = arch::isa().name;
    if state::tracing() && arrival.asker == Asker::Restore {
        let mut line = Line::new();
        line.str("popcorn: restored on ")
            .str(to)
            .str(": ")
            .dec(arrival.frames)
            .str(" frames, ")
            .tenths(capture::now() - resumed, 1_000_000)
            .str(" ms")
            .print();
    } else if state::tracing() {
        let mut line = Line::new();
        line.str("popcorn: hop ")
            .dec(arrival.number)
            .str(" ")
            .str(arrival.from)
            .str(" -> ")
            .str(to)
            .str(": ")
            .bytes(figures.as_bytes())
            .print();
    }
    match arrival.asker {
        Asker::Command => request::reply_moved(arrival.from, to, &figures),
        Asker::Program => request::program_moved(),
        Asker::Mode | Asker::Checkpoint | Asker::Restore => {}
    }
}
