//! The resume clone: from a record back to running code.
//!
//! Values that live across sites are kept in memory, in a frame with the record's layout, so that control
//! may enter behind any site: a site costs one store of its index, and all calls of the clone share one
//! pad that reads nothing but memory. A value defined and used in one block stays in a register there.

use std::collections::{HashMap, HashSet};

use crate::llvm::{Block, Builder, Opcode, TailCall, Type, Value};

use super::capture::{reopen, split_pad};
use super::layout::{Layout, RECORD_DESCRIPTOR, RECORD_HEADER, RECORD_NEXT, RECORD_SITE};
use super::runtime::Runtime;
use super::sites::Site;

/// What is known of the function.
pub struct Parts<'a> {
    pub sites: &'a [Site],
    /// Headers of loops through which the clone goes back into the function.
    pub entrances: &'a [Block],
    pub layout: &'a Layout,
}

/// Fills the body of `resume` from `f`, whose blocks are split at its sites and which has no pads and
/// entrances yet.
pub fn build(runtime: &Runtime, f: Value, resume: Value, parts: &Parts) {
    let m = runtime.module;
    let layout = parts.layout;
    let entry = resume.append_block("resume");
    let b = Builder::at_end(m, entry);
    let record = resume.params()[0];
    let frame = b.alloca(m.int(64).array(layout.size() / 8), 16, "frame");
    b.memcpy(frame, record, m.i64_const(layout.size()), 16);
    let args: Vec<Value> = f
        .params()
        .into_iter()
        .map(|p| match layout.offsets.get(&p) {
            // Parameters never change, so one load serves all uses.
            Some(offset) => b.load(p.ty(), b.field(frame, *offset, "slot"), &p.name()),
            None => p.ty().poison(),
        })
        .collect();
    drop(b);

    let mut wanted: Vec<Value> = Vec::new();
    let instructions: Vec<Value> = f
        .instructions()
        .into_iter()
        .filter(|i| !i.ty().is_void() || i.is_call_like())
        .collect();
    wanted.extend(&instructions);
    wanted.extend(f.blocks().into_iter().map(Block::as_value));
    let copies = resume.clone_body(f, &args, &wanted);
    let map: HashMap<Value, Value> = wanted.into_iter().zip(copies).collect();
    let block = |b: Block| Block::from_value(map[&b.as_value()]);

    let c = Clone {
        runtime,
        f: resume,
        frame,
        record,
        layout,
    };
    let shared_pad = c.shared_pad();
    let mut ways = Ways::default();
    for (index, site) in parts.sites.iter().enumerate() {
        match site {
            Site::Point {
                record,
                capture,
                next,
            } => {
                c.capture_at_point(map[record], block(*capture), layout.site(m, index));
                ways.points.push((index, block(*next)));
            }
            Site::Call {
                call,
                next,
                pad,
                taken,
            } => {
                let call = map[call];
                c.note_site(call, layout.site(m, index));
                let pad = if *taken {
                    c.twin_pad(block(*pad))
                } else {
                    call.set_unwind_dest(shared_pad);
                    shared_pad
                };
                ways.add_call(index, call, block(*next), pad);
            }
        }
    }
    c.enter(entry, &ways);
    c.end_jumps();
    c.leave_at(parts, block, f);
    c.demote(&map);
}

/// Where the clone may be entered.
#[derive(Default)]
struct Ways {
    /// Migration points: index, and what comes behind.
    points: Vec<(usize, Block)>,
    calls: Vec<Callees>,
}

/// Calls that share the code which resumes the callee, since they have results of one type and one pad.
struct Callees {
    ty: Type,
    pad: Block,
    /// Index, call, and what comes behind.
    calls: Vec<(usize, Value, Block)>,
}

