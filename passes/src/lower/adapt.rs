//! adapt: makes a module of the base ABI one for an ISA.
//!
//! What is done here changes neither blocks nor values that live across sites, so all ISAs still agree on them.

use popcorn_metadata::symbols::runtime::POLL;
use popcorn_toolchains::{Isa, PollCall, Shortcut};

use crate::error::Error;
use crate::llvm::{Builder, IntPredicate, Module, Opcode, RealPredicate, Type, Value};

/// Prepares a module for code of this ISA.
pub fn adapt(own: &Module, isa: &'static Isa) -> Result<(), Error> {
    own.retarget(isa)?;
    if let Some(abi) = isa.target_abi
        && !own.has_flag("target-abi")
    {
        own.add_string_flag("target-abi", abi);
    }
    if isa.extends_ints {
        extend_ints(own);
    }
    if !isa.quiet_inequality {
        own.definitions().into_iter().for_each(|f| quieten(own, f));
    }
    if let Some(poll) = own.function(POLL) {
        call_poll(own, poll, isa.poll_call);
    }
    for shortcut in isa.shortcuts {
        if let Some(variable) = own.global(shortcut.symbol) {
            take_shortcut(own, variable, shortcut);
        }
    }
    Ok(())
}

/// Both sides of every call agree that 32-bit integers fill their registers.
fn extend_ints(module: &Module) {
    for f in module.functions() {
        if !f.is_intrinsic() {
            f.sign_extend_ints();
        }
        for call in f.instructions().into_iter().filter(|i| i.is_call_like()) {
            if !call.callee().is_intrinsic() && !call.callee().is_inline_asm() {
                call.sign_extend_ints();
            }
        }
    }
}

/// Makes "less or greater" and its opposite of tests for equality, which raise no exception for quiet NaNs. They
/// are put together by an addition: what is put together by logic, a back end takes for the one comparison again.
fn quieten(module: &Module, f: Value) {
    for compare in f.instructions() {
        let is_opposite = match compare.real_predicate() {
            Some(RealPredicate::LLVMRealONE) => false,
            Some(RealPredicate::LLVMRealUEQ) => true,
            _ => continue,
        };
        let operands = compare.operands();
        let b = Builder::before(module, compare).located_like(compare);
        let lanes = |ty: Type| match compare.ty().is_vector() {
            true => module.vector_type(ty, compare.ty().vector_size()),
            false => ty,
        };
        let byte = lanes(module.int(8));
        let holds = |predicate| {
            let test = b.fcmp(predicate, operands[0], operands[1], "holds");
            b.cast(Opcode::LLVMZExt, test, byte, "holds")
        };
        let ordered = holds(RealPredicate::LLVMRealORD);
        let unequal = holds(RealPredicate::LLVMRealUNE);
        let sum = b.add(ordered, unequal, "both");
        let wanted = match is_opposite {
            false => IntPredicate::LLVMIntEQ,
            true => IntPredicate::LLVMIntNE,
        };
        let new = b.icmp(wanted, sum, byte.splat(2), "differ");
        drop(b);
        compare.replace_all_uses_with(new);
        compare.erase();
    }
}

/// Makes the calls of `__popcorn_poll` what the ISA wants.
fn call_poll(module: &Module, poll: Value, how: PollCall) {
    let calls = poll.users().into_iter().filter(|u| u.is_call_like());
    match how {
        PollCall::Convention(convention) => {
            poll.set_function_call_conv(convention);
            calls.for_each(|call| call.set_call_conv(convention));
        }
        PollCall::Assembly { text, constraints } => {
            for call in calls {
                let b = Builder::before(module, call).located_like(call);
                let new = b.inline_asm(call.called_type(), text, constraints, true, &[]);
                drop(b);
                call.replace_all_uses_with(new);
                call.erase();
            }
        }
    }
}

/// Replaces plain loads and stores of a variable.
fn take_shortcut(module: &Module, variable: Value, shortcut: &Shortcut) {
    for user in variable.users() {
        let is_address =
            user.is_call_like() && user.callee().name().starts_with("llvm.threadlocal.address");
        if is_address {
            for access in user.users() {
                replace_access(module, access, user, shortcut);
            }
            if !user.has_users() {
                user.erase();
            }
        } else {
            replace_access(module, user, variable, shortcut);
        }
    }
}

fn replace_access(module: &Module, access: Value, address: Value, shortcut: &Shortcut) {
    let is_load = access.is(Opcode::LLVMLoad);
    if !(is_load || access.is(Opcode::LLVMStore)) || !access.is_simple_access() {
        return;
    }
    let b = Builder::before(module, access).located_like(access);
    if is_load {
        // A whole register: of a narrower result nothing is known, and a comparison would extend it.
        let register = module.int(64);
        let is_narrow = access.ty() == module.int(32);
        let ty = if is_narrow { register } else { access.ty() };
        let new = b.inline_asm(
            Type::function(ty, &[], false),
            shortcut.load,
            "=r",
            true,
            &[],
        );
        if is_narrow {
            compare_wide(access, new);
        }
        if access.has_users() {
            let new = if is_narrow {
                b.zext_or_trunc(new, access.ty(), "narrow")
            } else {
                new
            };
            access.replace_all_uses_with(new);
        }
        drop(b);
        access.erase();
    } else if let (Some(store), [value, place]) = (shortcut.store, &access.operands()[..])
        && *place == address
    {
        let ty = Type::function(module.void(), &[value.ty()], false);
        b.inline_asm(ty, store, "r", true, &[*value]);
        drop(b);
        access.erase();
    }
}

/// Comparisons of `narrow` with zero take its extension `wide` instead.
fn compare_wide(narrow: Value, wide: Value) {
    for user in narrow.users() {
        let operands = user.operands();
        if user.is(Opcode::LLVMICmp) && operands[1] == narrow.ty().null() {
            user.set_operand(0, wide);
            user.set_operand(1, wide.ty().null());
        }
    }
}
