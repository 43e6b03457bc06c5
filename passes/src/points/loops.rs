//! Points in loops, by kind.

use std::collections::{HashMap, HashSet};

use super::work::Work;
use super::{marker, shape};
use crate::llvm::{Block, Builder, Loop, Loops, Module, Opcode, TypeKind, Value};
use crate::options::OptLevel;

/// The most work between two points, in instructions of the IR. About 20 microseconds.
const GAP: u64 = 50_000;
/// A loop without points does at most half of it, so that what is around it has the other half.
pub(super) const SHORT: u64 = GAP / 2;
/// Bodies up to this many instructions are tiny: a poll of their own would show.
const TINY: u64 = 16;
/// Instructions in an unrolled tiny body.
const UNROLLED: u64 = 48;
/// Loops with more work in a round are not copied: a start that costs a few instructions more does not show.
const COPIED: u64 = 64;

/// What loops may do.
#[derive(Clone, Copy)]
pub(super) struct Budget<'a> {
    pub opt: OptLevel,
    pub work: &'a Work<'a>,
    /// Work that a loop may do without a point.
    pub short: u64,
}

/// Places points in the loops of one function.
pub(super) fn run(
    module: &Module,
    f: Value,
    budget: Budget<'_>,
    polled: &HashSet<Value>,
    place: &impl Fn(Builder),
) {
    if f.back_edges().is_empty() {
        return;
    }
    let loops = Loops::simplified(f);
    let may_grow = matches!(budget.opt, OptLevel::O2 | OptLevel::O3);
    let order = loops.inner_first();
    // Asked before anything changes: the analyses follow copies, but not the cutting into chunks.
    let trips: Vec<Option<u64>> = order.iter().map(|l| loops.max_trip_count(*l)).collect();
    // Work of one whole run of a loop between points, from inside out.
    let mut run_of: HashMap<Loop, u64> = HashMap::new();
    let (mut chunked, mut polling, mut headers) = (Vec::new(), Vec::new(), HashSet::new());
    for (&l, trips) in order.iter().zip(trips) {
        headers.insert(l.header());
        let Round { own, calls } = round_work(l, &run_of, budget.work);
        let Some(latch) = l.latch() else { continue };
        let run = trips.zip(calls);
        let run = run.map(|(n, calls)| n.saturating_mul(own.saturating_add(calls)));
        if let Some(run) = run.filter(|run| *run <= budget.short) {
            run_of.insert(l, run);
            continue;
        }
        let round = own;
        run_of.insert(l, budget.short);
        if budget.short > 0 && always_polls(&loops, l, latch, polled, &polling) {
            continue;
        }
        // Beside a call a poll does not show.
        if l.is_innermost() && may_grow && !has_call(l, budget.work) {
            if let Some(counted) = shape::Counted::of(module, l, latch) {
                let rounds = budget.short / round.max(1);
                let long = if is_hot(l) && round <= COPIED {
                    counted.copy_for_long_runs(module, &loops, rounds)
                } else {
                    counted.in_place(rounds)
                };
                if let Some(long) = long {
                    chunked.push(long);
                    continue;
                }
            } else if round <= TINY {
                match unroll_count(l, round) {
                    1 => (),
                    count => _ = loops.unroll(l, count),
                }
            }
        }
        polling.push(l);
    }
    for long in chunked {
        match long.strip(module) {
            Some(between) => place(between),
            None => polling.push(long.l()),
        }
    }
    for l in polling {
        place_in_round(module, l, place);
    }
    drop(loops);
    // Cycles that are not natural loops: computed gotos and the like.
    let mut done = HashSet::new();
    for (latch, header) in f.back_edges() {
        if !headers.contains(&header)
            && !has_point(latch)
            && done.insert(latch)
            && !is_inside_chunks(latch, header)
            && let Some(t) = latch.terminator()
        {
            place(Builder::before(module, t));
        }
    }
}

