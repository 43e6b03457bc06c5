//! Migration points: what a poll does once the flag is up.
//!
//! The flag is up while there may be something to do: while `POPCORN_HOP` asks for more hops, and
//! from a request until it has been answered.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32};

use popcorn_metadata::origin::Origin;

use crate::arch::Context;
use crate::base::refusal::Refusal;
use crate::base::statics::Travels;
use crate::base::text::Message;
use crate::kernel::errno;
use crate::moves::order::Move;
use crate::moves::{ask, checkpoint, departure, flag, hop, outcome, request, schedule};
use crate::program::alone::{Alone, Threads};
use crate::program::{filter, longest_gap, waiting};
use crate::stack::native::{self, Depth};
use crate::stack::walk::{self, Walk};
use crate::{incarnation, refusal, say, step};

incarnation! {
    /// Polls to let pass before the stack is looked at again, and how many the next failure adds.
    static SKIP: AtomicU32 = AtomicU32::new(0);
    static PENALTY: AtomicU32 = AtomicU32::new(0);
    /// One of several threads refuses what is asked for.
    static REFUSING: AtomicBool = AtomicBool::new(false);
}
const MOST_SKIPPED: u32 = 255;

/// It has been said that the program has threads and therefore does not hop.
static SAID: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));

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
    match wish() {
        Some(wish) => grant(context, wish),
        None => 0,
    }
}

/// What is to be done at this point, if anything. Lowers the flag if nothing is to come.
fn wish() -> Option<Wish> {
    if filter::is_installed() {
        // No call of ours may be let through.
        ask::failed(errno::EPERM.into());
        flag::lower();
        return None;
    }
    if ask::wanted().is_some() {
        return Some(Wish::Program);
    }
    if request::is_signalled() {
        return Some(Wish::Request);
    }
    if schedule::has_more() && schedule::is_due() {
        return Some(Wish::Hop);
    }
    if longest_gap::on() {
        return Some(Wish::Note);
    }
    if !schedule::has_more() {
        flag::lower();
        // It may have come in between.
        if request::is_signalled() {
            flag::raise();
        }
    }
    None
}

/// Out of line, for the sake of threads with small stacks.
#[inline(never)]
fn grant(context: &Context, wish: Wish) -> u64 {
    match native::depth(context.sp) {
        Depth::Fits => {}
        Depth::Exhausted => return 0,
        Depth::Deep => return too_deep(wish),
    }
    match Alone::stop() {
        Ok(alone) => begin(context, alone, wish),
        Err(threads) => {
            refuse_threads(wish, threads);
            0
        }
    }
}

/// Defers what is wanted. Handlers may run: the stack may come to its end.
#[cold]
#[inline(never)]
fn too_deep(wish: Wish) -> u64 {
    if !skips(wish)
        && let Some(wanted) = wanted(wish)
    {
        let reason = "the stack is so deep that it might not fit with the larger frames of a move";
        defer(wanted, &Message::of(format_args!("{reason}")));
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

fn defer(wanted: Move, reason: &Message) {
    let penalty = PENALTY.load(Relaxed);
    SKIP.store(penalty, Relaxed);
    PENALTY.store((2 * penalty + 1).min(MOST_SKIPPED), Relaxed);
    outcome::deferred(wanted, reason);
}

/// Begins what is wanted, if nothing is in its way: the first record, or 0.
#[inline(never)]
fn begin(context: &Context, mut alone: Alone, wish: Wish) -> u64 {
    if longest_gap::on() {
        longest_gap::point(&mut alone, context.pc);
    }
    if skips(wish) {
        return 0;
    }
    let Some(wanted) = wanted(wish) else {
        return 0;
    };
    let checked = walk::check(&mut Walk::new(&alone), context);
    if let Ok(frames) = checked {
        step!("{frames} frames can be captured");
    }
    if let Err(obstacle) = checked {
        defer(wanted, &Message::of(format_args!("{obstacle}")));
        return 0;
    }
    PENALTY.store(0, Relaxed);
    if wanted.origin == Origin::Checkpoint {
        return checkpoint::begin(context, alone, wanted);
    }
    if let Some(to) = wanted.exec() {
        let prepared = request::with_emulator(|emulator| hop::prepare(&mut alone, to, emulator));
        if let Err(refusal) = prepared {
            outcome::refused(wanted, &refusal);
            return 0;
        }
    }
    match departure::begin(context, alone, wanted) {
        Ok(record) => record,
        Err((mut alone, refusal)) => {
            hop::forget(&mut alone);
            outcome::refused(wanted, &refusal);
            0
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
        Wish::Hop => Some(Move {
            origin: Origin::Schedule,
            to: schedule::next(),
        }),
        Wish::Note => None,
    }
}

/// One of several threads is here: whatever is asked for is refused. That some threads' stacks are small is
/// why what rarely happens is in functions of its own.
fn refuse_threads(wish: Wish, threads: Threads) {
    if wish == Wish::Note || REFUSING.swap(true, Acquire) {
        return;
    }
    if wish == Wish::Hop {
        schedule::postpone();
        if !SAID.swap(true, Relaxed) {
            say_threads_stay(threads);
        }
    } else if let Some(wanted) = wanted(wish) {
        refuse_for_threads(wanted, threads);
    }
    REFUSING.store(false, Release);
}

#[cold]
#[inline(never)]
fn refuse_for_threads(wanted: Move, threads: Threads) {
    outcome::refused(wanted, &threads_exist(threads));
}

fn threads_exist(Threads(threads): Threads) -> Refusal {
    refusal!(errno::EBUSY, "the program has {threads} threads")
}

/// What `POPCORN_HOP` asks for is refused once for all.
#[cold]
#[inline(never)]
fn say_threads_stay(threads: Threads) {
    let reason = threads_exist(threads).text;
    say!("popcorn: {reason}: it does not hop while there is more than one");
}
