//! Comparisons, minima, maxima and conversions of SSE's floating-point lanes.
//!
//! What they have in common: a NaN or a zero of either sign decides by the order of the operands, and a
//! number that does not fit an integer becomes the one with only the top bit set.

use super::lanes::Lower;
use crate::llvm::{Opcode, RealPredicate, Type, Value};

use RealPredicate::{
    LLVMRealOEQ, LLVMRealOGE, LLVMRealOGT, LLVMRealOLE, LLVMRealOLT, LLVMRealORD, LLVMRealUGE,
    LLVMRealUGT, LLVMRealUNE, LLVMRealUNO,
};

/// The predicates that the immediate of `cmpps` and its relatives numbers.
const COMPARISONS: [RealPredicate; 8] = [
    LLVMRealOEQ,
    LLVMRealOLT,
    LLVMRealOLE,
    LLVMRealUNO,
    LLVMRealUNE,
    LLVMRealUGE,
    LLVMRealUGT,
    LLVMRealORD,
];

/// Lowers a call of `short` (`sse.min.ps`). `None` if it is not one of these.
pub(super) fn lower(l: &Lower, short: &str, args: &[Value], ty: Type) -> Option<Value> {
    let rest = short
        .strip_prefix("sse.")
        .or_else(|| short.strip_prefix("sse2."))?;
    let value = match rest {
        "min.ps" | "min.pd" => choose(l, LLVMRealOLT, args[0], args[1]),
        "max.ps" | "max.pd" => choose(l, LLVMRealOGT, args[0], args[1]),
        "min.ss" | "min.sd" => low_lane(l, args, |x, y| choose(l, LLVMRealOLT, x, y)),
        "max.ss" | "max.sd" => low_lane(l, args, |x, y| choose(l, LLVMRealOGT, x, y)),
        "cmp.ps" | "cmp.pd" => compare(l, args)?,
        "cmp.ss" | "cmp.sd" => {
            let all = compare(l, args)?;
            let low = l.b.extract_element(all, 0, "low");
            l.b.insert_element(args[0], low, 0, "compared")
        }
        "cvtps2dq" => integers(l, round(l, args[0]), ty),
        "cvttps2dq" => integers(l, args[0], ty),
        "cvtpd2dq" => integers_below_zeros(l, round(l, args[0]), ty),
        "cvttpd2dq" => integers_below_zeros(l, args[0], ty),
        "cvtss2si" | "cvtss2si64" | "cvtsd2si" | "cvtsd2si64" => {
            let x = l.b.extract_element(args[0], 0, "low");
            integers(l, round(l, x), ty)
        }
        "cvttss2si" | "cvttss2si64" | "cvttsd2si" | "cvttsd2si64" => {
            integers(l, l.b.extract_element(args[0], 0, "low"), ty)
        }
        _ => return one_bit(l, rest, args, ty),
    };
    Some(value)
}

/// `comieq.ss` and its relatives: the low lanes' relation as an integer.
fn one_bit(l: &Lower, rest: &str, args: &[Value], ty: Type) -> Option<Value> {
    let relation = rest
        .strip_prefix("ucomi")
        .or_else(|| rest.strip_prefix("comi"))?;
    let predicate = match relation.split_once('.')?.0 {
        "eq" => LLVMRealOEQ,
        "neq" => LLVMRealUNE,
        "lt" => LLVMRealOLT,
        "le" => LLVMRealOLE,
        "gt" => LLVMRealOGT,
        "ge" => LLVMRealOGE,
        _ => return None,
    };
    let x = l.b.extract_element(args[0], 0, "low");
    let y = l.b.extract_element(args[1], 0, "low");
    let holds = l.b.fcmp(predicate, x, y, "holds");
    Some(l.b.zext_or_trunc(holds, ty, "holds"))
}

/// The first operand where the relation holds, else the second.
fn choose(l: &Lower, predicate: RealPredicate, x: Value, y: Value) -> Value {
    let holds = l.b.fcmp(predicate, x, y, "first");
    l.b.select(holds, x, y, "chosen")
}

/// Works on lane 0; the others are the first operand's.
fn low_lane(l: &Lower, args: &[Value], work: impl Fn(Value, Value) -> Value) -> Value {
    let x = l.b.extract_element(args[0], 0, "low");
    let y = l.b.extract_element(args[1], 0, "low");
    l.b.insert_element(args[0], work(x, y), 0, "low")
}

/// All bits of a lane set where the relation of the immediate holds.
fn compare(l: &Lower, args: &[Value]) -> Option<Value> {
    let predicate = *COMPARISONS.get(usize::try_from(args[2].constant_int()?).ok()?)?;
    let ty = args[0].ty();
    let holds = l.b.fcmp(predicate, args[0], args[1], "holds");
    let ints = integer_like(l, ty);
    let mask = l.b.cast(Opcode::LLVMSExt, holds, ints, "mask");
    Some(l.b.bit_cast(mask, ty, "compared"))
}

/// The vector of integers as wide as these lanes.
fn integer_like(l: &Lower, ty: Type) -> Type {
    let layout = l.module.layout();
    let bits = layout.size(ty.element()) as u32 * 8;
    let count = (layout.size(ty) / layout.size(ty.element())) as u32;
    l.module.vector_type(l.module.int(bits), count)
}

/// To an integral value, as the rounding mode says.
fn round(l: &Lower, x: Value) -> Value {
    l.call("llvm.rint", &[x.ty()], &[x])
}

/// To integers of type `ty`, towards zero.
fn integers(l: &Lower, x: Value, ty: Type) -> Value {
    let bits = if ty.is_vector() {
        ty.element().int_width()
    } else {
        ty.int_width()
    };
    let limit = 2f64.powi(bits as i32 - 1);
    let above = l.b.fcmp(LLVMRealOGE, x, x.ty().real(-limit), "above");
    let below = l.b.fcmp(LLVMRealOLT, x, x.ty().real(limit), "below");
    let fits = l.b.and(above, below, "fits");
    let safe = l.b.select(fits, x, x.ty().null(), "safe");
    let converted = l.b.cast(Opcode::LLVMFPToSI, safe, ty, "converted");
    l.b.select(fits, converted, ty.splat(1 << (bits - 1)), "converted")
}

/// Two doubles to the low two of four integers; the others are 0.
fn integers_below_zeros(l: &Lower, x: Value, ty: Type) -> Value {
    let half = l.module.vector_type(ty.element(), 2);
    let low = integers(l, x, half);
    l.b.shuffle(low, half.null(), &[0, 1, 2, 3], "converted")
}
