//! computed goto: a switch over the blocks whose addresses are taken.
//!
//! The address of a block means nothing in a clone and on another ISA.

use crate::llvm::{Block, Builder, Module, Opcode, Value};

/// Turns one `indirectbr` into a switch over small integers. Every block of the function whose address is
/// taken stands for an integer of its own, from 1; tables of labels become tables of integers.
pub(super) fn lower(module: &Module, block: Block) {
    let function = block.function();
    let addresses: Vec<Value> = block
        .as_value()
        .users()
        .into_iter()
        .filter(|u| u.is_block_address())
        .collect();
    if !addresses.is_empty() {
        let index = function
            .blocks()
            .iter()
            .position(|b| *b == block)
            .unwrap_or(0) as u64
            + 1;
        let stand_in = module.const_int_to_ptr(index);
        for a in addresses {
            a.replace_all_uses_with(stand_in);
        }
    }
    let Some(terminator) = block.terminator().filter(|t| t.is(Opcode::LLVMIndirectBr)) else {
        return;
    };
    let index_of =
        |b: Block| function.blocks().iter().position(|x| *x == b).unwrap_or(0) as u64 + 1;
    let trap = function.append_block("bad.label");
    Builder::at_end(module, trap).unreachable();
    let b = Builder::before(module, terminator);
    let index = b.ptr_to_int(terminator.operand(0), module.int(64), "label");
    let switch = b.switch(index, trap);
    let mut seen: Vec<Block> = Vec::new();
    for target in terminator.successors() {
        if seen.contains(&target) {
            target.remove_predecessor(block);
        } else {
            switch.add_case(module.i64_const(index_of(target)), target);
            seen.push(target);
        }
    }
    terminator.erase();
}
