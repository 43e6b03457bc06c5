//! The inline assembly that can be lowered for every ISA.
//!
//! A table from text to generic IR. Barriers (empty text, or comments) stay inline assembly, without x86's
//! condition-code clobbers. Everything else is refused with function, file and line.

mod system_call;

use crate::error::Error;
use crate::llvm::{Builder, Module, Value};
use crate::refuse::Refuse;

/// What a known piece of assembly means.
enum Meaning {
    /// No instruction: a compiler barrier, possibly hiding the value of an operand.
    Barrier,
    /// A hint without effect.
    Nothing,
    Fence,
    ReadCycleCounter,
    CpuId,
    SystemCall,
    Trap,
}

/// Text, with white space folded and lower case.
const KNOWN: &[(&str, Meaning)] = &[
    ("", Meaning::Barrier),
    ("nop", Meaning::Nothing),
    ("pause", Meaning::Nothing),
    ("rep; nop", Meaning::Nothing),
    ("rep nop", Meaning::Nothing),
    ("mfence", Meaning::Fence),
    ("lfence", Meaning::Fence),
    ("sfence", Meaning::Fence),
    ("lock; addl $$0,0(%rsp)", Meaning::Fence),
    ("lock; orl $$0,(%rsp)", Meaning::Fence),
    ("rdtsc", Meaning::ReadCycleCounter),
    ("cpuid", Meaning::CpuId),
    // Keeps rbx, which compilers reserve: ebx comes out in a register of its own.
    ("mov ${0:q}, rbx cpuid xchg ${0:q}, rbx", Meaning::CpuId),
    ("mov r8, rbx cpuid xchg r8, rbx", Meaning::CpuId),
    ("syscall", Meaning::SystemCall),
    ("hlt", Meaning::Trap),
    ("ud2", Meaning::Trap),
];

const HELP: &str = "compile with a flag that turns it off, such as -DNO_ASM, or write it in C";

pub(crate) fn lower(module: &Module, call: Value, refuse: &Refuse) -> Result<(), Error> {
    let asm = call.callee();
    let text = fold(&asm.asm_text());
    let unknown = || {
        refuse.at(
            call,
            format!("inline assembly \"{}\"", asm.asm_text().escape_default()),
            HELP,
        )
    };
    let Some((_, meaning)) = KNOWN.iter().find(|(t, _)| *t == text) else {
        return Err(unknown());
    };
    let b = Builder::before(module, call);
    let i32t = module.int(32);
    match meaning {
        Meaning::Barrier => {
            let constraints = portable_constraints(&asm.asm_constraints()).ok_or_else(unknown)?;
            let ty = asm.asm_function_type();
            let new = b.inline_asm(
                ty,
                "",
                &constraints,
                asm.asm_has_side_effects(),
                &call.arguments(),
            );
            new.copy_call_properties(call, call.arguments().len());
            call.replace_all_uses_with(new);
        }
        Meaning::Nothing if call.ty().is_void() => {}
        Meaning::Fence if call.ty().is_void() => {
            b.fence_seq_cst();
        }
        Meaning::ReadCycleCounter => {
            let (f, ty) = module.intrinsic("llvm.readcyclecounter", &[]);
            let count = b.call(ty, f, &[], "cycles");
            let low = b.zext_or_trunc(count, i32t, "low");
            let shifted = b.binary(
                crate::llvm::Opcode::LLVMLShr,
                count,
                module.i64_const(32),
                "shifted",
            );
            let high = b.zext_or_trunc(shifted, i32t, "high");
            let fields = call.ty();
            let is_pair = fields.kind() == crate::llvm::TypeKind::LLVMStructTypeKind
                && fields.elements().len() == 2;
            if !is_pair {
                return Err(unknown());
            }
            let mut pair = fields.poison();
            for (i, v) in [low, high].into_iter().enumerate() {
                let v = b.zext_or_trunc(v, fields.elements()[i], "half");
                pair = b.insert(pair, v, i as u32, "pair");
            }
            call.replace_all_uses_with(pair);
        }
        Meaning::CpuId => {
            let fields = call.ty();
            let args = call.arguments();
            let places = cpuid_places(&asm.asm_constraints()).ok_or_else(unknown)?;
            if fields.kind() != crate::llvm::TypeKind::LLVMStructTypeKind
                || fields.elements().len() != places.outputs.len()
            {
                return Err(unknown());
            }
            let leaf = *args.get(places.leaf).ok_or_else(unknown)?;
            let leaf = b.zext_or_trunc(leaf, i32t, "leaf");
            let mut result = fields.poison();
            for (i, field) in fields.elements().into_iter().enumerate() {
                let mut v = i32t.null();
                for (number, values) in BASELINE_CPUID {
                    let is = b.icmp(
                        crate::llvm::IntPredicate::LLVMIntEQ,
                        leaf,
                        i32t.int(*number),
                        "is.leaf",
                    );
                    let value = values[places.outputs[i]];
                    v = b.select(is, i32t.int(u64::from(value)), v, "cpuid");
                }
                let v = b.zext_or_trunc(v, field, "field");
                result = b.insert(result, v, i as u32, "cpuid");
            }
            call.replace_all_uses_with(result);
        }
        Meaning::SystemCall => {
            system_call::lower(module, call, &asm.asm_constraints()).ok_or_else(unknown)?;
        }
        Meaning::Trap if call.ty().is_void() => {
            let (f, ty) = module.intrinsic("llvm.trap", &[]);
            b.call(ty, f, &[], "");
        }
        _ => return Err(unknown()),
    }
    drop(b);
    call.erase();
    Ok(())
}

