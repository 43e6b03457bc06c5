//! Finds the sites of a function and splits its blocks there.
//!
//! Afterwards every call site is an invoke with a continuation and a pad of its own, and a migration
//! point is a branch on the flag to cold code.

use popcorn_metadata::symbols;

use crate::llvm::{Block, Builder, IntPredicate, Opcode, TailCall, Value};
use crate::points::marker::{POINT_HERE, is_point};

use super::reachability::Reach;
use super::runtime::Runtime;

/// One site. Its index is its position in the list.
#[derive(Debug, Clone)]
pub enum Site {
    /// An invoke. `taken` says that its pad already takes longjmps or exceptions; otherwise the pad is
    /// new and empty (a landing pad and `unreachable`).
    Call {
        call: Value,
        next: Block,
        pad: Block,
        taken: bool,
    },
    /// A migration point: `capture` (so far only `unreachable`) gets the record `record`.
    Point {
        record: Value,
        capture: Block,
        next: Block,
    },
}

impl Site {
    /// Where execution goes on.
    pub fn next(&self) -> Block {
        match self {
            Site::Call { next, .. } | Site::Point { next, .. } => *next,
        }
    }
}

pub fn split(runtime: &Runtime, f: Value, reach: &Reach) -> Vec<Site> {
    fold_single_phis(f);
    let mut sites = Vec::new();
    for inst in f.instructions() {
        if is_point(inst) {
            sites.push(expand_point(runtime, f, inst));
        } else if reach.is_site(inst) && !make_tail_call(inst) {
            sites.push(split_call(runtime, f, inst));
        } else if is_foreign_call(inst) {
            // Calls that cannot unwind get no entry of their own in the exception table and may lie in that of
            // a pad. Below this one there may be a point after all, in libc: the walk has to see that the
            // caller is not prepared.
            inst.drop_migration_attributes();
            inst.callee().drop_migration_attributes();
        }
    }
    sites
}

/// Values leave loops through phis of one value, which would each have a place in the record beside the
/// value's own; and continuations have no phis. What an unwinder hands over stays in its phis: a pad gets
/// a twin.
fn fold_single_phis(f: Value) {
    for phi in f.blocks().into_iter().flat_map(Block::phis) {
        let incoming = phi.incoming();
        let [(value, _), rest @ ..] = &incoming[..] else {
            continue;
        };
        let is_one = rest.iter().all(|(v, _)| v == value) && *value != phi;
        if is_one
            && incoming
                .iter()
                .all(|(_, from)| from.landing_pad().is_none())
        {
            phi.replace_all_uses_with(*value);
            phi.erase();
        }
    }
}

/// A call that leaves the module, and not for the runtime.
fn is_foreign_call(inst: Value) -> bool {
    if !inst.is_call_like() || !inst.callee().is_function() {
        return false;
    }
    let callee = inst.callee();
    callee.is_declaration()
        && !callee.is_intrinsic()
        && !callee.name().starts_with(symbols::OURS)
        && !is_point(inst)
}

fn split_call(runtime: &Runtime, f: Value, call: Value) -> Site {
    call.drop_migration_attributes();
    if call.callee().is_function() {
        call.callee().drop_migration_attributes();
    }
    if call.is(Opcode::LLVMInvoke) {
        // A continuation of its own, so that the clone can enter it.
        let next = call.parent().split_edge_to(call.normal_dest());
        return Site::Call {
            call,
            next,
            pad: call.unwind_dest(),
            taken: true,
        };
    }
    call.set_tail_call_kind(TailCall::LLVMTailCallKindNone);
    let pad = f.append_block("capture");
    let b = Builder::at_end(runtime.module, pad);
    b.landing_pad(false, "caught");
    b.unreachable();
    drop(b);
    let (call, next) = call.call_to_invoke(pad);
    Site::Call {
        call,
        next,
        pad,
        taken: false,
    }
}

fn expand_point(runtime: &Runtime, f: Value, marker: Value) -> Site {
    let m = runtime.module;
    let here = marker.callee().name() == POINT_HERE;
    let head = marker.parent();
    let next = marker.split_before("after.point");
    let (poll, capture) = (f.append_block("poll"), f.append_block("poll.capture"));
    if let Some(t) = head.terminator() {
        t.erase();
    }
    let b = Builder::at_end(m, head);
    if here {
        b.br(poll);
    } else {
        // Not atomic, so that the comparison takes it from memory; the call behind it may change it, so
        // no back end keeps it in a register.
        let flag = b.load(m.int(32), runtime.flag(), "flag");
        let set = b.icmp(IntPredicate::LLVMIntNE, flag, m.int(32).null(), "flag.set");
        b.cond_br(set, poll, next).mark_unlikely();
    }
    drop(b);
    let b = Builder::at_end(m, poll).located_like(marker);
    let (callee, ty) = runtime.poll();
    let record = b.call(ty, callee, &[], "record");
    let moves = b.icmp(IntPredicate::LLVMIntNE, record, m.ptr().null(), "moves");
    b.cond_br(moves, capture, next).mark_unlikely();
    drop(b);
    marker.erase();
    Builder::at_end(m, capture).unreachable();
    Site::Point {
        record,
        capture,
        next,
    }
}

/// Registers that every ISA passes arguments in: beyond these a tail call may need stack.
const ARGUMENT_REGISTERS: usize = 6;

/// `return g(...)` with the caller's own prototype becomes a jump: no frame is left, so no record is
/// needed, and deep tail recursion stays flat as it is in plain code.
fn make_tail_call(call: Value) -> bool {
    use crate::llvm::TypeKind;
    if !call.is(Opcode::LLVMCall) || call.tail_call_kind() == TailCall::LLVMTailCallKindNoTail {
        return false;
    }
    if call.tail_call_kind() == TailCall::LLVMTailCallKindMustTail {
        return true;
    }
    if call.tail_call_kind() != TailCall::LLVMTailCallKindTail {
        return false;
    }
    let f = call.parent().function();
    let Some(ret) = call.next().filter(|n| n.is(Opcode::LLVMRet)) else {
        return false;
    };
    let returns_it = match ret.operands().first() {
        Some(v) => *v == call,
        None => call.ty().is_void(),
    };
    let plain = |t: crate::llvm::Type| match t.kind() {
        TypeKind::LLVMIntegerTypeKind => t.int_width() <= 64,
        TypeKind::LLVMPointerTypeKind
        | TypeKind::LLVMFloatTypeKind
        | TypeKind::LLVMDoubleTypeKind
        | TypeKind::LLVMVoidTypeKind => true,
        _ => false,
    };
    let ty = call.called_type();
    let fits = returns_it
        && ty == f.value_type()
        && ty.param_types().len() <= ARGUMENT_REGISTERS
        && ty.param_types().into_iter().all(plain)
        && plain(ty.return_type())
        && !is_narrow(ty.return_type())
        && call.call_conv() == f.function_call_conv()
        && !call.has_struct_return()
        && !f.has_struct_return();
    if fits {
        call.drop_migration_attributes();
        call.set_tail_call_kind(TailCall::LLVMTailCallKindMustTail);
    }
    fits
}

/// Narrow results carry an extension attribute, which would have to be equal.
fn is_narrow(t: crate::llvm::Type) -> bool {
    t.kind() == crate::llvm::TypeKind::LLVMIntegerTypeKind && t.int_width() < 32
}
