//! Migration points: what a poll does once the flag is up.
//!
//! With several threads, the one that finds something to do stops the others (`program::stop`): they stand still at
//! their own points (`parking`).
//!
//! The flag is up while there may be something to do: while `POPCORN_HOP` asks for more hops, and
//! from a request until it has been answered.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use popcorn_metadata::origin::Origin;

use crate::arch::Context;
use crate::base::text::Message;
use crate::kernel::{errno, signal};
use crate::moves::order::Move;
use crate::moves::{ask, checkpoint, departure, flag, hop, outcome, parking, request, schedule};
use crate::program::alone::Alone;
use crate::program::stop::{self, Failed, Flag, Role};
use crate::program::{filter, longest_gap, thread_list, waiting};
use crate::stack::local::Local;
use crate::stack::native::Depth;
use crate::stack::walk::{self, Walk};
use crate::{incarnation, step};

incarnation! {
    /// Polls to let pass before the stack is looked at again, and how many the next failure adds.
    static SKIP: AtomicU32 = AtomicU32::new(0);
    static PENALTY: AtomicU32 = AtomicU32::new(0);
}
const MOST_SKIPPED: u32 = 255;

/// What a point finds to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// The program asked.
    Program,
    /// There is a request that may not have been read.
    Request,
    /// It is time for a hop.
    Hop,
    /// The point is to be noted.
    Note,
}

/// At the start of an incarnation: raises the flag if the schedule has more hops or every
/// point counts.
pub fn start() {
    if schedule::has_more() || longest_gap::on() {
        flag::raise();
    }
}

/// `__popcorn_poll`, from assembly with its caller's context: 0 to go on, or the record to fill.
///
/// # Safety
/// The context is the caller's, below frames that the stack map describes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_poll_slow(context: &Context) -> u64 {
    if filter::is_installed() {
        // No call of ours may be let through.
        ask::failed(errno::EPERM.into());
        if !stop::is_beginning() {
            flag::lower();
        }
        return 0;
    }
    // Again, if another thread was faster, or had given up before this one came.
    loop {
        let here = Here(Cell::new(None));
        let record = match (stop::role(&here), here.0.get()) {
            (Role::Stand, _) => parking::park(context),
            (Role::Coordinate, Some(wish)) => grant(context, &here, wish),
            _ => return 0,
        };
        if let Some(record) = record {
            return record;
        }
    }
}

/// A thread at a point, and what it has found to do.
struct Here(Cell<Option<Wish>>);

impl Flag for Here {
    fn raise(&self) {
        flag::raise();
    }

    /// It stays up as long as points count.
    fn lower(&self) {
        if !schedule::has_more() {
            flag::lower();
        }
    }

    fn is_wanted(&self) -> bool {
        if self.0.get().is_none() {
            self.0.set(wish());
        }
        self.0.get().is_some()
    }
}

/// What is to be done at this point, if anything.
fn wish() -> Option<Wish> {
    if ask::wanted().is_some() {
        Some(Wish::Program)
    } else if request::is_signalled() {
        Some(Wish::Request)
    } else if schedule::has_more() && schedule::is_due() {
        Some(Wish::Hop)
    } else if longest_gap::on() {
        Some(Wish::Note)
    } else {
        None
    }
}

/// Does what is to be done, if it can be done now: the first record, or 0 to go on. None: the thread is at the point as if it
/// had just come.
#[inline(never)]
fn grant(context: &Context, here: &Here, wish: Wish) -> Option<u64> {
    match Local::own().native.depth(context.sp) {
        Depth::Fits => {}
        Depth::Exhausted => return Some(0),
        Depth::Deep => return Some(too_deep(wish)),
    }
    let single = thread_list::count() <= 1;
    if single && longest_gap::on() {
        longest_gap::point(context.pc);
    }
    if skips(wish) {
        return Some(0);
    }
    // Other threads are not stopped in vain.
    if !single && (!is_worth_stopping(wish) || !can_be_captured(context, wish, false)) {
        return Some(0);
    }
    match Alone::stop(here) {
        Ok(alone) => begin(context, alone, wish),
        Err(Failed::Busy) => None,
        Err(Failed::Inside) => Some(0),
        Err(Failed::Cannot(reason)) => {
            defer_wish(wish, &reason);
            Some(0)
        }
    }
}

