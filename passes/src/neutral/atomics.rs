//! atomics: what is wider than any ISA's plain load and store becomes calls of libc's.
//!
//! Back ends disagree on 16 bytes: one has a pair of exclusive accesses, another an instruction that its baseline
//! lacks, a third nothing. The library (`toolchains/libc/src/atomic.c`) has one answer for all accesses to a place.

use crate::error::Error;
use crate::llvm::{Builder, IntPredicate, Module, Opcode, Rmw, Type, Value};
use crate::refuse::Refuse;

/// Bytes of the widest access that each ISA makes at once.
const NATIVE: u64 = 8;
const WIDE: u64 = 16;
const SEQ_CST: u64 = 5;

pub fn run(module: &Module, refuse: &Refuse) -> Result<(), Error> {
    for f in module.definitions() {
        for inst in f.instructions() {
            let accessed = match inst.opcode() {
                Some(Opcode::LLVMLoad) if inst.is_atomic() => inst.ty(),
                Some(Opcode::LLVMStore) if inst.is_atomic() => inst.operand(0).ty(),
                Some(Opcode::LLVMAtomicRMW) => inst.ty(),
                Some(Opcode::LLVMAtomicCmpXchg) => inst.operand(1).ty(),
                _ => continue,
            };
            match module.layout().size(accessed) {
                0..=NATIVE => {}
                WIDE => lower(module, inst, accessed, refuse)?,
                size => {
                    let help = "use a lock, or a type of 16 bytes at most";
                    let what = format!("an atomic access to {size} bytes");
                    return Err(refuse.at(inst, what, help));
                }
            }
        }
    }
    Ok(())
}

fn lower(module: &Module, inst: Value, accessed: Type, refuse: &Refuse) -> Result<(), Error> {
    let wide = module.int(128);
    let order = module.i32_const(SEQ_CST);
    let b = Builder::before(module, inst);
    let call = |name: &str, result: Type, args: &[Value]| {
        let types: Vec<Type> = args.iter().map(|a| a.ty()).collect();
        let ty = Type::function(result, &types, false);
        b.call(ty, module.declare(name, ty), args, "wide")
    };
    let word = |v: Value| match v.ty() == wide {
        true => v,
        false => b.bit_cast(v, wide, "bits"),
    };
    let value = |v: Value| match accessed == wide {
        true => v,
        false => b.bit_cast(v, accessed, "value"),
    };
    let result = match inst.opcode() {
        Some(Opcode::LLVMLoad) => Some(value(call(
            "__atomic_load_16",
            wide,
            &[inst.operand(0), order],
        ))),
        Some(Opcode::LLVMStore) => {
            let args = [inst.operand(1), word(inst.operand(0)), order];
            call("__atomic_store_16", module.void(), &args);
            None
        }
        Some(Opcode::LLVMAtomicCmpXchg) => {
            let [place, expected, new] = [0, 1, 2].map(|i| inst.operand(i));
            let (expected, new) = (word(expected), word(new));
            let args = [place, expected, new];
            let found = call("__sync_val_compare_and_swap_16", wide, &args);
            let same = b.icmp(IntPredicate::LLVMIntEQ, found, expected, "same");
            let pair = b.insert(inst.ty().poison(), value(found), 0, "");
            Some(b.insert(pair, same, 1, "exchanged"))
        }
        _ => {
            let Some(name) = read_and_write(inst.rmw_operation()) else {
                let what = "an atomic operation on 16 bytes that the library does not have";
                let help = "use a loop of compare-and-exchange";
                return Err(refuse.at(inst, what.to_owned(), help));
            };
            let args = [inst.operand(0), word(inst.operand(1)), order];
            Some(value(call(name, wide, &args)))
        }
    };
    drop(b);
    if let Some(result) = result {
        inst.replace_all_uses_with(result);
    }
    inst.erase();
    Ok(())
}

/// The library's function that reads, computes and writes.
fn read_and_write(operation: Rmw) -> Option<&'static str> {
    Some(match operation {
        Rmw::LLVMAtomicRMWBinOpXchg => "__atomic_exchange_16",
        Rmw::LLVMAtomicRMWBinOpAdd => "__atomic_fetch_add_16",
        Rmw::LLVMAtomicRMWBinOpSub => "__atomic_fetch_sub_16",
        Rmw::LLVMAtomicRMWBinOpAnd => "__atomic_fetch_and_16",
        Rmw::LLVMAtomicRMWBinOpNand => "__atomic_fetch_nand_16",
        Rmw::LLVMAtomicRMWBinOpOr => "__atomic_fetch_or_16",
        Rmw::LLVMAtomicRMWBinOpXor => "__atomic_fetch_xor_16",
        Rmw::LLVMAtomicRMWBinOpMax => "__atomic_fetch_max_16",
        Rmw::LLVMAtomicRMWBinOpMin => "__atomic_fetch_min_16",
        Rmw::LLVMAtomicRMWBinOpUMax => "__atomic_fetch_umax_16",
        Rmw::LLVMAtomicRMWBinOpUMin => "__atomic_fetch_umin_16",
        _ => return None,
    })
}
