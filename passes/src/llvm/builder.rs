//! Inserting instructions.

use std::ffi::c_uint;

use llvm_sys::core::*;
use llvm_sys::prelude::LLVMBuilderRef;

use super::kinds::{IntPredicate, Opcode, Ordering, RealPredicate};
use super::module::Module;
use super::shim;
use super::value::{Block, Type, Value};

/// An insertion point. Instructions that need a debug location take the one of the place.
pub struct Builder<'m> {
    raw: LLVMBuilderRef,
    module: &'m Module,
    like: Option<Value>,
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        // SAFETY: made by LLVMCreateBuilderInContext, disposed of once.
        unsafe { LLVMDisposeBuilder(self.raw) }
    }
}

// SAFETY (this impl block): the builder is positioned in a block of the module on creation; handles are
// valid by the module's invariant.
impl<'m> Builder<'m> {
    fn new(module: &'m Module) -> Self {
        Builder {
            raw: unsafe { LLVMCreateBuilderInContext(module.context()) },
            module,
            like: None,
        }
    }
    pub fn before(module: &'m Module, inst: Value) -> Self {
        let mut b = Self::new(module);
        unsafe { LLVMPositionBuilderBefore(b.raw, inst.0) };
        b.like = Some(inst);
        b
    }
    /// At the very beginning of a block, in front of what describes variables there: where phis stand.
    pub fn at_top(module: &'m Module, block: Block) -> Self {
        let b = Self::new(module);
        match block.first() {
            Some(i) => unsafe { LLVMPositionBuilderBeforeInstrAndDbgRecords(b.raw, i.0) },
            None => unsafe { LLVMPositionBuilderAtEnd(b.raw, block.0) },
        }
        b
    }
    pub fn at_end(module: &'m Module, block: Block) -> Self {
        let b = Self::new(module);
        unsafe { LLVMPositionBuilderAtEnd(b.raw, block.0) };
        b
    }
    /// At the first place of a block where an ordinary instruction may stand.
    pub fn at_start(module: &'m Module, block: Block) -> Self {
        match block.first_insertion_point() {
            Some(i) => Self::before(module, i),
            None => Self::at_end(module, block),
        }
    }
    /// In an entry block, behind its leading allocas.
    pub fn after_allocas(module: &'m Module, entry: Block) -> Self {
        let place = entry
            .instructions()
            .into_iter()
            .find(|i| !i.is(Opcode::LLVMAlloca));
        match place {
            Some(i) => Self::before(module, i),
            None => Self::at_end(module, entry),
        }
    }
    /// Calls made from here on carry the debug location of `inst`.
    pub fn located_like(mut self, inst: Value) -> Self {
        self.like = Some(inst);
        self
    }
    pub fn load(&self, ty: Type, ptr: Value, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildLoad2(self.raw, ty.0, ptr.0, n.as_ptr())) }
    }
    pub fn store(&self, value: Value, ptr: Value) -> Value {
        unsafe { Value(LLVMBuildStore(self.raw, value.0, ptr.0)) }
    }
    /// `ptr + offset` bytes.
    pub fn byte_offset(&self, ptr: Value, offset: Value, name: &str) -> Value {
        let n = cstr(name);
        let mut idx = [offset.0];
        unsafe {
            Value(LLVMBuildGEP2(
                self.raw,
                self.module.int(8).0,
                ptr.0,
                idx.as_mut_ptr(),
                1,
                n.as_ptr(),
            ))
        }
    }
    pub fn field(&self, ptr: Value, offset: u64, name: &str) -> Value {
        if offset == 0 {
            return ptr;
        }
        self.byte_offset(ptr, self.module.i64_const(offset), name)
    }
    pub fn call(&self, ty: Type, callee: Value, args: &[Value], name: &str) -> Value {
        let mut a: Vec<_> = args.iter().map(|v| v.0).collect();
        let n = cstr(if ty.return_type().is_void() { "" } else { name });
        unsafe {
            let v = LLVMBuildCall2(
                self.raw,
                ty.0,
                callee.0,
                a.as_mut_ptr(),
                a.len() as c_uint,
                n.as_ptr(),
            );
            shim::popcorn_set_debug_location(v, self.like.map_or(std::ptr::null_mut(), |l| l.0));
            Value(v)
        }
    }
    pub fn invoke(
        &self,
        ty: Type,
        callee: Value,
        args: &[Value],
        dests: (Block, Block),
        name: &str,
    ) -> Value {
        let mut a: Vec<_> = args.iter().map(|v| v.0).collect();
        let n = cstr(if ty.return_type().is_void() { "" } else { name });
        unsafe {
            let v = LLVMBuildInvoke2(
                self.raw,
                ty.0,
                callee.0,
                a.as_mut_ptr(),
                a.len() as c_uint,
                dests.0.0,
                dests.1.0,
                n.as_ptr(),
            );
            shim::popcorn_set_debug_location(v, self.like.map_or(std::ptr::null_mut(), |l| l.0));
            Value(v)
        }
    }
    /// `landingpad { ptr, i32 }`, cleanup or catch-all.
    pub fn landing_pad(&self, catch_all: bool, name: &str) -> Value {
        let n = cstr(name);
        let ty = self
            .module
            .struct_type(&[self.module.ptr(), self.module.int(32)]);
        unsafe {
            let v = LLVMBuildLandingPad(
                self.raw,
                ty.0,
                std::ptr::null_mut(),
                u32::from(catch_all),
                n.as_ptr(),
            );
            if catch_all {
                LLVMAddClause(v, self.module.ptr().null().0);
            } else {
                LLVMSetCleanup(v, 1);
            }
            Value(v)
        }
    }
    pub fn extract(&self, aggregate: Value, index: u32, name: &str) -> Value {
        let n = cstr(name);
        unsafe {
            Value(LLVMBuildExtractValue(
                self.raw,
                aggregate.0,
                index,
                n.as_ptr(),
            ))
        }
    }
    pub fn insert(&self, aggregate: Value, value: Value, index: u32, name: &str) -> Value {
        let n = cstr(name);
        unsafe {
            Value(LLVMBuildInsertValue(
                self.raw,
                aggregate.0,
                value.0,
                index,
                n.as_ptr(),
            ))
        }
    }
    /// Where this thread's copy of a thread-local variable lies.
    pub fn thread_local_address(&self, variable: Value, name: &str) -> Value {
        let (f, ty) = (self.module).intrinsic("llvm.threadlocal.address", &[self.module.ptr()]);
        self.call(ty, f, &[variable], name)
    }
    pub fn icmp(&self, predicate: IntPredicate, a: Value, b: Value, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildICmp(self.raw, predicate, a.0, b.0, n.as_ptr())) }
    }
    pub fn fcmp(&self, predicate: RealPredicate, a: Value, b: Value, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildFCmp(self.raw, predicate, a.0, b.0, n.as_ptr())) }
    }
    pub fn binary(&self, op: Opcode, a: Value, b: Value, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildBinOp(self.raw, op, a.0, b.0, n.as_ptr())) }
    }
    pub fn add(&self, a: Value, b: Value, name: &str) -> Value {
        self.binary(Opcode::LLVMAdd, a, b, name)
    }
    pub fn sub(&self, a: Value, b: Value, name: &str) -> Value {
        self.binary(Opcode::LLVMSub, a, b, name)
    }
    pub fn mul(&self, a: Value, b: Value, name: &str) -> Value {
        self.binary(Opcode::LLVMMul, a, b, name)
    }
    pub fn and(&self, a: Value, b: Value, name: &str) -> Value {
        self.binary(Opcode::LLVMAnd, a, b, name)
    }
    pub fn cast(&self, op: Opcode, v: Value, ty: Type, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildCast(self.raw, op, v.0, ty.0, n.as_ptr())) }
    }
    pub fn extract_element(&self, v: Value, index: u64, name: &str) -> Value {
        let n = cstr(name);
        let i = self.module.i64_const(index);
        unsafe { Value(LLVMBuildExtractElement(self.raw, v.0, i.0, n.as_ptr())) }
    }
    pub fn insert_element(&self, v: Value, element: Value, index: u64, name: &str) -> Value {
        let n = cstr(name);
        let i = self.module.i64_const(index);
        unsafe {
            Value(LLVMBuildInsertElement(
                self.raw,
                v.0,
                element.0,
                i.0,
                n.as_ptr(),
            ))
        }
    }
    pub fn shuffle(&self, a: Value, b: Value, mask: &[u64], name: &str) -> Value {
        let n = cstr(name);
        let m: Vec<Value> = mask.iter().map(|&i| self.module.i32_const(i)).collect();
        let m = self.module.const_vector(&m);
        unsafe { Value(LLVMBuildShuffleVector(self.raw, a.0, b.0, m.0, n.as_ptr())) }
    }
    pub fn select(&self, c: Value, a: Value, b: Value, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildSelect(self.raw, c.0, a.0, b.0, n.as_ptr())) }
    }
    pub fn ptr_to_int(&self, v: Value, ty: Type, name: &str) -> Value {
        self.cast(Opcode::LLVMPtrToInt, v, ty, name)
    }
    pub fn bit_cast(&self, v: Value, ty: Type, name: &str) -> Value {
        self.cast(Opcode::LLVMBitCast, v, ty, name)
    }
    pub fn zext_or_trunc(&self, v: Value, ty: Type, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildIntCast2(self.raw, v.0, ty.0, 0, n.as_ptr())) }
    }
    pub fn phi(&self, ty: Type, name: &str) -> Value {
        let n = cstr(name);
        unsafe { Value(LLVMBuildPhi(self.raw, ty.0, n.as_ptr())) }
    }
    pub fn alloca(&self, ty: Type, align: u64, name: &str) -> Value {
        let n = cstr(name);
        let v = unsafe { Value(LLVMBuildAlloca(self.raw, ty.0, n.as_ptr())) };
        v.set_alignment(align);
        v
    }
    /// Copies between places that are both aligned to `align`.
    pub fn memcpy(&self, to: Value, from: Value, size: Value, align: u32) -> Value {
        self.memcpy_from(to, align, from, align, size)
    }
    /// Copies between places of different alignments.
    pub fn memcpy_from(
        &self,
        to: Value,
        align: u32,
        from: Value,
        from_align: u32,
        size: Value,
    ) -> Value {
        unsafe {
            let v = LLVMBuildMemCpy(self.raw, to.0, align, from.0, from_align, size.0);
            shim::popcorn_set_debug_location(v, self.like.map_or(std::ptr::null_mut(), |l| l.0));
            Value(v)
        }
    }
    pub fn fence_seq_cst(&self) -> Value {
        unsafe {
            Value(LLVMBuildFence(
                self.raw,
                Ordering::LLVMAtomicOrderingSequentiallyConsistent,
                0,
                c"".as_ptr(),
            ))
        }
    }
    pub fn br(&self, to: Block) -> Value {
        unsafe { Value(LLVMBuildBr(self.raw, to.0)) }
    }
    pub fn cond_br(&self, condition: Value, then: Block, otherwise: Block) -> Value {
        unsafe { Value(LLVMBuildCondBr(self.raw, condition.0, then.0, otherwise.0)) }
    }
    pub fn switch(&self, value: Value, default: Block) -> Value {
        unsafe { Value(LLVMBuildSwitch(self.raw, value.0, default.0, 8)) }
    }
    pub fn ret(&self, value: Option<Value>) -> Value {
        unsafe {
            Value(match value {
                Some(v) => LLVMBuildRet(self.raw, v.0),
                None => LLVMBuildRetVoid(self.raw),
            })
        }
    }
    pub fn unreachable(&self) -> Value {
        unsafe { Value(LLVMBuildUnreachable(self.raw)) }
    }
    /// Inserts a cloned instruction.
    pub fn insert_clone(&self, inst: Value, name: &str) -> Value {
        let v = inst.clone_instruction();
        unsafe { LLVMInsertIntoBuilder(self.raw, v.0) };
        if !v.ty().is_void() {
            v.set_name(name);
        }
        v
    }
    /// Empty assembly: no code, but an instruction to whoever decides by their number whether a block is
    /// copied.
    pub fn weigh_down(&self) {
        let ty = Type::function(self.module.void(), &[], false);
        self.inline_asm(ty, "", "", true, &[]);
    }
    pub fn inline_asm(
        &self,
        ty: Type,
        text: &str,
        constraints: &str,
        side_effects: bool,
        args: &[Value],
    ) -> Value {
        let callee = self.module.inline_asm(ty, text, constraints, side_effects);
        self.call(ty, callee, args, "asm")
    }
}

fn cstr(s: &str) -> std::ffi::CString {
    std::ffi::CString::new(s).unwrap_or_default()
}
