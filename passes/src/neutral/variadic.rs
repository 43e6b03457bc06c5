//! variadic: variadic arguments become one memory block.
//!
//! A function `T f(A, ...)` becomes `T f(A, ptr block)`. A caller stores the variadic arguments in a
//! block the way the System V ABI lays out its overflow area (AMD64 supplement, section 3.5.7): 8-byte
//! slots, 16 where the type says so. `va_start` fills the x86-64 `va_list` so that the front end's
//! `va_arg` code always reads the overflow area: it works on every ISA. After this pass no function type
//! in the module is variadic.

use crate::error::Error;
use crate::llvm::{Builder, Linkage, Module, Type, TypeKind, Value};

/// `gp_offset` and `fp_offset` of a `va_list` whose register save area is used up.
const NO_GP_LEFT: u64 = 48;
const NO_FP_LEFT: u64 = 176;
/// Bytes of `struct __va_list_tag`.
const VA_LIST_SIZE: u64 = 24;
/// No block is shorter, since callees read arguments before they know how many there are: `syscall` takes six
/// of `syscall(SYS_getpid)`, `fcntl` one of `fcntl(fd, F_GETFD)`.
const SHORTEST_BLOCK: u64 = 64;
/// What a call without variadic arguments passes.
const EMPTY_BLOCK: &str = "popcorn.no_varargs";

pub fn run(module: &Module) -> Result<(), Error> {
    for f in module.functions() {
        if f.value_type().is_function_vararg() && !f.is_intrinsic() {
            rewrite_function(module, f);
        }
    }
    for f in module.definitions() {
        let mut calls = Vec::new();
        for inst in f.instructions() {
            if !inst.is_call_like() {
                continue;
            }
            let callee = inst.callee();
            if callee.is_function() && callee.is_intrinsic() {
                lower_va_copy_end(module, inst);
            } else if inst.called_type().is_function_vararg() && !callee.is_inline_asm() {
                calls.push(inst);
            }
        }
        rewrite_calls(module, f, &calls);
    }
    Ok(())
}

fn with_block(module: &Module, ty: Type) -> Type {
    let mut params = ty.param_types();
    params.push(module.ptr());
    Type::function(ty.return_type(), &params, false)
}

fn rewrite_function(module: &Module, f: Value) {
    let ty = f.value_type();
    // `int f()` without a prototype: nothing says it is variadic, and in C it cannot be.
    let new_ty = if ty.param_types().is_empty() {
        Type::function(ty.return_type(), &[], false)
    } else {
        with_block(module, ty)
    };
    let new = module.add_function("popcorn.variadic", new_ty);
    new.take_function(f);
    if new.is_declaration() {
        return;
    }
    let Some(block) = new
        .params()
        .last()
        .copied()
        .filter(|_| !ty.param_types().is_empty())
    else {
        return;
    };
    block.set_name("varargs");
    for inst in new.instructions() {
        if inst.is_call_like() && inst.callee().name().starts_with("llvm.va_start") {
            let b = Builder::before(module, inst);
            let list = inst.operand(0);
            b.store(module.i32_const(NO_GP_LEFT), list);
            b.store(module.i32_const(NO_FP_LEFT), b.field(list, 4, "fp_offset"));
            b.store(block, b.field(list, 8, "overflow_arg_area"));
            b.store(module.ptr().null(), b.field(list, 16, "reg_save_area"));
            inst.erase();
        }
    }
}

fn lower_va_copy_end(module: &Module, inst: Value) {
    let name = inst.callee().name();
    if name.starts_with("llvm.va_copy") {
        let b = Builder::before(module, inst);
        b.memcpy(
            inst.operand(0),
            inst.operand(1),
            module.i64_const(VA_LIST_SIZE),
            8,
        );
        inst.erase();
    } else if name.starts_with("llvm.va_end") {
        inst.erase();
    }
}

/// One variadic argument's place in the block.
struct Slot {
    value: Value,
    offset: u64,
    /// The pointee to copy, for a structure passed in memory.
    by_value: Option<Type>,
}

