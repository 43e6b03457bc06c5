//! Handles to types, values and blocks.

use std::ffi::{CString, c_uint};
use std::fmt;

use llvm_sys::core::*;
use llvm_sys::prelude::{LLVMBasicBlockRef, LLVMTypeRef, LLVMValueRef};
use llvm_sys::target::{
    LLVMABIAlignmentOfType, LLVMABISizeOfType, LLVMGetModuleDataLayout, LLVMOffsetOfElement,
};

use super::kinds::{
    IntPredicate, Linkage, Opcode, Ordering, RealPredicate, Rmw, TailCall, TypeKind,
};
use super::shim;

/// A type of the module's context.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type(pub(super) LLVMTypeRef);

/// A value: instruction, argument, constant, global or function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(super) LLVMValueRef);

/// A basic block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Block(pub(super) LLVMBasicBlockRef);

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: LLVM returns an owned C string, freed below.
        unsafe {
            let text = LLVMPrintTypeToString(self.0);
            let shown = std::ffi::CStr::from_ptr(text)
                .to_string_lossy()
                .into_owned();
            LLVMDisposeMessage(text);
            f.write_str(&shown)
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: as above.
        unsafe {
            let text = LLVMPrintValueToString(self.0);
            let shown = std::ffi::CStr::from_ptr(text)
                .to_string_lossy()
                .into_owned();
            LLVMDisposeMessage(text);
            f.write_str(shown.trim())
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.name())
    }
}

// SAFETY (this impl block): handles are valid by the module's invariant, see the head of `llvm`.
impl Type {
    pub fn kind(self) -> TypeKind {
        unsafe { LLVMGetTypeKind(self.0) }
    }
    pub fn is_void(self) -> bool {
        self.kind() == TypeKind::LLVMVoidTypeKind
    }
    pub fn is_pointer(self) -> bool {
        self.kind() == TypeKind::LLVMPointerTypeKind
    }
    pub fn is_floating(self) -> bool {
        matches!(
            self.kind(),
            TypeKind::LLVMFloatTypeKind | TypeKind::LLVMDoubleTypeKind
        )
    }
    pub fn is_function_vararg(self) -> bool {
        unsafe { LLVMIsFunctionVarArg(self.0) != 0 }
    }
    pub fn return_type(self) -> Type {
        unsafe { Type(LLVMGetReturnType(self.0)) }
    }
    pub fn param_types(self) -> Vec<Type> {
        unsafe {
            let mut out = vec![std::ptr::null_mut(); LLVMCountParamTypes(self.0) as usize];
            LLVMGetParamTypes(self.0, out.as_mut_ptr());
            out.into_iter().map(Type).collect()
        }
    }
    pub fn function(ret: Type, params: &[Type], vararg: bool) -> Type {
        unsafe {
            let mut p: Vec<_> = params.iter().map(|t| t.0).collect();
            Type(LLVMFunctionType(
                ret.0,
                p.as_mut_ptr(),
                p.len() as c_uint,
                vararg.into(),
            ))
        }
    }
    pub fn array(self, count: u64) -> Type {
        unsafe { Type(LLVMArrayType2(self.0, count)) }
    }
    pub fn int_width(self) -> u32 {
        unsafe { LLVMGetIntTypeWidth(self.0) }
    }
    /// Element types of a struct.
    pub fn elements(self) -> Vec<Type> {
        unsafe {
            let n = LLVMCountStructElementTypes(self.0);
            (0..n)
                .map(|i| Type(LLVMStructGetTypeAtIndex(self.0, i)))
                .collect()
        }
    }
    pub fn element(self) -> Type {
        unsafe { Type(LLVMGetElementType(self.0)) }
    }
    pub fn null(self) -> Value {
        unsafe { Value(LLVMConstNull(self.0)) }
    }
    pub fn poison(self) -> Value {
        unsafe { Value(LLVMGetPoison(self.0)) }
    }
    pub fn int(self, value: u64) -> Value {
        unsafe { Value(LLVMConstInt(self.0, value, 0)) }
    }
    pub fn is_vector(self) -> bool {
        self.kind() == TypeKind::LLVMVectorTypeKind
    }
    /// Number of lanes of a vector.
    pub fn vector_size(self) -> u32 {
        unsafe { LLVMGetVectorSize(self.0) }
    }
    /// `value` as this integer, or in every lane of this vector of integers.
    pub fn splat(self, value: u64) -> Value {
        if !self.is_vector() {
            return self.int(value);
        }
        self.all_lanes(self.element().int(value))
    }
    /// `value` as this floating-point number, or in every lane of this vector of them.
    pub fn real(self, value: f64) -> Value {
        if !self.is_vector() {
            return unsafe { Value(LLVMConstReal(self.0, value)) };
        }
        self.all_lanes(self.element().real(value))
    }
    fn all_lanes(self, lane: Value) -> Value {
        unsafe {
            let count = LLVMGetVectorSize(self.0);
            let mut lanes = vec![lane.0; count as usize];
            Value(LLVMConstVector(lanes.as_mut_ptr(), count))
        }
    }
}

