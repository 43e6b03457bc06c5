//! sjlj: setjmp becomes a token, longjmp an unwind.
//!
//! A jump buffer holds no registers: it names an activation (by a token that is never used twice) and a
//! `setjmp` in it, so it means the same on every ISA. Every call of a function that calls `setjmp`
//! becomes an invoke; its pad asks the runtime whether the longjmp is meant for this activation and, if
//! so, goes on behind the right `setjmp`. Runs before the optimiser, which then sees ordinary control
//! flow instead of a call that returns twice; as a gift, locals changed after `setjmp` keep their values.

use std::collections::HashSet;

use popcorn_metadata::symbols;

use crate::llvm::{Builder, Module, Opcode, Type, Value};

/// Calls of these save a jump buffer; the second argument of the `sig` forms says whether to save the
/// signal mask.
const SETJMP: &[&str] = &["setjmp", "_setjmp", "__setjmp", "sigsetjmp", "__sigsetjmp"];

/// Never return to their caller; unwind through it.
pub(crate) const LONGJMP: &[&str] = &["longjmp", "_longjmp", "siglongjmp"];

/// What `landingpad` hands over besides the pointer, see docs/abi.md section 6.
pub(crate) const PERSONALITY: &str = symbols::runtime::PERSONALITY;

pub fn run(module: &Module) {
    // A signal handler may run, and longjmp, inside any function: to a function that calls setjmp, none
    // is a leaf.
    let leaf = &HashSet::new();
    let users: Vec<Value> = module
        .definitions()
        .into_iter()
        .filter(|f| f.instructions().into_iter().any(is_setjmp))
        .collect();
    if users.is_empty() {
        return;
    }
    // Any call may now unwind, also one that is inlined into a function lowered here.
    for f in module.functions() {
        if !f.is_intrinsic() && !leaf.contains(&f.name()) {
            f.remove_function_attribute("nounwind");
        }
        if !f.is_declaration() {
            for call in f
                .instructions()
                .into_iter()
                .filter(|i| may_longjmp(*i, leaf))
            {
                call.drop_migration_attributes();
            }
        }
    }
    for f in users {
        lower(module, f, leaf);
    }
}

fn is_setjmp(inst: Value) -> bool {
    inst.is_call_like()
        && inst.callee().is_function()
        && SETJMP.contains(&inst.callee().name().as_str())
}

fn may_longjmp(inst: Value, leaf: &HashSet<String>) -> bool {
    if !inst.is_call_like() || inst.callee().is_inline_asm() {
        return false;
    }
    let callee = inst.callee();
    if !callee.is_function() {
        return true;
    }
    let name = callee.name();
    let runtime = name.starts_with(symbols::OURS) && name != symbols::runtime::UNWIND_RESUME;
    let known = callee.is_declaration() && leaf.contains(&name);
    !(callee.is_intrinsic() || runtime || known)
}

/// The function that `PERSONALITY` names.
pub(crate) fn personality(module: &Module) -> Value {
    module.declare(PERSONALITY, Type::function(module.int(32), &[], false))
}

fn lower(module: &Module, f: Value, leaf: &HashSet<String>) {
    let (ptr, i64t, i32t) = (module.ptr(), module.int(64), module.int(32));
    f.demote_registers();
    f.add_function_attribute("noinline", 0);
    f.remove_function_attribute("alwaysinline");
    f.remove_function_attribute("returns_twice");
    f.set_personality(personality(module));

    let token = {
        let ty = Type::function(i64t, &[], false);
        let callee = module.declare(symbols::runtime::SJLJ_TOKEN, ty);
        Builder::after_allocas(module, f.entry()).call(ty, callee, &[], "sjlj.token")
    };

    // Every call that may longjmp unwinds to one pad.
    let pad = f.append_block("sjlj.pad");
    let calls: Vec<Value> = f.instructions();
    for call in calls
        .into_iter()
        .filter(|c| may_longjmp(*c, leaf) && !is_setjmp(*c))
    {
        if call.is(Opcode::LLVMCall) {
            call.set_tail_call_kind(crate::llvm::TailCall::LLVMTailCallKindNone);
            call.call_to_invoke(pad);
        }
    }
    let b = Builder::at_end(module, pad);
    let caught = b.landing_pad(true, "caught");
    let request = b.extract(caught, 0, "request");
    let match_ty = Type::function(i64t, &[ptr, i64t], false);
    let matches = module.declare(symbols::runtime::SJLJ_MATCH, match_ty);
    let site = b.call(match_ty, matches, &[request, token], "sjlj.site");
    let value_ty = Type::function(i32t, &[ptr], false);
    let value = module.declare(symbols::runtime::SJLJ_VALUE, value_ty);
    let value = b.call(value_ty, value, &[request], "sjlj.value");
    let not_mine = f.append_block("sjlj.not.mine");
    let dispatch = b.switch(site, not_mine);
    drop(b);

    // Declared not to return, but not called so: what follows must stay a plain unreachable.
    let b = Builder::at_end(module, not_mine);
    let resume_ty = Type::function(module.void(), &[ptr], false);
    let resume = module.declare(symbols::runtime::UNWIND_RESUME, resume_ty);
    resume.add_function_attribute("noreturn", 0);
    b.call(resume_ty, resume, &[request], "");
    b.unreachable();
    drop(b);

    let setjmp_ty = Type::function(module.void(), &[ptr, i64t, i64t, i64t], false);
    let setjmp = module.declare(symbols::runtime::SETJMP, setjmp_ty);
    let sites: Vec<Value> = f
        .instructions()
        .into_iter()
        .filter(|i| is_setjmp(*i))
        .collect();
    for (k, call) in sites.into_iter().enumerate() {
        let index = k as u64 + 1;
        let name = call.callee().name();
        let args = call.arguments();
        let b = Builder::before(module, call);
        let save_mask = match args.get(1) {
            Some(v) if name.contains("sigsetjmp") => b.zext_or_trunc(*v, i64t, "savemask"),
            _ => i64t.null(),
        };
        b.call(
            setjmp_ty,
            setjmp,
            &[args[0], token, i64t.int(index), save_mask],
            "",
        );
        drop(b);
        let before = call.parent();
        let after = call.split_before("setjmp.again");
        let phi = Builder::at_top(module, after).phi(i32t, "setjmp");
        phi.add_incoming(i32t.null(), before);
        phi.add_incoming(value, pad);
        call.replace_all_uses_with(phi);
        call.erase();
        dispatch.add_case(i64t.int(index), after);
    }
}
