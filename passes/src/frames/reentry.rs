//! Re-entry: from a clone back into the function itself.
//!
//! A clone keeps its values in memory; a loop that went on there would run at a fraction of its speed until
//! the function returns. So each outermost loop that holds sites has an *entrance* in front of it: the
//! function, called with a frame to go on from, loads what the loop needs and goes there. On the ordinary
//! way this costs one test at the function's entry. The loop itself stays as it is: loaded and computed
//! values meet in front of it, in a block that runs once, so it has one preheader and no phi more.
//!
//! Inner loops have no entrance: entering them from outside would make the loops around them irreducible.
//! A clone that resumes inside an inner loop stays in it for the rest of one round of the outermost.

use popcorn_metadata::symbols::runtime;
use std::collections::HashMap;

use crate::llvm::{Block, Builder, IntPredicate, Loop, Loops, Module, Value, gather_entries};

use crate::points::COLD_CHUNK;

use super::layout::{Layout, RECORD_SITE};
use super::runtime::Runtime;
use super::sites::Site;

/// A loop with fewer instructions, and none inside, has no entrance.
const SMALL: usize = 48;

/// The headers of the loops that get an entrance.
pub fn find(f: Value, sites: &[Site]) -> Vec<Block> {
    let loops = Loops::as_they_are(f);
    let holds_site = |l: &Loop| {
        sites.iter().any(|site| match site {
            Site::Call { call, .. } => l.contains(call.parent()),
            Site::Point { record, .. } => l.contains(record.parent()),
        })
    };
    let mut order = loops.inner_first();
    order.reverse();
    order
        .into_iter()
        .filter(|l| l.parent().is_none() && is_long(*l) && holds_site(l))
        .map(Loop::header)
        // Where an unwinder arrives, nobody else can.
        .filter(|h| h.landing_pad().is_none())
        .collect()
}

/// Whether a loop may take long enough for an entrance to pay: loads for all its values, in every ISA's text.
fn is_long(l: Loop) -> bool {
    let size = || {
        l.blocks()
            .iter()
            .map(|b| b.instructions().len())
            .sum::<usize>()
    };
    let is_nest = !l.is_innermost() && !l.header().name().starts_with(COLD_CHUNK);
    is_nest || size() >= SMALL
}

/// Gives `f` its entrances. `sites` is the number of its sites: in a frame to go on from, entrance `k` is
/// site `sites + k`.
pub fn add(runtime: &Runtime, f: Value, headers: &[Block], layout: &Layout, sites: usize) {
    if headers.is_empty() {
        return;
    }
    let m = runtime.module;
    let (frame, doors) = test_at_entry(runtime, f, headers.len(), sites);
    let mut definitions = Definitions::default();
    for (k, (header, door)) in headers.iter().zip(doors).enumerate() {
        let hall = gather_entries(*header);
        let b = Builder::at_end(m, door);
        let mut loaded = HashMap::new();
        for &v in &layout.stored[sites + k] {
            let value = b.load(
                v.ty(),
                b.field(frame, layout.offsets[&v], "slot"),
                &v.name(),
            );
            loaded.insert(v, value);
        }
        b.br(hall);
        drop(b);
        feed_phis(m, *header, hall, door, &loaded);
        for &v in &layout.stored[sites + k] {
            if !(v.is_phi() && v.parent() == *header) {
                definitions.push(v, door, loaded[&v]);
            }
        }
        recompute(m, hall, layout.derived_at(k), &mut definitions);
    }
    definitions.merge();
}

/// The test at the entry. Returns the frame to go on from, and an empty block per entrance.
fn test_at_entry(runtime: &Runtime, f: Value, count: usize, sites: usize) -> (Value, Vec<Block>) {
    let m = runtime.module;
    let entry = f.entry();
    // Never empty: it has a terminator.
    let normal = entry.first().unwrap_or(f).split_before("entry");
    if let Some(t) = entry.terminator() {
        t.erase();
    }
    let again = f.append_block("again");
    let variable = m.declare_thread_local(runtime::REENTRY, m.ptr());
    let b = Builder::at_end(m, entry);
    let place = b.thread_local_address(variable, "reentry");
    let value = b.load(m.ptr(), place, "reentry");
    let is_set = b.icmp(IntPredicate::LLVMIntNE, value, m.ptr().null(), "is.again");
    b.cond_br(is_set, again, normal).mark_unlikely();
    drop(b);
    let b = Builder::at_end(m, again);
    let (reentered, ty) = runtime.reentered();
    let frame = b.call(ty, reentered, &[], "frame");
    let doors: Vec<Block> = (0..count).map(|_| f.append_block("door")).collect();
    if let [door] = doors[..] {
        b.br(door);
    } else {
        let site = b.load(m.int(64), b.field(frame, RECORD_SITE, "slot"), "site");
        // The last is as good a default as any: no other site is ever asked for.
        let switch = b.switch(site, doors[count - 1]);
        for (k, door) in doors.iter().enumerate().take(count - 1) {
            switch.add_case(m.i64_const((sites + k) as u64), *door);
        }
    }
    (frame, doors)
}

/// Merges the loaded values of the header's phis with those that come from in front of the loop.
fn feed_phis(m: &Module, header: Block, hall: Block, door: Block, loaded: &HashMap<Value, Value>) {
    let mut from: Vec<Block> = hall.predecessors();
    from.retain(|b| *b != door);
    let own = hall.phis();
    for phi in header.phis() {
        let Some(at) = phi.incoming().iter().position(|(_, b)| *b == hall) else {
            continue;
        };
        let value = phi.operand(at as u32);
        let merged = if own.contains(&value) {
            value
        } else {
            let merged = Builder::at_top(m, hall).phi(phi.ty(), "entered");
            for b in &from {
                merged.add_incoming(value, *b);
            }
            phi.set_operand(at as u32, merged);
            merged
        };
        merged.add_incoming(loaded[&phi], door);
    }
}

/// Computes the derived values again behind the entrance, for both ways that lead there.
fn recompute(m: &Module, hall: Block, derived: &[Value], definitions: &mut Definitions) {
    let mut again: HashMap<Value, Value> = HashMap::new();
    for &v in derived {
        let end = hall.terminator().unwrap_or(v);
        let copy = Builder::before(m, end).insert_clone(v, &v.name());
        for (i, o) in v.operands().into_iter().enumerate() {
            if let Some(new) = again.get(&o) {
                copy.set_operand(i as u32, *new);
            }
        }
        again.insert(v, copy);
        definitions.push(v, hall, copy);
    }
}

/// Further definitions of values, in the order they were found.
#[derive(Default)]
struct Definitions {
    order: Vec<Value>,
    of: HashMap<Value, Vec<(Block, Value)>>,
}

impl Definitions {
    fn push(&mut self, value: Value, block: Block, definition: Value) {
        let list = self.of.entry(value).or_default();
        if list.is_empty() {
            self.order.push(value);
        }
        list.push((block, definition));
    }

    fn merge(self) {
        for v in self.order {
            v.merge_definitions(&self.of[&v]);
        }
    }
}