// SAFETY (this impl block): handles are valid by the module's invariant; each method checks the kind of
// value where LLVM demands one.
impl Value {
    pub fn ty(self) -> Type {
        unsafe { Type(LLVMTypeOf(self.0)) }
    }
    pub fn name(self) -> String {
        unsafe {
            let mut len = 0;
            let p = LLVMGetValueName2(self.0, &mut len);
            String::from_utf8_lossy(std::slice::from_raw_parts(p.cast(), len)).into_owned()
        }
    }
    pub fn set_name(self, name: &str) {
        unsafe { LLVMSetValueName2(self.0, name.as_ptr().cast(), name.len()) }
    }
    pub fn is_instruction(self) -> bool {
        unsafe { !LLVMIsAInstruction(self.0).is_null() }
    }
    pub fn is_argument(self) -> bool {
        unsafe { !LLVMIsAArgument(self.0).is_null() }
    }
    pub fn is_constant(self) -> bool {
        unsafe { !LLVMIsAConstant(self.0).is_null() }
    }
    pub fn is_function(self) -> bool {
        unsafe { !LLVMIsAFunction(self.0).is_null() }
    }
    pub fn is_alias(self) -> bool {
        unsafe { !LLVMIsAGlobalAlias(self.0).is_null() }
    }
    /// The function that chooses, at start-up, what an indirect function is.
    pub fn resolver(self) -> Option<Value> {
        unsafe {
            if LLVMIsAGlobalIFunc(self.0).is_null() {
                return None;
            }
            opt(LLVMGetGlobalIFuncResolver(self.0)).filter(|f| f.is_function())
        }
    }
    pub fn is_inline_asm(self) -> bool {
        unsafe { !LLVMIsAInlineAsm(self.0).is_null() }
    }
    pub fn is_block_address(self) -> bool {
        unsafe { !LLVMIsABlockAddress(self.0).is_null() }
    }
    /// Instruction opcode; for a value that is no instruction, `None`.
    pub fn opcode(self) -> Option<Opcode> {
        unsafe {
            self.is_instruction()
                .then(|| LLVMGetInstructionOpcode(self.0))
        }
    }
    pub fn is(self, opcode: Opcode) -> bool {
        self.opcode() == Some(opcode)
    }
    pub fn is_phi(self) -> bool {
        self.is(Opcode::LLVMPHI)
    }
    /// A call or invoke.
    pub fn is_call_like(self) -> bool {
        matches!(self.opcode(), Some(Opcode::LLVMCall | Opcode::LLVMInvoke))
    }
    pub fn is_terminator(self) -> bool {
        unsafe { self.is_instruction() && !LLVMIsATerminatorInst(self.0).is_null() }
    }
    pub fn operands(self) -> Vec<Value> {
        unsafe {
            let n = LLVMGetNumOperands(self.0).max(0) as c_uint;
            (0..n).map(|i| Value(LLVMGetOperand(self.0, i))).collect()
        }
    }
    pub fn operand(self, index: u32) -> Value {
        unsafe { Value(LLVMGetOperand(self.0, index)) }
    }
    pub fn set_operand(self, index: u32, value: Value) {
        unsafe { LLVMSetOperand(self.0, index, value.0) }
    }
    /// Users of this value, one entry per use.
    pub fn users(self) -> Vec<Value> {
        unsafe {
            let mut out = Vec::new();
            let mut u = LLVMGetFirstUse(self.0);
            while !u.is_null() {
                out.push(Value(LLVMGetUser(u)));
                u = LLVMGetNextUse(u);
            }
            out
        }
    }
    pub fn has_users(self) -> bool {
        unsafe { !LLVMGetFirstUse(self.0).is_null() }
    }
    pub fn replace_all_uses_with(self, other: Value) {
        unsafe { LLVMReplaceAllUsesWith(self.0, other.0) }
    }
    pub fn erase(self) {
        unsafe { LLVMInstructionEraseFromParent(self.0) }
    }
    pub fn parent(self) -> Block {
        unsafe { Block(LLVMGetInstructionParent(self.0)) }
    }
    pub fn next(self) -> Option<Value> {
        unsafe { opt(LLVMGetNextInstruction(self.0)) }
    }
    pub fn prev(self) -> Option<Value> {
        unsafe { opt(LLVMGetPreviousInstruction(self.0)) }
    }
    pub fn clone_instruction(self) -> Value {
        unsafe { Value(LLVMInstructionClone(self.0)) }
    }
    pub fn constant_int(self) -> Option<u64> {
        unsafe {
            (!LLVMIsAConstantInt(self.0).is_null() && self.ty().int_width() <= 64)
                .then(|| LLVMConstIntGetZExtValue(self.0))
        }
    }

