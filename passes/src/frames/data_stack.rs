//! data stack: what has an address leaves the native stack.
//!
//! In functions that a migrating process may have on its stack, every alloca becomes a place on the data
//! stack, which lies at the same address on all ISAs. So no pointer into a native stack is ever part of
//! the program's state. The stack's pointer is the thread-local `__popcorn_dsp`; it is 16-byte aligned
//! and grows down. After this pass an instrumented function holds no alloca.

use std::collections::HashMap;

use popcorn_metadata::symbols::runtime::DATA_STACK_POINTER;

use crate::llvm::{Block, Builder, Module, Opcode, TailCall, Type, Value};

/// Alignment that `__popcorn_dsp` always has.
const STACK_ALIGN: u64 = 16;

pub fn run(module: &Module, f: Value) {
    let insts = f.instructions();
    let allocas: Vec<Value> = insts
        .iter()
        .copied()
        .filter(|i| i.is(Opcode::LLVMAlloca))
        .collect();
    if allocas.is_empty() {
        return;
    }
    for i in insts {
        if i.is_lifetime_marker() {
            i.erase();
        }
    }
    let dsp = module.declare_thread_local(DATA_STACK_POINTER, module.ptr());
    let frame = Frame { module, f, dsp };
    let (fixed, dynamic): (Vec<Value>, Vec<Value>) =
        allocas.into_iter().partition(|a| a.is_static_alloca());

    let entry = Builder::before(module, first_of_entry(f));
    let on_entry = frame.read(&entry);
    let (mut size, mut align) = (0u64, STACK_ALIGN);
    let mut offsets = Vec::new();
    for a in &fixed {
        let wanted = a.alignment().max(1);
        size = size.next_multiple_of(wanted);
        offsets.push(size);
        size += a.alloca_size();
        align = align.max(wanted);
    }
    size = size.next_multiple_of(align);
    let mut base = on_entry;
    if size > 0 {
        base = entry.byte_offset(on_entry, module.i64_const(size.wrapping_neg()), "frame");
        base = frame.align_down(&entry, base, align);
        frame.write(&entry, base);
        for (a, offset) in fixed.iter().zip(offsets) {
            frame.place(*a, base, offset);
            // What is left are descriptions for debuggers.
            a.replace_all_uses_with(entry.byte_offset(base, module.i64_const(offset), &a.name()));
        }
    } else {
        for a in &fixed {
            // Objects without size still have an address.
            a.replace_all_uses_with(base);
        }
    }
    drop(entry);
    // Not before: the builder stood in front of one of them.
    for a in fixed {
        a.erase();
    }

    for &a in &dynamic {
        frame.lower_dynamic(a);
    }
    frame.lower_stack_save();

    // Without dynamic allocas the pointer is at every return where the entry left it: taking it from there
    // keeps nothing alive across the calls between, and is one instruction on x86-64.
    let give_back = |b: &Builder| {
        let base = match (align, &dynamic[..]) {
            (STACK_ALIGN, []) => frame.read(b),
            (STACK_ALIGN, _) if size > 0 => base,
            _ => return on_entry,
        };
        b.byte_offset(base, module.i64_const(size), "caller.dsp")
    };
    if size == 0 && dynamic.is_empty() {
        return;
    }
    for block in f.blocks() {
        let Some(t) = block.terminator().filter(|t| t.is(Opcode::LLVMRet)) else {
            continue;
        };
        let place = match t.prev() {
            Some(c)
                if c.is_call_like() && c.tail_call_kind() == TailCall::LLVMTailCallKindMustTail =>
            {
                c
            }
            _ => t,
        };
        let b = Builder::before(module, place);
        let old = give_back(&b);
        frame.write(&b, old);
    }
}

fn first_of_entry(f: Value) -> Value {
    // Never empty: it has a terminator.
    f.entry().first().unwrap_or(f)
}

struct Frame<'a> {
    module: &'a Module,
    f: Value,
    dsp: Value,
}

