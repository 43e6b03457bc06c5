//! LLVM's enumerations, under short names.

pub use llvm_sys::{
    LLVMAtomicOrdering as Ordering, LLVMAtomicRMWBinOp as Rmw, LLVMIntPredicate as IntPredicate,
    LLVMLinkage as Linkage, LLVMOpcode as Opcode, LLVMRealPredicate as RealPredicate,
    LLVMTailCallKind as TailCall, LLVMTypeKind as TypeKind,
};