impl Ways {
    fn add_call(&mut self, index: usize, call: Value, next: Block, pad: Block) {
        let ty = call.ty();
        let call = (index, call, next);
        match self.calls.iter_mut().find(|c| c.ty == ty && c.pad == pad) {
            Some(same) => same.calls.push(call),
            None => self.calls.push(Callees {
                ty,
                pad,
                calls: vec![call],
            }),
        }
    }
}

struct Clone<'a> {
    runtime: &'a Runtime<'a>,
    f: Value,
    frame: Value,
    record: Value,
    layout: &'a Layout,
}

impl Clone<'_> {
    fn module(&self) -> &crate::llvm::Module {
        self.runtime.module
    }

    /// Says in the frame which site execution is at.
    fn note_site(&self, call: Value, number: Value) {
        let b = Builder::before(self.module(), call);
        b.store(number, b.field(self.frame, RECORD_SITE, "slot"));
    }

    /// Copies site and values from the frame to the record handed in, whose other header fields belong to
    /// the runtime, and goes on capturing.
    fn copy_out(&self, b: &Builder, record: Value) {
        let m = self.module();
        let site = b.load(m.int(64), b.field(self.frame, RECORD_SITE, "slot"), "site");
        b.store(site, b.field(record, RECORD_SITE, "slot"));
        let values = self.layout.size() - RECORD_HEADER;
        if values > 0 {
            let to = b.field(record, RECORD_HEADER, "values");
            let from = b.field(self.frame, RECORD_HEADER, "values");
            b.memcpy(to, from, m.i64_const(values), 16);
        }
        let (next, ty) = self.runtime.capture_next();
        b.call(ty, next, &[record], "");
        b.unreachable();
    }

    fn shared_pad(&self) -> Block {
        let pad = self.f.append_block("capture");
        let b = Builder::at_end(self.module(), pad);
        let caught = b.landing_pad(false, "caught");
        let record = b.extract(caught, 0, "record");
        self.copy_out(&b, record);
        pad
    }

    /// The pad of calls after which the clone only returns what they return: its frame has nothing to add to a
    /// capture.
    fn transparent_pad(&self) -> Block {
        let m = self.module();
        let pad = self.f.append_block("transparent");
        let b = Builder::at_end(m, pad);
        let caught = b.landing_pad(false, "caught");
        let record = b.extract(caught, 0, "record");
        let (skip, ty) = self.runtime.capture_skip();
        b.call(ty, skip, &[record], "");
        b.unreachable();
        pad
    }

    /// Where the function jumps to another of its own prototype, the clone, whose prototype is another, calls.
    fn end_jumps(&self) {
        let is_jump = |i: &Value| {
            i.is(Opcode::LLVMCall) && i.tail_call_kind() == TailCall::LLVMTailCallKindMustTail
        };
        let jumps: Vec<Value> = self.f.instructions().into_iter().filter(is_jump).collect();
        if jumps.is_empty() {
            return;
        }
        let pad = self.transparent_pad();
        for call in jumps {
            call.set_tail_call_kind(TailCall::LLVMTailCallKindNone);
            call.drop_migration_attributes();
            call.call_to_invoke(pad);
        }
    }

    /// Where the clone comes to an entrance, it calls the function, which goes on there and returns what the
    /// clone is to return. The clone's own frame has nothing to add to a capture then.
    fn leave_at(&self, parts: &Parts, block: impl Fn(Block) -> Block, original: Value) {
        if parts.entrances.is_empty() {
            return;
        }
        let m = self.module();
        let transparent = self.transparent_pad();
        let nothing: Vec<Value> = original.params().iter().map(|p| p.ty().null()).collect();
        for (k, header) in parts.entrances.iter().enumerate() {
            let header = block(*header);
            if let Some(first) = header.first_insertion_point() {
                first.split_before("looped");
            }
            reopen(header);
            let left = self.f.append_block("left");
            let b = Builder::at_end(m, header);
            let number = m.i64_const((parts.sites.len() + k) as u64);
            b.store(number, b.field(self.frame, RECORD_SITE, "slot"));
            let (reenter, ty) = self.runtime.reenter();
            b.call(ty, reenter, &[self.frame], "");
            let ty = original.value_type();
            let result = b.invoke(ty, original, &nothing, (left, transparent), "result");
            result.set_call_conv(original.function_call_conv());
            drop(b);
            let b = Builder::at_end(m, left);
            b.ret((!result.ty().is_void()).then_some(result));
        }
    }

    fn capture_at_point(&self, record: Value, capture: Block, number: Value) {
        reopen(capture);
        let b = Builder::at_end(self.module(), capture);
        b.store(number, b.field(self.frame, RECORD_SITE, "slot"));
        self.copy_out(&b, record);
    }

    /// The way in: from the site in the frame to what comes behind it.
    fn enter(&self, entry: Block, ways: &Ways) {
        let m = self.module();
        let mut starts = Vec::new();
        if !ways.points.is_empty() {
            let start = self.f.append_block("resume.point");
            starts.extend(ways.points.iter().map(|(index, _)| (*index, start)));
            let b = Builder::at_end(m, start);
            let (done, ty) = self.runtime.resume_done();
            b.call(ty, done, &[self.record], "");
            drop(b);
            self.choose(start, &ways.points);
        }
        for same in &ways.calls {
            let start = self.enter_behind_calls(same);
            starts.extend(same.calls.iter().map(|(index, ..)| (*index, start)));
        }
        starts.sort_by_key(|(index, _)| *index);
        self.choose(entry, &starts);
    }

    /// Ends `block`: goes on at the place that belongs to the site in the frame.
    fn choose(&self, block: Block, places: &[(usize, Block)]) {
        let m = self.module();
        let b = Builder::at_end(m, block);
        let [(_, first), rest @ ..] = places else {
            b.unreachable();
            return;
        };
        if rest.iter().all(|(_, place)| place == first) {
            b.br(*first);
            return;
        }
        let site = b.load(m.int(64), b.field(self.frame, RECORD_SITE, "slot"), "site");
        let bad = self.f.append_block("bad.site");
        let switch = b.switch(site, bad);
        for (index, place) in places {
            switch.add_case(m.i64_const(*index as u64), *place);
        }
        drop(b);
        Builder::at_end(m, bad).unreachable();
    }

    /// A block that asks the next inner frame for its result, of one type, and goes on behind the call that
    /// the frame is at, where that call itself goes on too.
    fn enter_behind_calls(&self, same: &Callees) -> Block {
        let m = self.module();
        let start = self.f.append_block("resume.call");
        let landed = self.f.append_block("resume.return");
        let b = Builder::at_end(m, start);
        let inner = b.load(m.ptr(), b.field(self.record, RECORD_NEXT, "slot"), "inner");
        let d = b.load(
            m.ptr(),
            b.field(inner, RECORD_DESCRIPTOR, "slot"),
            "inner.descriptor",
        );
        let function = b.load(m.ptr(), d, "inner.resume");
        let ty = Type::function(same.ty, &[m.ptr()], false);
        let result = b.invoke(ty, function, &[inner], (landed, same.pad), "resumed");
        drop(b);
        let places: Vec<_> = same
            .calls
            .iter()
            .map(|(index, _, next)| (*index, *next))
            .collect();
        self.choose(landed, &places);
        for (_, call, next) in &same.calls {
            if call.has_users() {
                // Both ways lead into `next`, which has no phis yet.
                let phi = Builder::at_top(m, *next).phi(call.ty(), "result");
                call.replace_all_uses_with(phi);
                phi.add_incoming(*call, call.parent());
                phi.add_incoming(result, landed);
            }
        }
        start
    }

    /// The pad of a call that takes longjmps, split into capture and the rest; and a pad for the resume
    /// call that leads to the same places.
    fn twin_pad(&self, pad: Block) -> Block {
        let m = self.module();
        let to_capture = |pad: Block, landing: Value| {
            let capture = self.f.append_block("capture");
            let b = Builder::at_end(m, capture);
            let record = b.extract(landing, 0, "record");
            self.copy_out(&b, record);
            split_pad(self.runtime, pad, capture);
        };
        let twin = self.f.append_block("pad.twin");
        let (Some(landing), Some(exit)) = (pad.landing_pad(), pad.terminator()) else {
            return twin;
        };
        let target = exit.successors()[0];
        let b = Builder::at_end(m, twin);
        let twin_landing = b.insert_clone(landing, "caught");
        b.br(target);
        drop(b);
        for phi in target.phis() {
            if let Some((v, _)) = phi.incoming().into_iter().find(|(_, b)| *b == pad) {
                phi.add_incoming(if v == landing { twin_landing } else { v }, twin);
            }
        }
        to_capture(pad, landing);
        to_capture(twin, twin_landing);
        twin
    }

    /// Puts every stored value into the frame after its definition and takes it from there in other
    /// blocks; recomputes derived values where they are used.
    fn demote(&self, map: &HashMap<Value, Value>) {
        let m = self.module();
        // Users first: a recomputation brings new uses of its operands.
        for old in self.layout.derived.iter().rev() {
            if let Some(v) = map.get(old).copied().filter(|v| v.is_instruction()) {
                self.at_uses(v, |b| b.insert_clone(v, &v.name()));
            }
        }
        // By offset, so that the same module always gives the same code.
        let mut slots: Vec<_> = self.layout.offsets.iter().collect();
        slots.sort_by_key(|(_, offset)| **offset);
        for (old, offset) in slots {
            let Some(v) = map.get(old).copied().filter(|v| v.is_instruction()) else {
                continue;
            };
            // A call's value is taken from the phi that merges it with the resumed one.
            let v = merged(v);
            self.at_uses(v, |b| {
                b.load(v.ty(), b.field(self.frame, *offset, "slot"), &v.name())
            });
            let store = |b: &Builder| {
                b.store(v, b.field(self.frame, *offset, "slot"));
            };
            if v.is_phi() {
                store(&Builder::at_start(m, v.parent()));
            } else if v.is(Opcode::LLVMInvoke) {
                store(&Builder::at_start(m, v.normal_dest()));
            } else if let Some(next) = v.next() {
                store(&Builder::before(m, next));
            }
        }
    }

    /// Replaces each use of `v` outside its block by what `make` inserts in front of it.
    fn at_uses(&self, v: Value, make: impl Fn(&Builder) -> Value) {
        let m = self.module();
        let home = v.parent();
        // In the order of uses: that of addresses would differ from run to run.
        let mut seen = HashSet::new();
        let mut users = v.users();
        users.retain(|user| seen.insert(*user));
        let mut at_edge: HashMap<Block, Value> = HashMap::new();
        for user in users {
            if user.is_phi() {
                for (i, (value, from)) in user.incoming().into_iter().enumerate() {
                    if value != v || from == home {
                        continue;
                    }
                    let made = *at_edge.entry(from).or_insert_with(|| {
                        let end = from.terminator().unwrap_or(user);
                        make(&Builder::before(m, end))
                    });
                    user.set_operand(i as u32, made);
                }
                continue;
            }
            if user.parent() == home {
                continue;
            }
            let made = make(&Builder::before(m, user));
            for (i, o) in user.operands().into_iter().enumerate() {
                if o == v {
                    user.set_operand(i as u32, made);
                }
            }
        }
    }
}

/// The phi that merges a call's result with the resumed one, if there is one, otherwise the value.
fn merged(v: Value) -> Value {
    if v.is_call_like()
        && let [user] = v.users()[..]
        && user.is_phi()
        && user
            .incoming()
            .iter()
            .any(|(x, _)| x.name().starts_with("resumed"))
    {
        return user;
    }
    v
}

const _: () = assert!(RECORD_HEADER.is_multiple_of(16));