    // Calls.
    pub fn callee(self) -> Value {
        unsafe { Value(LLVMGetCalledValue(self.0)) }
    }
    pub fn called_type(self) -> Type {
        unsafe { Type(LLVMGetCalledFunctionType(self.0)) }
    }
    pub fn arguments(self) -> Vec<Value> {
        let n = unsafe { LLVMGetNumArgOperands(self.0) };
        (0..n).map(|i| self.operand(i)).collect()
    }
    pub fn tail_call_kind(self) -> TailCall {
        unsafe { LLVMGetTailCallKind(self.0) }
    }
    pub fn set_tail_call_kind(self, kind: TailCall) {
        unsafe { LLVMSetTailCallKind(self.0, kind) }
    }
    pub fn call_conv(self) -> u32 {
        unsafe { LLVMGetInstructionCallConv(self.0) }
    }
    pub fn set_call_conv(self, cc: u32) {
        unsafe { LLVMSetInstructionCallConv(self.0, cc) }
    }
    pub fn normal_dest(self) -> Block {
        unsafe { Block(LLVMGetNormalDest(self.0)) }
    }
    pub fn unwind_dest(self) -> Block {
        unsafe { Block(LLVMGetUnwindDest(self.0)) }
    }
    pub fn set_unwind_dest(self, block: Block) {
        unsafe { LLVMSetUnwindDest(self.0, block.0) }
    }
    pub fn copy_call_properties(self, from: Value, args: usize) {
        unsafe { shim::popcorn_copy_call(self.0, from.0, args as u32) }
    }
    /// Adds an enum attribute (by name) to a call site (`None`: the call itself).
    pub fn has_call_attribute(self, kind: &str) -> bool {
        unsafe {
            let id = LLVMGetEnumAttributeKindForName(kind.as_ptr().cast(), kind.len());
            !LLVMGetCallSiteEnumAttribute(self.0, llvm_sys::LLVMAttributeFunctionIndex, id)
                .is_null()
        }
    }
    pub fn byval_type(self, index: usize) -> Option<Type> {
        let t = unsafe { shim::popcorn_byval_type(self.0, index as u32) };
        (!t.is_null()).then_some(Type(t))
    }
    pub fn remove_byval(self, index: usize) {
        unsafe { shim::popcorn_remove_byval(self.0, index as u32) }
    }
    pub fn param_align(self, index: usize) -> u64 {
        unsafe { shim::popcorn_param_align(self.0, index as u32) }
    }
    /// Whether the first parameter of a function or call is the place of its result.
    pub fn has_struct_return(self) -> bool {
        unsafe {
            let id = LLVMGetEnumAttributeKindForName(c"sret".as_ptr(), 4);
            let a = if self.is_function() {
                LLVMGetEnumAttributeAtIndex(self.0, 1, id)
            } else {
                LLVMGetCallSiteEnumAttribute(self.0, 1, id)
            };
            !a.is_null()
        }
    }
    /// Drops attributes that a migration below would make untrue; true if there were any.
    pub fn drop_migration_attributes(self) -> bool {
        unsafe { shim::popcorn_drop_attributes(self.0) != 0 }
    }

