//! isolate invokes: keeps a back end's branches out of the code between an invoke's two labels.
//!
//! The range of code that an invoke's pad covers begins where its arguments are put into place. A back
//! end that has no instruction for a choice (`select`, minimum, wide shifts, conversions of floats)
//! branches for it, and if an argument of the invoke is chosen in the same block, it does so inside the
//! range. The range's blocks are then laid out, duplicated and mixed with others' like any blocks, and
//! the unwind table, which knows only first and last address, names the wrong pad. RISC-V does this with
//! every choice.
//!
//! So an invoke that takes such a value is moved to a block of its own, behind a `callbr` of empty
//! assembly: instruction selection works a block at a time, and no pass merges blocks across a `callbr`.
//! It costs no instruction.

use std::collections::HashSet;

use crate::llvm::{Block, Module, Opcode, TypeKind, Value};

pub fn run(module: &Module) {
    for f in module.definitions() {
        for block in f.blocks() {
            if let Some(invoke) = block.terminator().filter(|t| t.is(Opcode::LLVMInvoke))
                && takes_a_choice(invoke, block)
            {
                invoke.isolate();
            }
        }
    }
}

/// Whether an operand, or what it is computed from in this block, may need a branch on some ISA.
fn takes_a_choice(invoke: Value, block: Block) -> bool {
    let mut work = invoke.operands();
    let mut seen = HashSet::new();
    while let Some(v) = work.pop() {
        if !v.is_instruction() || v.parent() != block || !seen.insert(v) {
            continue;
        }
        match v.opcode() {
            // Their operands are not computed for this invoke.
            Some(Opcode::LLVMPHI | Opcode::LLVMLandingPad) => continue,
            Some(Opcode::LLVMLoad | Opcode::LLVMCall) if !is_intrinsic_call(v) => continue,
            _ if !is_straight(v) => return true,
            _ => work.extend(v.operands()),
        }
    }
    false
}

fn is_intrinsic_call(v: Value) -> bool {
    v.is(Opcode::LLVMCall) && v.callee().is_intrinsic()
}

/// True of what every back end selects as straight-line code.
fn is_straight(v: Value) -> bool {
    let plain = |v: Value| {
        let t = v.ty();
        match t.kind() {
            // A truth value that becomes a number may come back as a choice.
            TypeKind::LLVMIntegerTypeKind => t.int_width() <= 64 && t.int_width() != 1,
            TypeKind::LLVMPointerTypeKind => true,
            _ => false,
        }
    };
    matches!(
        v.opcode(),
        Some(
            Opcode::LLVMAdd
                | Opcode::LLVMSub
                | Opcode::LLVMMul
                | Opcode::LLVMAnd
                | Opcode::LLVMOr
                | Opcode::LLVMXor
                | Opcode::LLVMShl
                | Opcode::LLVMLShr
                | Opcode::LLVMAShr
                | Opcode::LLVMTrunc
                | Opcode::LLVMZExt
                | Opcode::LLVMSExt
                | Opcode::LLVMPtrToInt
                | Opcode::LLVMIntToPtr
                | Opcode::LLVMBitCast
                | Opcode::LLVMGetElementPtr
                | Opcode::LLVMExtractValue
        )
    ) && (plain(v) || v.is(Opcode::LLVMExtractValue))
        && v.operands()
            .into_iter()
            .all(|o| plain(o) || v.is(Opcode::LLVMExtractValue))
}
