//! landing pads: gives every invoke a landing pad of its own, without phis.
//!
//! A phi in a landing pad was miscompiled on AArch64: its copies ended up behind the call. So a pad only
//! takes the two values it is handed and branches on; what has to be merged is merged one block later.

use crate::llvm::{Block, Builder, Module, Opcode, Value};

/// Runs on one function, before code generation and before frames are added.
pub fn isolate(module: &Module, f: Value) {
    for pad in f.blocks() {
        if let Some(landing) = pad.landing_pad() {
            isolate_pad(module, f, pad, landing);
        }
    }
}

fn isolate_pad(module: &Module, f: Value, pad: Block, landing: Value) {
    let mut invokes: Vec<Value> = Vec::new();
    for p in pad.predecessors() {
        if let Some(t) = p.terminator().filter(|t| t.is(Opcode::LLVMInvoke))
            && !invokes.contains(&t)
        {
            invokes.push(t);
        }
    }
    let only_branches = landing
        .next()
        .is_some_and(|n| n.is(Opcode::LLVMBr) && n.successors().len() == 1);
    if invokes.len() == 1 && pad.phis().is_empty() && only_branches {
        return;
    }
    // The pad's value becomes a phi over the new pads.
    let merged = Builder::at_top(module, pad).phi(landing.ty(), "caught");
    let phis: Vec<Value> = pad.phis().into_iter().filter(|p| *p != merged).collect();
    let incoming: Vec<Vec<(Value, Block)>> = phis.iter().map(|p| p.incoming()).collect();
    let replacements: Vec<Value> = phis
        .iter()
        .map(|p| Builder::at_top(module, pad).phi(p.ty(), &p.name()))
        .collect();
    for invoke in invokes {
        let from = invoke.parent();
        let own = f.append_block("pad");
        let b = Builder::at_end(module, own);
        let l = b.insert_clone(landing, "caught");
        b.br(pad);
        invoke.set_unwind_dest(own);
        merged.add_incoming(l, own);
        for (new, old) in replacements.iter().zip(&incoming) {
            if let Some((v, _)) = old.iter().find(|(_, b)| *b == from) {
                new.add_incoming(*v, own);
            }
        }
    }
    for (old, new) in phis.iter().zip(&replacements) {
        old.replace_all_uses_with(*new);
    }
    for old in phis {
        old.erase();
    }
    landing.replace_all_uses_with(merged);
    landing.erase();
}