    /// Says of a function or call that its `i32` parameters and result are sign-extended to a register.
    pub fn sign_extend_ints(self) {
        unsafe { shim::popcorn_sign_extend_ints(self.0) }
    }

    /// Predicate of an integer comparison.
    pub fn predicate(self) -> IntPredicate {
        unsafe { LLVMGetICmpPredicate(self.0) }
    }
    /// Predicate of a floating-point comparison; `None` for anything else.
    pub fn real_predicate(self) -> Option<RealPredicate> {
        self.is(Opcode::LLVMFCmp)
            .then(|| unsafe { LLVMGetFCmpPredicate(self.0) })
    }
    /// Whether a load or store is neither volatile nor atomic.
    pub fn is_simple_access(self) -> bool {
        let is_volatile = unsafe { LLVMGetVolatile(self.0) != 0 };
        !self.is_atomic() && !is_volatile
    }
    /// Whether a load or store is atomic.
    pub fn is_atomic(self) -> bool {
        unsafe { LLVMGetOrdering(self.0) != Ordering::LLVMAtomicOrderingNotAtomic }
    }
    /// What an `atomicrmw` does.
    pub fn rmw_operation(self) -> Rmw {
        unsafe { LLVMGetAtomicRMWBinOp(self.0) }
    }
    /// Source element type of a `getelementptr`.
    pub fn gep_element_type(self) -> Type {
        unsafe { Type(LLVMGetGEPSourceElementType(self.0)) }
    }

    // Phis.
    pub fn incoming(self) -> Vec<(Value, Block)> {
        unsafe {
            (0..LLVMCountIncoming(self.0))
                .map(|i| {
                    (
                        Value(LLVMGetIncomingValue(self.0, i)),
                        Block(LLVMGetIncomingBlock(self.0, i)),
                    )
                })
                .collect()
        }
    }
    pub fn add_incoming(self, value: Value, block: Block) {
        let (mut v, mut b) = (value.0, block.0);
        unsafe { LLVMAddIncoming(self.0, &mut v, &mut b, 1) }
    }

    // Allocas, loads, stores.
    pub fn allocated_type(self) -> Type {
        unsafe { Type(LLVMGetAllocatedType(self.0)) }
    }
    pub fn alignment(self) -> u64 {
        unsafe { u64::from(LLVMGetAlignment(self.0)) }
    }
    pub fn set_alignment(self, align: u64) {
        unsafe { LLVMSetAlignment(self.0, align as c_uint) }
    }
    pub fn is_static_alloca(self) -> bool {
        unsafe { shim::popcorn_is_static_alloca(self.0) != 0 }
    }
    pub fn alloca_size(self) -> u64 {
        unsafe { shim::popcorn_alloca_size(self.0) }
    }
    pub fn is_lifetime_marker(self) -> bool {
        unsafe { shim::popcorn_is_lifetime(self.0) != 0 }
    }

    // Inline assembly.
    pub fn asm_text(self) -> String {
        unsafe {
            let mut n = 0;
            let p = LLVMGetInlineAsmAsmString(self.0, &mut n);
            String::from_utf8_lossy(std::slice::from_raw_parts(p.cast(), n)).into_owned()
        }
    }
    pub fn asm_constraints(self) -> String {
        unsafe {
            let mut n = 0;
            let p = LLVMGetInlineAsmConstraintString(self.0, &mut n);
            String::from_utf8_lossy(std::slice::from_raw_parts(p.cast(), n)).into_owned()
        }
    }
    pub fn asm_has_side_effects(self) -> bool {
        unsafe { LLVMGetInlineAsmHasSideEffects(self.0) != 0 }
    }
    pub fn asm_function_type(self) -> Type {
        unsafe { Type(LLVMGetInlineAsmFunctionType(self.0)) }
    }

