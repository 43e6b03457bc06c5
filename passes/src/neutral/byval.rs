//! byval: structures passed by value in memory become pointers that the callee copies from at entry.
//!
//! `byval` puts the structure into the caller's outgoing argument area, which lies on the native stack,
//! elsewhere on every ISA. Caller and callee change alike in every module, instrumented or not. After
//! this pass no call or function has a `byval` parameter.

use crate::llvm::{Builder, Module, TailCall, Value};

pub fn run(module: &Module) {
    for f in module.functions() {
        for i in 0..f.params().len() {
            if let Some(ty) = f.byval_type(i) {
                if !f.is_declaration() {
                    copy_at_entry(module, f, i, ty);
                }
                f.remove_byval(i);
            }
        }
        if f.is_declaration() {
            continue;
        }
        for inst in f.instructions() {
            if inst.is_call_like() {
                strip_call(inst);
            }
        }
    }
}

fn copy_at_entry(module: &Module, f: Value, index: usize, ty: crate::llvm::Type) {
    let layout = module.layout();
    let parameter = f.params()[index];
    // What the caller promises; the type's own alignment may be more (`_BitInt(65)` is an `i128` in memory).
    let promised = f.param_align(index).max(1);
    let align = promised.max(layout.align(ty));
    let b = Builder::at_start(module, f.entry());
    let own = b.alloca(ty, align, &format!("{}.copy", parameter.name()));
    parameter.replace_all_uses_with(own);
    let size = module.i64_const(layout.size(ty));
    b.memcpy_from(own, align as u32, parameter, promised as u32, size);
}

fn strip_call(call: Value) {
    for i in 0..call.arguments().len() {
        if call.byval_type(i).is_some() {
            call.remove_byval(i);
            // The callee now reads the caller's memory.
            if call.is(crate::llvm::Opcode::LLVMCall) {
                call.set_tail_call_kind(TailCall::LLVMTailCallKindNone);
            }
        }
    }
}
