//! The fence around LLVM's C interface: the only unsafe code of this crate.
//!
//! [`Module`] owns a context and one module in it (through inkwell, whose `Drop` types free them).
//! [`Value`], [`Block`] and [`Type`] are plain handles into that module. They are valid as long as the
//! thing they name has not been erased; a pass that erases an instruction does not touch its handle
//! again. All handles of one compilation live on one thread.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "nearly all blocks are one call of LLVM's C interface on valid handles, which is the rule above"
)]

mod builder;
pub mod debug;
mod kinds;
mod loops;
mod module;
mod shim;
mod value;

pub use builder::Builder;
pub use loops::{Loop, Loops, gather_entries};
pub use module::Module;
pub use value::{Block, Type, Value};

pub use kinds::{IntPredicate, Linkage, Opcode, RealPredicate, Rmw, TailCall, TypeKind};