    /// The first text in a metadata argument: the name of a register.
    pub fn metadata_text(self) -> Option<String> {
        unsafe {
            if LLVMIsAMDNode(self.0).is_null() || LLVMGetMDNodeNumOperands(self.0) == 0 {
                return None;
            }
            let mut operands =
                vec![std::ptr::null_mut(); LLVMGetMDNodeNumOperands(self.0) as usize];
            LLVMGetMDNodeOperands(self.0, operands.as_mut_ptr());
            let mut length = 0;
            let text = LLVMGetMDString(operands[0], &mut length);
            if text.is_null() {
                return None;
            }
            let bytes = std::slice::from_raw_parts(text.cast(), length as usize);
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }

    // Globals and functions.
    pub fn is_declaration(self) -> bool {
        unsafe { LLVMIsDeclaration(self.0) != 0 }
    }
    pub fn linkage(self) -> Linkage {
        unsafe { LLVMGetLinkage(self.0) }
    }
    pub fn set_linkage(self, linkage: Linkage) {
        unsafe { LLVMSetLinkage(self.0, linkage) }
    }
    pub fn is_local_linkage(self) -> bool {
        matches!(
            self.linkage(),
            Linkage::LLVMInternalLinkage | Linkage::LLVMPrivateLinkage
        )
    }
    /// Whether the linker may take another definition than the one seen here.
    pub fn is_interposable(self) -> bool {
        matches!(
            self.linkage(),
            Linkage::LLVMWeakAnyLinkage
                | Linkage::LLVMLinkOnceAnyLinkage
                | Linkage::LLVMExternalWeakLinkage
                | Linkage::LLVMAvailableExternallyLinkage
        )
    }
    /// Whether code is made from a function: not from a copy of one that is defined elsewhere.
    pub fn is_emitted(self) -> bool {
        !self.is_declaration() && self.linkage() != Linkage::LLVMAvailableExternallyLinkage
    }
    pub fn set_section(self, section: &str) {
        let s = CString::new(section).unwrap_or_default();
        unsafe { LLVMSetSection(self.0, s.as_ptr()) }
    }
    pub fn set_hidden(self) {
        unsafe { LLVMSetVisibility(self.0, llvm_sys::LLVMVisibility::LLVMHiddenVisibility) }
    }
    /// Makes the address of a global significant, so it is neither merged nor put in a mergeable section.
    pub fn clear_unnamed_addr(self) {
        unsafe { LLVMSetUnnamedAddress(self.0, llvm_sys::LLVMUnnamedAddr::LLVMNoUnnamedAddr) }
    }
    pub fn is_thread_local(self) -> bool {
        unsafe { LLVMIsThreadLocal(self.0) != 0 }
    }
    pub fn set_local_exec(self) {
        unsafe {
            LLVMSetThreadLocalMode(self.0, llvm_sys::LLVMThreadLocalMode::LLVMLocalExecTLSModel)
        }
    }
    pub fn set_constant(self, constant: bool) {
        unsafe { LLVMSetGlobalConstant(self.0, constant.into()) }
    }
    pub fn initializer(self) -> Option<Value> {
        unsafe { opt(LLVMGetInitializer(self.0)) }
    }
    pub fn set_initializer(self, value: Value) {
        unsafe { LLVMSetInitializer(self.0, value.0) }
    }
    pub fn value_type(self) -> Type {
        unsafe { Type(LLVMGlobalGetValueType(self.0)) }
    }
    pub fn delete_global(self) {
        unsafe { LLVMDeleteGlobal(self.0) }
    }
    pub fn delete_function(self) {
        unsafe { LLVMDeleteFunction(self.0) }
    }
    pub fn has_comdat(self) -> bool {
        unsafe { !llvm_sys::comdat::LLVMGetComdat(self.0).is_null() }
    }
    pub fn drop_comdat(self) {
        unsafe { llvm_sys::comdat::LLVMSetComdat(self.0, std::ptr::null_mut()) }
    }
    pub fn copy_comdat(self, from: Value) {
        unsafe { llvm_sys::comdat::LLVMSetComdat(self.0, llvm_sys::comdat::LLVMGetComdat(from.0)) }
    }
    pub fn drop_target_attributes(self) {
        unsafe { shim::popcorn_drop_target_attributes(self.0) }
    }
    /// Takes back the front end's leave to round a product and a sum only once: an ISA would make use of it,
    /// another could not.
    pub fn forbid_contraction(self) {
        unsafe { shim::popcorn_forbid_contraction(self.0) }
    }
    pub fn params(self) -> Vec<Value> {
        unsafe {
            (0..LLVMCountParams(self.0))
                .map(|i| Value(LLVMGetParam(self.0, i)))
                .collect()
        }
    }
    pub fn blocks(self) -> Vec<Block> {
        unsafe {
            let mut out = vec![std::ptr::null_mut(); LLVMCountBasicBlocks(self.0) as usize];
            LLVMGetBasicBlocks(self.0, out.as_mut_ptr());
            out.into_iter().map(Block).collect()
        }
    }
    pub fn entry(self) -> Block {
        unsafe { Block(LLVMGetEntryBasicBlock(self.0)) }
    }
    /// All instructions of a function, in block order.
    pub fn instructions(self) -> Vec<Value> {
        self.blocks()
            .into_iter()
            .flat_map(Block::instructions)
            .collect()
    }
    pub fn append_block(self, name: &str) -> Block {
        let n = CString::new(name).unwrap_or_default();
        unsafe {
            let context = LLVMGetModuleContext(LLVMGetGlobalParent(self.0));
            Block(LLVMAppendBasicBlockInContext(context, self.0, n.as_ptr()))
        }
    }
    pub fn function_call_conv(self) -> u32 {
        unsafe { LLVMGetFunctionCallConv(self.0) }
    }
    pub fn set_function_call_conv(self, cc: u32) {
        unsafe { LLVMSetFunctionCallConv(self.0, cc) }
    }
    pub fn personality(self) -> Option<Value> {
        unsafe { (LLVMHasPersonalityFn(self.0) != 0).then(|| Value(LLVMGetPersonalityFn(self.0))) }
    }
    pub fn set_personality(self, personality: Value) {
        unsafe { LLVMSetPersonalityFn(self.0, personality.0) }
    }
    pub fn drop_personality(self) {
        unsafe { shim::popcorn_drop_personality(self.0) }
    }
    /// The value of a function's string attribute.
    pub fn string_attribute(self, key: &str) -> Option<String> {
        unsafe {
            let index = llvm_sys::LLVMAttributeFunctionIndex;
            let (k, n) = (key.as_ptr().cast(), key.len() as c_uint);
            let a = LLVMGetStringAttributeAtIndex(self.0, index, k, n);
            if a.is_null() {
                return None;
            }
            let mut length = 0;
            let text = LLVMGetStringAttributeValue(a, &mut length);
            let bytes = std::slice::from_raw_parts(text.cast(), length as usize);
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    /// Adds an enum attribute to a function (index `None`), or to one of its parameters.
    pub fn add_function_attribute(self, kind: &str, value: u64) {
        unsafe {
            let context = LLVMGetModuleContext(LLVMGetGlobalParent(self.0));
            let id = LLVMGetEnumAttributeKindForName(kind.as_ptr().cast(), kind.len());
            let a = LLVMCreateEnumAttribute(context, id, value);
            LLVMAddAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, a);
        }
    }
    pub fn has_function_attribute(self, kind: &str) -> bool {
        unsafe {
            let id = LLVMGetEnumAttributeKindForName(kind.as_ptr().cast(), kind.len());
            !LLVMGetEnumAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, id).is_null()
        }
    }
    pub fn remove_function_attribute(self, kind: &str) {
        unsafe {
            let id = LLVMGetEnumAttributeKindForName(kind.as_ptr().cast(), kind.len());
            LLVMRemoveEnumAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, id);
        }
    }
    /// 0 if this is not an intrinsic.
    pub fn intrinsic_id(self) -> u32 {
        unsafe {
            if self.is_function() {
                LLVMGetIntrinsicID(self.0)
            } else {
                0
            }
        }
    }
    pub fn is_intrinsic(self) -> bool {
        self.intrinsic_id() != 0
    }
    /// Moves name, linkage, attributes, debug information and body of `from` here; erases `from`.
    pub fn take_function(self, from: Value) {
        unsafe { shim::popcorn_move_function(self.0, from.0) }
    }
    /// Clones the body of `from` into this function, which has at most an entry block. `args` stand for the
    /// parameters. Returns the clones of `wanted` (instructions or blocks), in order.
    pub fn clone_body(self, from: Value, args: &[Value], wanted: &[Value]) -> Vec<Value> {
        let mut a: Vec<_> = args.iter().map(|v| v.0).collect();
        let mut old: Vec<_> = wanted.iter().map(|v| v.0).collect();
        let mut new = vec![std::ptr::null_mut(); old.len()];
        unsafe {
            shim::popcorn_clone_body(
                self.0,
                from.0,
                a.as_mut_ptr(),
                old.as_mut_ptr(),
                new.as_mut_ptr(),
                old.len(),
            );
        }
        new.into_iter().map(Value).collect()
    }
    pub fn remove_unreachable_blocks(self) {
        unsafe { shim::popcorn_remove_unreachable(self.0) }
    }
    /// Moves every value that is used outside its block, and every phi, to an alloca.
    pub fn demote_registers(self) {
        unsafe { shim::popcorn_demote_registers(self.0) }
    }
    /// This argument or instruction and `others`, each as it is at the end of a block, define one variable:
    /// gives each use the definition that reaches it.
    pub fn merge_definitions(self, others: &[(Block, Value)]) {
        let (blocks, values): (Vec<_>, Vec<_>) = others.iter().map(|(b, v)| (b.0, v.0)).unzip();
        unsafe {
            shim::popcorn_merge_definitions(self.0, blocks.as_ptr(), values.as_ptr(), blocks.len());
        }
    }
    /// (latch, header) of every back edge of a depth-first walk.
    pub fn back_edges(self) -> Vec<(Block, Block)> {
        unsafe {
            let n = shim::popcorn_back_edges(self.0, std::ptr::null_mut(), std::ptr::null_mut(), 0);
            let mut latches = vec![std::ptr::null_mut(); n];
            let mut headers = vec![std::ptr::null_mut(); n];
            shim::popcorn_back_edges(self.0, latches.as_mut_ptr(), headers.as_mut_ptr(), n);
            latches
                .into_iter()
                .zip(headers)
                .map(|(l, h)| (Block(l), Block(h)))
                .collect()
        }
    }