fn lay_out(module: &Module, call: Value, fixed: usize) -> (Vec<Slot>, u64, u64) {
    let layout = module.layout();
    let (mut offset, mut align) = (0u64, 16u64);
    let mut slots = Vec::new();
    for (i, &value) in call.arguments().iter().enumerate().skip(fixed) {
        let by_value = call.byval_type(i);
        let ty = by_value.unwrap_or(value.ty());
        let wanted = if by_value.is_some() {
            call.param_align(i)
        } else {
            layout.align(ty)
        };
        let slot_align = if wanted > 8 { wanted } else { 8 };
        align = align.max(slot_align);
        offset = offset.next_multiple_of(slot_align);
        slots.push(Slot {
            value,
            offset,
            by_value,
        });
        offset += layout.size(ty).next_multiple_of(8);
    }
    (slots, offset, align)
}

/// The value as it fills its slot. Some callees read a `long` where an `int` was passed, as `prctl` and `syscall` do;
/// on x86-64 a register's upper half is zero then.
fn whole_slot(module: &Module, b: &Builder, value: Value) -> Value {
    let ty = value.ty();
    if ty.kind() == TypeKind::LLVMIntegerTypeKind && ty.int_width() < 64 {
        b.zext_or_trunc(value, module.int(64), "vararg.whole")
    } else {
        value
    }
}

/// Rewrites the calls of one function. They share one block in its entry: arguments are stored right
/// before the call and read only during it.
fn rewrite_calls(module: &Module, f: Value, calls: &[Value]) {
    let fixed_of = |call: Value| call.called_type().param_types().len();
    let (mut size, mut align) = (0, 16);
    for &call in calls {
        let (_, s, a) = lay_out(module, call, fixed_of(call));
        (size, align) = (size.max(s), align.max(a));
    }
    let block = (size > 0).then(|| {
        let b = Builder::at_start(module, f.entry());
        let bytes = module.int(8).array(size.max(SHORTEST_BLOCK));
        b.alloca(bytes, align, "varargs.block")
    });
    for &call in calls {
        // Not before: an argument may be the result of a call rewritten just now.
        let fixed = fixed_of(call);
        let (slots, _, _) = lay_out(module, call, fixed);
        let callee = call.callee();
        let ty = call.called_type();
        let b = Builder::before(module, call);
        let mut args: Vec<Value> = call.arguments()[..fixed].to_vec();
        // A function declared without a prototype takes what it is given.
        let unprototyped = callee.is_function() && !callee.value_type().is_function_vararg() && {
            let params = callee.value_type().param_types();
            params.is_empty() || params == ty.param_types()
        };
        let new_ty = if unprototyped && slots.is_empty() {
            Type::function(ty.return_type(), &ty.param_types(), false)
        } else {
            let pointer = match block {
                Some(block) if !slots.is_empty() => {
                    for slot in &slots {
                        let place = b.field(block, slot.offset, "vararg");
                        match slot.by_value {
                            Some(ty) => {
                                let size = module.i64_const(module.layout().size(ty));
                                b.memcpy(place, slot.value, size, 8);
                            }
                            None => {
                                b.store(whole_slot(module, &b, slot.value), place);
                            }
                        }
                    }
                    block
                }
                _ => empty_block(module),
            };
            args.push(pointer);
            with_block(module, ty)
        };
        let new = if call.is(crate::llvm::Opcode::LLVMInvoke) {
            b.invoke(
                new_ty,
                callee,
                &args,
                (call.normal_dest(), call.unwind_dest()),
                "",
            )
        } else {
            b.call(new_ty, callee, &args, "")
        };
        new.copy_call_properties(call, fixed);
        if !slots.is_empty() && !call.is(crate::llvm::Opcode::LLVMInvoke) {
            // The callee reads this frame's block.
            new.set_tail_call_kind(crate::llvm::TailCall::LLVMTailCallKindNone);
        }
        call.replace_all_uses_with(new);
        call.erase();
    }
}

fn empty_block(module: &Module) -> Value {
    module.global(EMPTY_BLOCK).unwrap_or_else(|| {
        let ty = module.int(64).array(SHORTEST_BLOCK / 8);
        let g = module.add_global(EMPTY_BLOCK, ty);
        g.set_initializer(ty.null());
        g.set_linkage(Linkage::LLVMInternalLinkage);
        g.set_constant(true);
        g.set_alignment(16);
        g
    })
}
