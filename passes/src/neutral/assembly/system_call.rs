//! The `syscall` instruction as a call of the runtime, which translates numbers and layouts.
//!
//! Linux's convention on the base ISA: the number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; the result
//! in rax; rcx and r11 are overwritten (x86-64 psABI, appendix A.2.1).

use popcorn_metadata::symbols::runtime::SYSCALL;

use crate::llvm::{Builder, Module, Opcode, Type, TypeKind, Value};

/// Number, then arguments.
const INPUTS: [&str; 7] = ["ax", "di", "si", "dx", "r10", "r8", "r9"];

/// What comes out in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    /// The kernel's answer.
    Answer,
    /// What this argument of the assembly put there.
    Kept(usize),
    /// An address or flags of the machine's, which say nothing: zero.
    Overwritten,
}

/// Where one piece of assembly has its values.
#[derive(Debug, PartialEq, Eq)]
struct Places {
    /// Index among the assembly's arguments, for each of [`INPUTS`].
    inputs: [Option<usize>; 7],
    outputs: Vec<Output>,
}

impl Places {
    /// `None` if there is anything but the convention's registers and dependencies on memory.
    fn parse(constraints: &str) -> Option<Places> {
        let (mut inputs, mut outputs, mut operands) = ([None; 7], Vec::new(), Vec::new());
        let mut argument = 0;
        for constraint in constraints.split(',').filter(|c| !c.starts_with('~')) {
            let output = constraint.strip_prefix('=');
            let place = output.map_or(constraint, |o| o.trim_start_matches('&'));
            if output.is_none() || place.starts_with('*') {
                argument += 1;
            }
            if place == "*m" {
                // The instruction does not see it; the call reads and writes memory anyway.
                operands.push(None);
                continue;
            }
            if output.is_some() {
                let register = register(place)?;
                outputs.push(register);
                operands.push(Some(register));
                continue;
            }
            let register = match place.parse::<usize>() {
                Ok(tied) => (*operands.get(tied)?)?,
                Err(_) => register(place)?,
            };
            let input = INPUTS.iter().position(|r| *r == register)?;
            if inputs[input].replace(argument - 1).is_some() {
                return None;
            }
        }
        inputs[0]?;
        let output = |register: &str| match register {
            "ax" => Some(Output::Answer),
            "cx" | "r11" => Some(Output::Overwritten),
            kept => inputs[INPUTS.iter().position(|r| *r == kept)?].map(Output::Kept),
        };
        let outputs = outputs.into_iter().map(output).collect::<Option<_>>()?;
        Some(Places { inputs, outputs })
    }
}

/// A register of the convention, whatever part of it is meant.
fn register(constraint: &str) -> Option<&'static str> {
    let name = constraint.strip_prefix('{')?.strip_suffix('}')?;
    let name = match name.strip_suffix('d') {
        Some(low) if low.ends_with(|c: char| c.is_ascii_digit()) => low,
        _ => name.trim_start_matches(['e', 'r']),
    };
    let known = INPUTS.iter().chain(&["cx", "r11"]);
    known
        .copied()
        .find(|r| r.trim_start_matches('r') == name.trim_start_matches('r'))
}