/// What `cpuid` answers: the baseline of the base ABI and nothing else (eax, ebx, ecx, edx per leaf).
/// Leaf 1's edx: FPU, TSC, CX8, CMOV, FXSR, SSE, SSE2 (Intel SDM volume 2A, CPUID).
pub(crate) const BASELINE_CPUID: &[(u64, [u32; 4])] = &[
    (
        0,
        [
            1,
            u32::from_le_bytes(*b"Popc"),
            u32::from_le_bytes(*b"ABI "),
            u32::from_le_bytes(*b"ornB"),
        ],
    ),
    (
        1,
        [
            0,
            0,
            0,
            1 | 1 << 4 | 1 << 8 | 1 << 15 | 1 << 24 | 1 << 25 | 1 << 26,
        ],
    ),
];

/// Where a `cpuid` finds its leaf and leaves its answers.
struct CpuIdPlaces {
    /// Index among the arguments.
    leaf: usize,
    /// For each result: 0 eax, 1 ebx, 2 ecx, 3 edx.
    outputs: Vec<usize>,
}

fn cpuid_places(constraints: &str) -> Option<CpuIdPlaces> {
    let register = |c: &str| match c.trim_start_matches(['=', '&']) {
        "{ax}" => Some(0),
        // Any register, or one by name: what rbx is saved to, and swapped with.
        "{bx}" | "r" | "{r8}" => Some(1),
        "{cx}" => Some(2),
        "{dx}" => Some(3),
        _ => None,
    };
    let (outputs, rest): (Vec<&str>, Vec<&str>) = constraints
        .split(',')
        .filter(|c| !c.starts_with('~'))
        .partition(|c| c.starts_with('='));
    let outputs = outputs
        .into_iter()
        .map(register)
        .collect::<Option<Vec<_>>>()?;
    let is_eax = |c: &&str| match c.parse::<usize>() {
        Ok(tied) => outputs.get(tied) == Some(&0),
        Err(_) => register(c) == Some(0),
    };
    let leaf = rest.iter().position(is_eax)?;
    Some(CpuIdPlaces { leaf, outputs })
}

/// Without comments (`/*{0}*/` is how barriers say that they want the operand used; `#` is one up to the end of its
/// line) and superfluous white space.
fn fold(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        code.push(' ');
        // Without an end it is none.
        let Some((_, after)) = comment.split_once("*/") else {
            return text.to_owned();
        };
        rest = after;
    }
    code.push_str(rest);
    let lines = code
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let words: Vec<String> = lines
        .flat_map(str::split_whitespace)
        .map(str::to_ascii_lowercase)
        .collect();
    words.join(" ").trim_end_matches(';').trim().to_owned()
}

/// Drops x86's clobbers. `None` if a constraint names a register or a class that only x86 has.
fn portable_constraints(constraints: &str) -> Option<String> {
    let mut out = Vec::new();
    for c in constraints.split(',').filter(|c| !c.is_empty()) {
        match c {
            "~{dirflag}" | "~{fpsr}" | "~{flags}" | "~{cc}" => continue,
            "~{memory}" => out.push(c),
            _ if c.starts_with('~') => return None,
            _ if c.chars().all(|ch| "=&*+rmiInX0123456789".contains(ch)) => out.push(c),
            _ => return None,
        }
    }
    Some(out.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clobbers_of_the_base_isa_go() {
        let c = portable_constraints("=r,0,~{memory},~{dirflag},~{fpsr},~{flags}");
        assert_eq!(c.as_deref(), Some("=r,0,~{memory}"));
        assert_eq!(portable_constraints("={ax},~{flags}"), None);
        assert_eq!(portable_constraints("~{rax}"), None);
    }

    #[test]
    fn cpuid_is_read_in_each_of_its_forms() {
        let c = "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}";
        let places = cpuid_places(c).unwrap();
        assert_eq!((places.leaf, places.outputs), (0, vec![0, 1, 2, 3]));
        let rust = cpuid_places("=&r,=&{ax},=&{cx},=&{dx},1,2,~{memory}").unwrap();
        assert_eq!((rust.leaf, rust.outputs), (0, vec![1, 0, 2, 3]));
        let by_name = cpuid_places("={r8},=&{ax},=&{cx},={dx},1,2").unwrap();
        assert_eq!((by_name.leaf, by_name.outputs), (0, vec![1, 0, 2, 3]));
        let subleaf_first = cpuid_places("={dx},={ax},{cx},1").unwrap();
        assert_eq!((subleaf_first.leaf, subleaf_first.outputs), (1, vec![3, 0]));
        assert!(cpuid_places("=r,{di}").is_none());
    }

    #[test]
    fn text_is_folded() {
        assert_eq!(fold("  rep;\n\tnop ; "), "rep; nop");
        assert_eq!(fold("/*${0:q}*/"), "");
        assert_eq!(fold("rep/* a */;/**/ nop"), "rep ; nop");
        assert_eq!(fold("/* nop"), "/* nop");
        assert_eq!(fold("# hide $0"), "");
        assert_eq!(fold("rep # $0\n\tnop ## again"), "rep nop");
    }
}