impl Frame<'_> {
    fn pointer(&self, b: &Builder) -> Value {
        b.thread_local_address(self.dsp, "dsp.address")
    }
    fn read(&self, b: &Builder) -> Value {
        let p = self.pointer(b);
        b.load(self.module.ptr(), p, "dsp")
    }
    fn write(&self, b: &Builder, value: Value) {
        let p = self.pointer(b);
        b.store(value, p);
    }
    fn align_down(&self, b: &Builder, v: Value, align: u64) -> Value {
        if align <= STACK_ALIGN {
            return v;
        }
        let i64t = self.module.int(64);
        let (f, ty) = self
            .module
            .intrinsic("llvm.ptrmask", &[self.module.ptr(), i64t]);
        b.call(ty, f, &[v, i64t.int(align.wrapping_neg())], "aligned")
    }

    /// Gives the uses of `a` its place, `offset` bytes above `base`. The address is computed in each block
    /// that uses it: from the entry on, one for every variable would take a register or be spilled.
    fn place(&self, a: Value, base: Value, offset: u64) {
        let mut in_block: HashMap<Block, Value> = HashMap::new();
        let mut here = |block: Block| {
            *in_block.entry(block).or_insert_with(|| {
                let at = match block == self.f.entry() {
                    true => base.next(),
                    false => block.first_insertion_point(),
                };
                let b = Builder::before(self.module, at.unwrap_or(a));
                b.byte_offset(base, self.module.i64_const(offset), &a.name())
            })
        };
        for user in a.users() {
            if let Some(further) = self.constant_offset(user, a) {
                self.place(user, base, offset.wrapping_add(further));
                if !user.has_users() {
                    user.erase();
                    continue;
                }
            }
            if user.is_phi() {
                for (i, (value, from)) in user.incoming().into_iter().enumerate() {
                    if value == a {
                        user.set_operand(i as u32, here(from));
                    }
                }
                continue;
            }
            let place = here(user.parent());
            for (i, o) in user.operands().into_iter().enumerate() {
                if o == a {
                    user.set_operand(i as u32, place);
                }
            }
        }
    }

    /// How far `user` lies from `a`, if it is an address at a constant distance from it.
    fn constant_offset(&self, user: Value, a: Value) -> Option<u64> {
        if !user.is(Opcode::LLVMGetElementPtr) {
            return None;
        }
        let [pointer, index] = user.operands()[..] else {
            return None;
        };
        let size = self.module.layout().size(user.gep_element_type());
        if pointer != a || index.ty() != self.module.int(64) {
            return None;
        }
        let index = index.constant_int()?;
        Some((index as i64).wrapping_mul(size as i64) as u64)
    }

    /// A variable-length array or `alloca()`.
    fn lower_dynamic(&self, a: Value) {
        let m = self.module;
        let i64t = m.int(64);
        let b = Builder::before(m, a);
        let count = b.zext_or_trunc(a.operand(0), i64t, "count");
        let element: Type = a.allocated_type();
        let bytes = b.mul(count, i64t.int(m.layout().size(element)), "bytes");
        let bytes = b.add(bytes, i64t.int(STACK_ALIGN - 1), "bytes");
        let bytes = b.and(bytes, i64t.int(STACK_ALIGN.wrapping_neg()), "bytes");
        let down = b.sub(i64t.null(), bytes, "down");
        let old = self.read(&b);
        let new = b.byte_offset(old, down, &a.name());
        let new = self.align_down(&b, new, a.alignment());
        self.write(&b, new);
        drop(b);
        a.replace_all_uses_with(new);
        a.erase();
    }

    fn lower_stack_save(&self) {
        for i in self.f.instructions() {
            if !i.is_call_like() || !i.callee().is_intrinsic() {
                continue;
            }
            let name = i.callee().name();
            let b = Builder::before(self.module, i);
            if name.starts_with("llvm.stacksave") {
                let v = self.read(&b);
                i.replace_all_uses_with(v);
            } else if name.starts_with("llvm.stackrestore") {
                self.write(&b, i.operand(0));
            } else {
                continue;
            }
            drop(b);
            i.erase();
        }
    }
}