    // Control flow and places.
    /// Splits the block so that this instruction is the first of a new block, which is returned.
    pub fn split_before(self, name: &str) -> Block {
        let n = CString::new(name).unwrap_or_default();
        unsafe { Block(shim::popcorn_split_before(self.0, n.as_ptr())) }
    }
    /// Turns a call into an invoke; returns the invoke and its normal destination (the rest of the block).
    pub fn call_to_invoke(self, unwind: Block) -> (Value, Block) {
        let block = self.parent();
        let rest = unsafe { Block(shim::popcorn_call_to_invoke(self.0, unwind.0)) };
        // The block now ends with the invoke, so the handle of the call is not used again.
        (block.terminator().unwrap_or(self), rest)
    }
    /// Moves a terminator into a block of its own that no pass merges with what was in front of it.
    pub fn isolate(self) {
        unsafe { shim::popcorn_isolate_terminator(self.0) }
    }
    pub fn successors(self) -> Vec<Block> {
        unsafe {
            (0..LLVMGetNumSuccessors(self.0))
                .map(|i| Block(LLVMGetSuccessor(self.0, i)))
                .collect()
        }
    }
    pub fn add_case(self, value: Value, block: Block) {
        unsafe { LLVMAddCase(self.0, value.0, block.0) }
    }
    pub fn mark_unlikely(self) {
        unsafe { shim::popcorn_mark_unlikely(self.0) }
    }
    /// `file:line` of an instruction, if it was compiled with `-g`.
    pub fn location(self) -> Option<String> {
        unsafe {
            let (mut p, mut n) = (std::ptr::null(), 0);
            let line = shim::popcorn_debug_line(self.0, &mut p, &mut n);
            (line != 0).then(|| {
                let file = String::from_utf8_lossy(std::slice::from_raw_parts(p.cast(), n));
                format!("{file}:{line}")
            })
        }
    }
}

