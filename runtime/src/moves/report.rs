//! What is told of a move when it is done: the trace line, and the answer to whoever asked.

use popcorn_metadata::origin::Origin;
use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::statics::Slot;
use crate::base::text::{Message, Millis, Tenths};
use crate::kernel::signal::{self, MIGRATE_SIGNAL};
use crate::kernel::{clock, process};
use crate::moves::{ask, request};
use crate::program::alone::Alone;
use crate::program::trace;
use crate::{incarnation, say};

/// A move whose innermost frame is not there yet.
#[derive(Clone, Copy)]
pub struct Arrival {
    pub origin: Origin,
    pub number: u64,
    pub from: &'static Isa,
    pub threads: u32,
    /// How long it took until all stood, nanoseconds.
    pub stop: u64,
    pub frames: u64,
    pub bytes: u64,
    /// `CLOCK_MONOTONIC` at the capture's begin, its end, and when the resume began, nanoseconds.
    pub times: [u64; 3],
}

incarnation! {
    static ARRIVAL: Slot<Option<Arrival>> = Slot::new(None);
}

/// Leaves word for [`done`].
pub fn note(alone: &mut Alone, arrival: Arrival) {
    ARRIVAL.with(alone, |place| *place = Some(arrival));
}

/// The stack is whole again: tells whoever wants to know.
pub fn done(alone: &mut Alone) {
    if let Some(arrival) = ARRIVAL.with(alone, Option::take) {
        tell(&arrival);
    }
    // Another request may wait. This thread meets it, also if it goes on in a call that waits; where none waits that call
    // is left alone, or with a hop at every point the program would never come to make it.
    if request::is_signalled() && request::wanted().is_some() {
        request::look();
        let _ = signal::send_to_thread(process::id(), process::thread_id(), MIGRATE_SIGNAL);
    }
}

fn tell(arrival: &Arrival) {
    let Arrival { frames, bytes, .. } = *arrival;
    let [begin, end, resumed] = arrival.times;
    let now = clock::now();
    let threads = match arrival.threads {
        1 => Message::new(),
        threads => Message::of(format_args!(
            "{threads} threads stood after {} ms, ",
            Millis(arrival.stop)
        )),
    };
    let figures = Message::of(format_args!(
        "{threads}{frames} frames, {} MB, capture {} ms, transfer {} ms, resume {} ms",
        Tenths(bytes, 1_000_000),
        Millis(end - begin),
        Millis(resumed - end),
        Millis(now - resumed),
    ));
    let (from, to) = (arrival.from.name, arch::isa().name);
    if trace::on() && arrival.origin == Origin::Restore {
        let millis = Tenths(now - resumed, 1_000_000);
        say!("popcorn: restored on {to}: {threads}{frames} frames, {millis} ms");
    } else if trace::on() {
        let number = arrival.number;
        say!("popcorn: hop {number} {from} -> {to}: {figures}");
    }
    match arrival.origin {
        Origin::Command => request::reply_moved(arrival.from, arch::isa(), &figures),
        Origin::Program => ask::moved(),
        Origin::Schedule | Origin::Checkpoint | Origin::Restore => {}
    }
}
