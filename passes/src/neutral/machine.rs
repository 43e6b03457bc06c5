//! Drops target attributes and leave to fuse a product with a sum, lowers known inline assembly and x86
//! intrinsics to generic IR. What is not known is refused by name. Afterwards the module holds no target
//! intrinsic, no block address and no x87 type.

use popcorn_toolchains::Isa;

use super::{assembly, atomics, builtins, computed_goto, intrinsics};
use crate::error::Error;
use crate::llvm::{Builder, Module, Opcode, TailCall, TypeKind, Value};
use crate::refuse::Refuse;

/// Runs the pass. ISAs and file only serve the messages.
pub fn run(module: &Module, isas: &[&'static Isa], file: &str) -> Result<(), Error> {
    let refuse = Refuse { isas, file };
    if !module.module_asm().trim().is_empty() {
        return Err(refuse.module(
            "module-level assembly",
            "move it to a file of its own per ISA",
        ));
    }
    if let Some(f) = module.ifunc() {
        return Err(refuse.function(
            f,
            "an indirect function (ifunc)",
            "compile without __attribute__((ifunc)): a function has one address on all ISAs",
        ));
    }
    for f in module.functions() {
        let optional = is_optional(f);
        f.drop_target_attributes();
        f.forbid_contraction();
        if f.is_declaration() {
            continue;
        }
        match function(module, f, &refuse) {
            // Whoever asked `cpuid`, which reports the baseline, does not come here.
            Err(_) if optional => become_trap(module, f),
            other => other?,
        }
    }
    builtins::check_cpu_model(module, &refuse)?;
    atomics::run(module, &refuse)?;
    for g in module.globals() {
        if g.is_thread_local() {
            g.set_local_exec();
        }
    }
    for f in module.functions() {
        if f.is_declaration() && f.name().starts_with("llvm.x86.") && !f.has_users() {
            f.delete_function();
        }
    }
    Ok(())
}

/// What every CPU of the base ISA has, as LLVM names it.
const BASELINE: &[&str] = &["64bit", "cmov", "cx8", "fxsr", "mmx", "sse", "sse2", "x87"];

/// Whether a function is for CPUs that have more than the baseline, so that another one does its work
/// where they do not.
fn is_optional(f: Value) -> bool {
    f.string_attribute("target-features").is_some_and(|text| {
        text.split(',')
            .filter_map(|feature| feature.strip_prefix('+'))
            .any(|feature| !BASELINE.contains(&feature))
    })
}

/// Replaces a body by a trap.
fn become_trap(module: &Module, f: Value) {
    let Some(first) = f.entry().first() else {
        return;
    };
    let body = first.split_before("body");
    let Some(branch) = f.entry().terminator() else {
        return;
    };
    let b = Builder::before(module, branch);
    let (trap, ty) = module.intrinsic("llvm.trap", &[]);
    b.call(ty, trap, &[], "");
    b.unreachable();
    drop(b);
    body.remove_predecessor(f.entry());
    branch.erase();
    f.remove_unreachable_blocks();
}

fn function(module: &Module, f: Value, refuse: &Refuse) -> Result<(), Error> {
    for b in f.blocks() {
        computed_goto::lower(module, b);
    }
    for inst in f.instructions() {
        check_types(inst, refuse)?;
        if !inst.is_call_like() {
            continue;
        }
        if inst.tail_call_kind() == TailCall::LLVMTailCallKindMustTail && refuse.isas.len() > 1 {
            check_tail_call(module, inst, refuse)?;
        }
        let callee = inst.callee();
        if callee.is_inline_asm() {
            assembly::lower(module, inst, refuse)?;
        } else if callee.is_intrinsic() && callee.name().starts_with("llvm.x86.") {
            intrinsics::lower(module, inst, refuse)?;
        } else if callee.is_intrinsic() && callee.name().starts_with("llvm.fmuladd.") {
            multiply_then_add(module, inst);
        } else if callee.is_intrinsic() {
            builtins::check(inst, refuse)?;
        }
    }
    Ok(())
}

/// Registers for arguments, of integers and of floating-point numbers each. A back end may make a jump of a call
/// beyond them, but not every one does.
const REGISTERS: u64 = 8;

/// A tail call that the program insists on must not need memory for its arguments: back ends would abort.
fn check_tail_call(module: &Module, call: Value, refuse: &Refuse) -> Result<(), Error> {
    let (mut words, mut floats) = (0, 0);
    for ty in call.called_type().param_types() {
        match ty.kind() {
            TypeKind::LLVMFloatTypeKind | TypeKind::LLVMDoubleTypeKind => floats += 1,
            _ => words += module.layout().size(ty).div_ceil(8),
        }
    }
    // Numbers beyond their registers go to those of integers.
    if words + u64::saturating_sub(floats, REGISTERS) <= REGISTERS {
        return Ok(());
    }
    Err(refuse.at(
        call,
        "a tail call (musttail) with arguments beyond the registers".to_owned(),
        "pass a pointer to a structure instead",
    ))
}

/// Rounds the product of an `fmuladd`, as the base ISA does: it has no instruction that would not.
fn multiply_then_add(module: &Module, call: Value) {
    let args = call.arguments();
    let b = Builder::before(module, call);
    let product = b.binary(Opcode::LLVMFMul, args[0], args[1], "product");
    let sum = b.binary(Opcode::LLVMFAdd, product, args[2], "sum");
    drop(b);
    call.replace_all_uses_with(sum);
    call.erase();
}

fn check_types(inst: Value, refuse: &Refuse) -> Result<(), Error> {
    let bad = |k: TypeKind| {
        matches!(
            k,
            TypeKind::LLVMX86_FP80TypeKind
                | TypeKind::LLVMPPC_FP128TypeKind
                | TypeKind::LLVMX86_AMXTypeKind
        )
    };
    if bad(inst.ty().kind()) || inst.operands().iter().any(|o| bad(o.ty().kind())) {
        return Err(refuse.at(
            inst,
            "an x87 long double (x86_fp80)".to_owned(),
            "compile with -mlong-double-128, as popcorn-cc does",
        ));
    }
    if inst.is(Opcode::LLVMVAArg) {
        return Err(refuse.at(
            inst,
            "the va_arg instruction".to_owned(),
            "use a front end that expands va_arg, as clang does for x86-64",
        ));
    }
    Ok(())
}
