//! symbols: what other symbols, other ISAs and the linker may rely on.

use crate::llvm::{Linkage, Module};

/// Names every private global, and takes from every symbol what would let a back end or linker merge it
/// with another: pointers to it are program state. A thread-local is local-exec. After this no symbol of
/// the module is anonymous, so each has a section of its own.
pub(super) fn run(module: &Module) {
    for (i, g) in module.globals().into_iter().enumerate() {
        if g.name().starts_with("llvm.") {
            continue;
        }
        if g.linkage() == Linkage::LLVMPrivateLinkage {
            g.set_linkage(Linkage::LLVMInternalLinkage);
        }
        if g.linkage() == Linkage::LLVMCommonLinkage {
            // Its size would be the linker's choice; a weak definition has one.
            g.set_linkage(Linkage::LLVMWeakAnyLinkage);
        }
        if g.name().is_empty() {
            g.set_name(&format!("popcorn.anonymous.{i}"));
        }
        g.clear_unnamed_addr();
        if g.is_thread_local() {
            g.set_local_exec();
        }
    }
    for (i, f) in module.functions().into_iter().enumerate() {
        if f.is_intrinsic() {
            continue;
        }
        if f.linkage() == Linkage::LLVMPrivateLinkage {
            f.set_linkage(Linkage::LLVMInternalLinkage);
        }
        if f.name().is_empty() {
            f.set_name(&format!("popcorn.function.{i}"));
        }
        f.clear_unnamed_addr();
        if !f.is_declaration() {
            f.remove_function_attribute("uwtable");
            f.add_function_attribute("uwtable", ASYNC_UNWIND_TABLE);
        }
    }
}

/// `uwtable(async)`: captures look at frames from call sites only, but a longjmp out of a signal handler starts
/// wherever the signal struck.
pub(crate) const ASYNC_UNWIND_TABLE: u64 = 2;
