//! verify: refuses IR that breaks a design rule, before any back end sees it.
//!
//! The rules (docs/abi.md): a landing pad has no phi and one invoke, or it reads only memory; no alloca
//! is left in an instrumented function; no block address, variadic function type or `byval` survives;
//! nothing that may be captured claims not to unwind.

use popcorn_metadata::symbols::function::DESCRIPTOR;

use crate::error::Error;
use crate::llvm::{Block, Module, Opcode, Value};
use crate::points::marker;

/// Checks every function; `file` is what the module was made from, for the message.
pub fn run(module: &Module, file: &str) -> Result<(), Error> {
    check(module).map_err(|(function, rule)| Error::Verify {
        file: file.to_owned(),
        function,
        rule: rule.to_owned(),
    })
}

/// The function, and the rule it breaks.
type Broken = (String, &'static str);

fn check(module: &Module) -> Result<(), Broken> {
    for f in module.functions() {
        if f.value_type().is_function_vararg() && !f.is_intrinsic() {
            return Err(broken(f, "its type is variadic"));
        }
        if f.is_declaration() {
            continue;
        }
        let has_descriptor = module
            .global(&format!("{DESCRIPTOR}{}", f.name()))
            .is_some();
        if has_descriptor && f.has_function_attribute("nounwind") {
            return Err(broken(f, "it has frames but claims not to unwind"));
        }
        for b in f.blocks() {
            check_pad(f, b)?;
            for i in b.instructions() {
                check_instruction(f, i, has_descriptor)?;
            }
        }
    }
    Ok(())
}

fn broken(f: Value, rule: &'static str) -> Broken {
    (f.name(), rule)
}

fn check_pad(f: Value, b: Block) -> Result<(), Broken> {
    if b.landing_pad().is_none() {
        return Ok(());
    }
    if !b.phis().is_empty() {
        return Err(broken(f, "a landing pad holds a phi"));
    }
    if b.predecessors().len() > 1 {
        let inside: Vec<Value> = b.instructions();
        let reads_only_memory = inside.iter().all(|i| {
            i.operands().iter().all(|o| {
                !(o.is_instruction() || o.is_argument())
                    || o.is_instruction() && (o.parent() == b || o.is(Opcode::LLVMAlloca))
            })
        });
        if !reads_only_memory {
            return Err(broken(
                f,
                "invokes share a landing pad that reads more than memory",
            ));
        }
    }
    Ok(())
}

fn check_instruction(f: Value, i: Value, has_descriptor: bool) -> Result<(), Broken> {
    if has_descriptor && i.is(Opcode::LLVMAlloca) {
        return Err(broken(f, "an alloca is left on the native stack"));
    }
    if i.is(Opcode::LLVMIndirectBr) || i.operands().iter().any(|o| o.is_block_address()) {
        return Err(broken(f, "it uses the address of a block"));
    }
    if !i.is_call_like() {
        return Ok(());
    }
    if marker::is_point(i) {
        return Err(broken(f, "a migration point was not expanded"));
    }
    if i.called_type().is_function_vararg() && !i.callee().is_inline_asm() {
        return Err(broken(f, "a call is variadic"));
    }
    if (0..i.arguments().len()).any(|n| i.byval_type(n).is_some()) {
        return Err(broken(f, "a call passes a structure byval"));
    }
    if i.is(Opcode::LLVMInvoke) && i.has_call_attribute("nounwind") {
        return Err(broken(f, "an invoke claims not to unwind"));
    }
    Ok(())
}
