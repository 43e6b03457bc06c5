//! minmax: `fmin` and `fmax` in line, where neither is in doubt.
//!
//! The front end keeps them calls, since back ends lower LLVM's own differently for signalling NaNs and
//! signed zeros. Numbers that differ are told apart by one comparison, on every ISA alike; equal ones, which may
//! be zeros of two signs, and NaNs are left to libc.
//!
//! A quiet NaN raises no exception in these functions, but does in some ISAs' comparisons by size. So a branch
//! keeps NaNs away from those; what it looks at is quiet on every ISA (`lower::adapt`).

use crate::llvm::{Builder, Module, RealPredicate, Value};

pub fn run(module: &Module) {
    for (name, is_max) in [
        ("fmax", true),
        ("fmin", false),
        ("fmaxf", true),
        ("fminf", false),
    ] {
        // Where it is defined, it is libc's own or a program's that means something else.
        let Some(f) = module.function(name).filter(|f| f.is_declaration()) else {
            continue;
        };
        for call in f.users() {
            if call.is_call_like() && call.callee() == f && !call.is_terminator() {
                expand(module, call, is_max);
            }
        }
    }
}

fn expand(module: &Module, call: Value, is_max: bool) {
    let [x, y] = call.arguments()[..] else {
        return;
    };
    let head = call.parent();
    let (true, Some(after)) = (
        x.ty().is_floating() && x.ty() == y.ty() && x.ty() == call.ty(),
        call.next(),
    ) else {
        return;
    };
    let slow = call.split_before("minmax.libc");
    let join = after.split_before("minmax.known");
    if let Some(t) = head.terminator() {
        t.erase();
    }
    let numbers = head.function().append_block("minmax.numbers");
    let b = Builder::at_end(module, head).located_like(call);
    let differ = b.fcmp(RealPredicate::LLVMRealONE, x, y, "differ");
    b.cond_br(differ, numbers, slow);
    drop(b);
    let b = Builder::at_end(module, numbers).located_like(call);
    let less = b.fcmp(RealPredicate::LLVMRealOLT, x, y, "less");
    let (low, high) = if is_max { (x, y) } else { (y, x) };
    let nearer = b.select(less, high, low, "minmax");
    b.br(join);
    drop(b);
    let result = Builder::at_top(module, join).phi(call.ty(), "minmax");
    call.replace_all_uses_with(result);
    result.add_incoming(nearer, numbers);
    result.add_incoming(call, slow);
}