/// Defers what is wanted. Handlers may run: the stack may come to its end.
#[cold]
#[inline(never)]
fn too_deep(wish: Wish) -> u64 {
    if !skips(wish) {
        let reason = "the stack is so deep that it might not fit with the larger frames of a move";
        defer_wish(wish, &Message::of(format_args!("{reason}")));
    }
    0
}

/// Whether this point is to be let pass, after others at which the stack could not be captured.
fn skips(wish: Wish) -> bool {
    let skip = SKIP.load(Relaxed);
    // A call that waits may be the last point for long.
    let skips = skip > 0 && wish != Wish::Program && !waiting::is_inside();
    if skips {
        SKIP.store(skip - 1, Relaxed);
    }
    skips
}

/// Not at this point.
#[cold]
fn defer_wish(wish: Wish, reason: &Message) {
    let mask = signal::set_mask(signal::ALL);
    if let Some(wanted) = wanted(wish) {
        defer(wanted, reason);
    }
    signal::set_mask(mask);
}

#[cold]
fn defer(wanted: Move, reason: &Message) {
    let penalty = PENALTY.load(Relaxed);
    SKIP.store(penalty, Relaxed);
    PENALTY.store((2 * penalty + 1).min(MOST_SKIPPED), Relaxed);
    outcome::deferred(wanted, reason);
}

/// Whether this thread's stack can be captured; else what is wanted is deferred. `alone`: no other thread runs.
fn can_be_captured(context: &Context, wish: Wish, alone: bool) -> bool {
    match walk::check(&mut Walk::new(alone), context) {
        Ok(frames) => {
            step!("{frames} frames can be captured");
            true
        }
        Err(obstacle) => {
            defer_wish(wish, &Message::of(format_args!("{obstacle}")));
            false
        }
    }
}

/// Whether there is something for which the other threads have to stand still.
fn is_worth_stopping(wish: Wish) -> bool {
    match wish {
        Wish::Request => {
            let mask = signal::set_mask(signal::ALL);
            let wanted = request::wanted().is_some();
            signal::set_mask(mask);
            wanted
        }
        wish => wish != Wish::Note,
    }
}

/// Begins what is wanted, if nothing is in its way: the first record, or 0. None: another request may wait behind the one
/// that was met.
#[inline(never)]
fn begin(context: &Context, mut alone: Alone, wish: Wish) -> Option<u64> {
    let met = match wish {
        Wish::Request => None,
        _ => Some(0),
    };
    let Some(wanted) = wanted(wish) else {
        return met;
    };
    if alone.others() == 0 && !can_be_captured(context, wish, true) {
        return Some(0);
    }
    PENALTY.store(0, Relaxed);
    if wanted.origin == Origin::Checkpoint {
        return Some(checkpoint::begin(context, alone, wanted));
    }
    if let Some(to) = wanted.exec() {
        let prepared = request::with_emulator(|emulator| hop::prepare(&mut alone, to, emulator));
        if let Err(refusal) = prepared {
            outcome::refused(wanted, &refusal);
            return met;
        }
    }
    match departure::begin(context, alone, wanted) {
        Ok(record) => Some(record),
        Err((mut alone, refusal)) => {
            hop::forget(&mut alone);
            outcome::refused(wanted, &refusal);
            met
        }
    }
}

/// The move that is wished for, if the wish still stands.
fn wanted(wish: Wish) -> Option<Move> {
    match wish {
        Wish::Program => Some(Move {
            origin: Origin::Program,
            to: Some(ask::wanted()?),
        }),
        Wish::Request => request::wanted(),
        // Another thread may have done it.
        Wish::Hop if !schedule::has_more() => None,
        Wish::Hop => Some(Move {
            origin: Origin::Schedule,
            to: schedule::next(),
        }),
        Wish::Note => None,
    }
}