/// Puts a point where every round ends. (At the top of rounds its values would be those of the loop's calls,
/// which saves a little text; but a loop tested at its top then polls once more, and an interpreter ran 1%
/// slower.)
fn place_in_round(module: &Module, l: Loop, place: &impl Fn(Builder)) {
    let Some((latch, end)) = l.latch().and_then(|b| Some((b, b.terminator()?))) else {
        return;
    };
    // An invoke's result is not there yet, and its edge cannot be split in front of it.
    let at = match end.is(Opcode::LLVMInvoke) {
        true => latch.first_insertion_point().unwrap_or(end),
        false => end,
    };
    place(Builder::before(module, at));
}

/// Loops inside others, and vector loops, are taken for hot: they may cost text.
fn is_hot(l: Loop) -> bool {
    l.parent().is_some() || is_vector(l)
}

fn is_vector(l: Loop) -> bool {
    let is_vector = |v: Value| v.ty().kind() == TypeKind::LLVMVectorTypeKind;
    l.blocks()
        .iter()
        .any(|b| b.instructions().into_iter().any(is_vector))
}

/// Loops taken for cold are unrolled less: half as far, and at most four times.
fn unroll_count(l: Loop, round: u64) -> u32 {
    let (size, counts) = match is_hot(l) {
        true => (UNROLLED, 2..=8),
        false => (UNROLLED / 2, 1..=4),
    };
    (size / round.max(1)).clamp(*counts.start(), *counts.end()) as u32
}

/// Work of one round.
struct Round {
    /// Its own instructions, and whole runs of the loops inside.
    own: u64,
    /// What is done in the functions that it calls. `None` if nothing bounds that.
    calls: Option<u64>,
}

fn round_work(l: Loop, run_of: &HashMap<Loop, u64>, work: &Work) -> Round {
    let inner: Vec<Loop> = run_of
        .keys()
        .copied()
        .filter(|i| i.parent() == Some(l))
        .collect();
    let mut round = Round {
        own: inner.iter().map(|i| run_of[i]).sum(),
        calls: Some(0),
    };
    for b in l.blocks() {
        let is_inside = inner.iter().any(|i| i.contains(b));
        for i in b.instructions().into_iter().filter(|i| costs(*i)) {
            // What inner loops call is in their runs, unless it has no bound.
            let call = i.is_call_like().then(|| work.call(i));
            if is_inside {
                round.calls = round.calls.filter(|_| call != Some(None));
            } else {
                round.own += 1;
                let call = call.unwrap_or(Some(0));
                round.calls = round.calls.zip(call).map(|(a, b)| a.saturating_add(b));
            }
        }
    }
    round
}

fn costs(i: Value) -> bool {
    !i.is_phi() && !i.is_lifetime_marker()
}

/// Whether a round calls anything but libc's functions of numbers.
fn has_call(l: Loop, work: &Work) -> bool {
    l.blocks()
        .into_iter()
        .flat_map(Block::instructions)
        .filter(|i| i.is_call_like() && !i.callee().is_intrinsic())
        .any(|i| !work.is_numeric(i.callee()))
}

/// Whether every round calls a function that polls at its entry, or begins an inner loop that polls.
fn always_polls(
    loops: &Loops,
    l: Loop,
    latch: Block,
    polled: &HashSet<Value>,
    polling: &[Loop],
) -> bool {
    let polls = |i: Value| i.is_call_like() && polled.contains(&i.callee());
    polling
        .iter()
        .any(|inner| l.contains(inner.header()) && loops.dominates(inner.header(), latch))
        || l.blocks()
            .into_iter()
            .filter(|b| b.instructions().into_iter().any(polls))
            .any(|b| loops.dominates(b, latch))
}

fn has_point(block: Block) -> bool {
    block.instructions().into_iter().any(marker::is_point)
}

/// The inner cycle of a chunked copy, and the cycle around it, are bounded or polled by construction.
fn is_inside_chunks(latch: Block, header: Block) -> bool {
    header.name().starts_with(shape::CHUNK)
        || latch.name().starts_with(shape::CHUNK)
        || header
            .predecessors()
            .into_iter()
            .any(|p| p.name().starts_with(shape::CHUNK))
}