/// Replaces the uses of `call`, whose assembly is `syscall`. `None` if its operands are not understood.
pub(super) fn lower(module: &Module, call: Value, constraints: &str) -> Option<()> {
    let places = Places::parse(constraints)?;
    let arguments = call.arguments();
    let results = results(call.ty());
    let fits = |ty: &Type| match ty.kind() {
        TypeKind::LLVMIntegerTypeKind => ty.int_width() <= 64,
        kind => kind == TypeKind::LLVMPointerTypeKind,
    };
    let inputs = places.inputs.iter().flatten().map(|&i| arguments.get(i));
    let inputs = inputs.collect::<Option<Vec<_>>>()?;
    if call.is_terminator()
        || results.len() != places.outputs.len()
        || !inputs.iter().all(|v| fits(&v.ty()))
        || !results.iter().all(fits)
    {
        return None;
    }
    let b = Builder::before(module, call);
    let word = module.int(64);
    // As a move to the register's low half does, what is narrow is extended by zeros.
    let widen = |v: Value| match v.ty().kind() {
        TypeKind::LLVMPointerTypeKind => b.ptr_to_int(v, word, "argument"),
        _ => b.zext_or_trunc(v, word, "argument"),
    };
    let words = places
        .inputs
        .map(|i| i.map_or(module.i64_const(0), |i| widen(arguments[i])));
    let ty = Type::function(word, &[word; 7], false);
    let answer = b.call(ty, module.declare(SYSCALL, ty), &words, "answer");
    let values = places.outputs.iter().zip(&results).map(|(output, &ty)| {
        let value = match output {
            Output::Answer => answer,
            Output::Kept(i) => widen(arguments[*i]),
            Output::Overwritten => module.i64_const(0),
        };
        match ty.kind() {
            TypeKind::LLVMPointerTypeKind => b.cast(Opcode::LLVMIntToPtr, value, ty, "result"),
            _ => b.zext_or_trunc(value, ty, "result"),
        }
    });
    let values: Vec<Value> = values.collect();
    if call.ty().kind() == TypeKind::LLVMStructTypeKind {
        let fields = values.iter().zip(0..);
        let whole = fields.fold(call.ty().poison(), |whole, (v, i)| {
            b.insert(whole, *v, i, "results")
        });
        call.replace_all_uses_with(whole);
    } else if let [value] = values[..] {
        call.replace_all_uses_with(value);
    }
    Some(())
}

/// The types of the values that assembly returns.
fn results(ty: Type) -> Vec<Type> {
    match ty.kind() {
        TypeKind::LLVMVoidTypeKind => Vec::new(),
        TypeKind::LLVMStructTypeKind => ty.elements(),
        _ => vec![ty],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(constraints: &str) -> Option<([Option<usize>; 7], Vec<Output>)> {
        Places::parse(constraints).map(|p| (p.inputs, p.outputs))
    }

    #[test]
    fn the_forms_of_c_zig_and_rust() {
        let c = "={ax},{ax},{di},{si},~{rcx},~{r11},~{memory},~{dirflag},~{fpsr},~{flags}";
        let inputs = [Some(0), Some(1), Some(2), None, None, None, None];
        assert_eq!(places(c), Some((inputs, vec![Output::Answer])));
        let tied = "={ax},=*m,{r10d},{di},0,*m,~{rcx},~{r11}";
        let inputs = [Some(3), Some(2), None, None, Some(1), None, None];
        assert_eq!(places(tied), Some((inputs, vec![Output::Answer])));
        let zig = "={rax},{rax},{rdi},{rsi},{rdx},{r10},{r8},{r9},~{rcx},~{r11},~{memory}";
        let inputs = [0, 1, 2, 3, 4, 5, 6].map(Some);
        assert_eq!(places(zig), Some((inputs, vec![Output::Answer])));
        let rust = "=&{ax},=&{cx},=&{di},=&{r11},0,2,~{memory}";
        let inputs = [Some(0), Some(1), None, None, None, None, None];
        let outputs = vec![
            Output::Answer,
            Output::Overwritten,
            Output::Kept(1),
            Output::Overwritten,
        ];
        assert_eq!(places(rust), Some((inputs, outputs)));
    }

    #[test]
    fn other_operands_are_not_understood() {
        for constraints in [
            "={ax},r",
            "={ax},{ax},{bx}",
            "=r,{ax}",
            "={ax},{di}",
            "={ax},{ax},{di},{edi}",
            "={ax},={si},{ax}",
            "={ax},7",
            "={ax}|r,{ax}",
        ] {
            assert_eq!(places(constraints), None, "{constraints}");
        }
    }
}
