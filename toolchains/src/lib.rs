//! What Popcorn knows about instruction sets: one table per ISA, no code that depends on the CPU it
//! runs on.
//!
//! An ISA is a value, `&'static Isa`. The driver, the passes, the aligner and the metadata handle
//! several of them in one run; the runtime looks up the one underneath by its id.
#![no_std]
#![forbid(unsafe_code)]

mod aarch64;
pub mod base_abi;
pub mod isa;
mod list;
mod loongarch64;
mod riscv64;
mod x86_64;

pub use isa::{Isa, PollCall, Shortcut};
pub use list::{ALL, BASE, DEFAULT};
