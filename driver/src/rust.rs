//! Rust programs: what `cargo popcorn` asks of cargo, and the linker that rustc then runs.
//!
//! rustc is stock, and hands its linker bitcode (`-Clinker-plugin-lto`); the shipped standard library
//! carries its own beside the machine code. [`link`] merges all of it to one module, from which the
//! passes make the program for every ISA.

pub mod cargo;
pub mod compiler;
pub mod doctests;
pub mod flags;
pub mod input;
pub mod link;
pub mod link_line;
pub mod names;
pub mod shared;
