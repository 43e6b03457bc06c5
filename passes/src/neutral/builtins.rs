//! Built-in functions that ask for something of one machine: refused by name.

use crate::error::Error;
use crate::llvm::{Module, Value};
use crate::refuse::Refuse;

/// Beginnings of intrinsics' names, what the source says for them, and what to do.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "llvm.eh.sjlj.",
        "__builtin_setjmp or __builtin_longjmp",
        "use setjmp and longjmp",
    ),
    (
        "llvm.read_register.",
        "a variable in a register of the machine",
        NO_REGISTER,
    ),
    (
        "llvm.read_volatile_register.",
        "a variable in a register of the machine",
        NO_REGISTER,
    ),
    (
        "llvm.write_register.",
        "a variable in a register of the machine",
        NO_REGISTER,
    ),
    (
        "llvm.addressofreturnaddress",
        "the place of the return address",
        NO_FRAME,
    ),
    ("llvm.sponentry", "the stack pointer", NO_FRAME),
];

const NO_REGISTER: &str = "registers differ per ISA: use an ordinary variable, or take the address of a local for a place on the stack";
const NO_FRAME: &str = "native frames differ per ISA: pass what is needed as an argument";

/// Intrinsics that look at the frame of a caller if their argument is not 0.
const LEVELS: &[(&str, &str)] = &[
    ("llvm.returnaddress", "__builtin_return_address"),
    ("llvm.frameaddress", "__builtin_frame_address"),
];

/// Refuses a call of an intrinsic that has no meaning on all ISAs.
pub(crate) fn check(call: Value, refuse: &Refuse) -> Result<(), Error> {
    let name = call.callee().name();
    if name.contains(".constrained.fmuladd.") {
        return Err(refuse.at(
            call,
            format!("`{name}` (rounded once or twice)"),
            "compile with -ffp-contract=off",
        ));
    }
    if let Some((_, source, help)) = REFUSED.iter().find(|(start, ..)| name.starts_with(start)) {
        let register = call.arguments().first().and_then(|a| a.metadata_text());
        let what = match register {
            Some(register) => format!("`{name}` of `{register}` ({source})"),
            None => format!("`{name}` ({source})"),
        };
        return Err(refuse.at(call, what, help));
    }
    let level = call.arguments().first().and_then(|a| a.constant_int());
    match LEVELS.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, source)) if level != Some(0) => {
            let level = level.unwrap_or_default();
            Err(refuse.at(call, format!("`{source}({level})`"), NO_FRAME))
        }
        _ => Ok(()),
    }
}

/// What `__builtin_cpu_init`, `__builtin_cpu_supports` and `__builtin_cpu_is` refer to.
const CPU_MODEL: &[&str] = &["__cpu_indicator_init", "__cpu_model", "__cpu_features2"];

/// Refuses code that asks for the CPU's model, unless the program brings the answer itself.
pub(crate) fn check_cpu_model(module: &Module, refuse: &Refuse) -> Result<(), Error> {
    for name in CPU_MODEL {
        let symbol = module.function(name).or_else(|| module.global(name));
        let asked = symbol.filter(|s| s.is_declaration());
        if let Some(user) = asked.and_then(first_instruction) {
            return Err(refuse.at(
                user,
                format!(
                    "`{name}` (__builtin_cpu_init, __builtin_cpu_supports or __builtin_cpu_is)"
                ),
                "the CPU changes while the program runs: leave out code for extensions of one ISA",
            ));
        }
    }
    Ok(())
}

/// An instruction that uses a symbol, be it through a constant expression.
fn first_instruction(symbol: Value) -> Option<Value> {
    symbol.users().into_iter().find_map(|user| {
        if user.is_instruction() {
            Some(user)
        } else {
            first_instruction(user)
        }
    })
}