// SAFETY (this impl block): handles are valid by the module's invariant.
impl Block {
    pub fn name(self) -> String {
        unsafe {
            let p = LLVMGetBasicBlockName(self.0);
            std::ffi::CStr::from_ptr(p).to_string_lossy().into_owned()
        }
    }
    pub fn set_name(self, name: &str) {
        self.as_value().set_name(name);
    }
    pub fn as_value(self) -> Value {
        unsafe { Value(LLVMBasicBlockAsValue(self.0)) }
    }
    pub fn from_value(value: Value) -> Block {
        unsafe { Block(LLVMValueAsBasicBlock(value.0)) }
    }
    pub fn function(self) -> Value {
        unsafe { Value(LLVMGetBasicBlockParent(self.0)) }
    }
    pub fn instructions(self) -> Vec<Value> {
        unsafe {
            let mut out = Vec::new();
            let mut i = LLVMGetFirstInstruction(self.0);
            while !i.is_null() {
                out.push(Value(i));
                i = LLVMGetNextInstruction(i);
            }
            out
        }
    }
    pub fn first(self) -> Option<Value> {
        unsafe { opt(LLVMGetFirstInstruction(self.0)) }
    }
    pub fn terminator(self) -> Option<Value> {
        unsafe { opt(LLVMGetBasicBlockTerminator(self.0)) }
    }
    pub fn successors(self) -> Vec<Block> {
        self.terminator().map(Value::successors).unwrap_or_default()
    }
    /// Blocks whose terminator leads here, one entry per edge.
    pub fn predecessors(self) -> Vec<Block> {
        self.as_value()
            .users()
            .into_iter()
            .filter(|u| u.is_terminator())
            .map(Value::parent)
            .collect()
    }
    pub fn phis(self) -> Vec<Value> {
        self.instructions()
            .into_iter()
            .take_while(|i| i.is_phi())
            .collect()
    }
    /// Where an ordinary instruction may be inserted first: after phis and a landing pad.
    pub fn first_insertion_point(self) -> Option<Value> {
        unsafe { opt(shim::popcorn_first_insertion_point(self.0)) }
    }
    pub fn landing_pad(self) -> Option<Value> {
        self.instructions()
            .into_iter()
            .find(|i| !i.is_phi())
            .filter(|i| i.is(Opcode::LLVMLandingPad))
    }
    pub fn remove_predecessor(self, pred: Block) {
        unsafe { shim::popcorn_remove_predecessor(self.0, pred.0) }
    }
    pub fn split_edge_to(self, to: Block) -> Block {
        unsafe { Block(shim::popcorn_split_edge(self.0, to.0)) }
    }
}

fn opt(v: LLVMValueRef) -> Option<Value> {
    (!v.is_null()).then_some(Value(v))
}

/// Sizes by a module's data layout.
#[derive(Clone, Copy)]
pub struct Layout(pub(super) llvm_sys::target::LLVMTargetDataRef);

// SAFETY (this impl block): the data layout belongs to the module, which outlives its handles.
impl Layout {
    pub(super) unsafe fn of(module: llvm_sys::prelude::LLVMModuleRef) -> Layout {
        unsafe { Layout(LLVMGetModuleDataLayout(module)) }
    }
    /// Bytes a value takes in memory, padding to its alignment included.
    pub fn size(self, ty: Type) -> u64 {
        unsafe { LLVMABISizeOfType(self.0, ty.0) }
    }
    /// Where a struct's element lies.
    pub fn offset(self, ty: Type, element: usize) -> u64 {
        unsafe { LLVMOffsetOfElement(self.0, ty.0, element as c_uint) }
    }
    /// ABI alignment in bytes.
    pub fn align(self, ty: Type) -> u64 {
        unsafe { u64::from(LLVMABIAlignmentOfType(self.0, ty.0)) }
    }
}
