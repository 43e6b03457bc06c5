//! Resume: frame records become a native stack again, by compiled code; this code starts it off.

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
    /// The signal mask to go on with; `None`: it never changed.
    pub mask: Option<u64>,
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
            mask: None,
            asker: job.asker,
            number: crate::poll::next_hop() - 1,
            from: arch::isa().name,
            frames: capture.frames,
            bytes: capture.bytes(),
            times: [capture.begin, capture.end, capture.end],
        });
    }
}

/// Resumes the stack that begins with this record, at the top of the native stack.
pub fn enter(outermost: *const Record) -> ! {
    // SAFETY: a complete record; nothing on the native stack is needed any more, this frame included.
    unsafe {
        let resume = (*(*outermost).descriptor).resume;
        arch::__popcorn_bottom(stacks::native_top(), resume, outermost as u64, 0, 0)
    }
}

/// Called by the innermost clone: the stack is whole again.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_resume_done(_record: *const Record) {
    // SAFETY: one thread; handlers that poll find nothing to do here.
    let Some(arrival) = (unsafe { ARRIVAL.get().take() }) else {
        return;
    };
    let mut figures = Line::new();
    let [begin, end, resumed] = arrival.times;
    figures
        .dec(arrival.frames)
        .str(" frames, ")
        .tenths(arrival.bytes, 1_000_000)
        .str(" MB, capture ")
        .tenths(end - begin, 1_000_000)
        .str(" ms, transfer ")
        .tenths(resumed - end, 1_000_000)
        .str(" ms, resume ")
        .tenths(capture::now() - resumed, 1_000_000)
        .str(" ms");
    let to = arch::isa().name;
    if state::tracing() {
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
        Asker::Mode => {}
    }
    if let Some(mask) = arrival.mask {
        signals::set_mask(mask);
    }
}
