//! LLVM's enumerations, under short names.

pub use llvm_sys::{
    LLVMAtomicOrdering as Ordering, LLVMIntPredicate as IntPredicate, LLVMLinkage as Linkage,
    LLVMOpcode as Opcode, LLVMRealPredicate as RealPredicate, LLVMTailCallKind as TailCall,
    LLVMTypeKind as TypeKind,
};
