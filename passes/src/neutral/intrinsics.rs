//! x86 intrinsics as generic IR.
//!
//! The ones that clang's and rustc's baseline code contains; semantics from the Intel SDM, volume 2. Each
//! returns the same bits as the instruction on the base ISA.

mod floats;
mod lanes;

use crate::error::Error;
use lanes::Lower;

use crate::llvm::{Builder, Module, Opcode, Value};
use crate::refuse::Refuse;

const HELP: &str = "write it with generic vector operations, or compile without it";

pub(crate) fn lower(module: &Module, call: Value, refuse: &Refuse) -> Result<(), Error> {
    let name = call.callee().name();
    let args = call.arguments();
    let b = Builder::before(module, call);
    let l = Lower { module, b: &b };
    let short = name.trim_start_matches("llvm.x86.");
    let result = match short {
        "sse2.pause" | "sse2.clflush" => None,
        "sse2.mfence" | "sse2.lfence" | "sse.sfence" => {
            b.fence_seq_cst();
            None
        }
        "rdtsc" => {
            let (f, ty) = module.intrinsic("llvm.readcyclecounter", &[]);
            Some(b.call(ty, f, &[], "cycles"))
        }
        "sse2.pmovmskb.128" | "sse2.movmsk.pd" | "sse.movmsk.ps" => {
            Some(l.sign_mask(args[0], call.ty()))
        }
        "sse2.packuswb.128" => Some(l.pack(args[0], args[1], 8, 0, 255)),
        "sse2.packsswb.128" => Some(l.pack(args[0], args[1], 8, -128, 127)),
        "sse2.packssdw.128" => Some(l.pack(args[0], args[1], 16, -32768, 32767)),
        "sse2.pmadd.wd" => Some(l.multiply_add(args[0], args[1])),
        "sse2.psad.bw" => Some(l.sum_of_differences(args[0], args[1])),
        "sse2.pmulh.w" => Some(l.multiply_high(args[0], args[1], Opcode::LLVMSExt)),
        "sse2.pmulhu.w" => Some(l.multiply_high(args[0], args[1], Opcode::LLVMZExt)),
        "sse2.pavg.b" | "sse2.pavg.w" => Some(l.average(args[0], args[1])),
        s if shift(s).is_some() => {
            let (op, by_vector) = shift(s).unwrap_or((Opcode::LLVMShl, false));
            Some(l.shift(op, args[0], args[1], by_vector))
        }
        s => match floats::lower(&l, s, &args, call.ty()) {
            Some(v) => Some(v),
            None => return Err(refuse.at(call, format!("the intrinsic `{name}`"), HELP)),
        },
    };
    if let Some(v) = result {
        call.replace_all_uses_with(v);
    }
    call.erase();
    Ok(())
}

/// `psllw`-like intrinsics: the operation, and whether the count is a vector's low 64 bits.
fn shift(short: &str) -> Option<(Opcode, bool)> {
    let rest = short.strip_prefix("sse2.p")?;
    let op = match rest.get(..3)? {
        "sll" => Opcode::LLVMShl,
        "srl" => Opcode::LLVMLShr,
        "sra" => Opcode::LLVMAShr,
        _ => return None,
    };
    match rest.get(3..)? {
        ".w" | ".d" | ".q" => Some((op, true)),
        "i.w" | "i.d" | "i.q" => Some((op, false)),
        _ => None,
    }
}
