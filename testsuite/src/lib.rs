//! Tests of the whole toolchain: C programs that state their own expectations, compiled by
//! `popcorn-cc`, moved at every k-th migration point, and compared with plain clang.
//!
//! The grammar of the expectations is in [`directives`]; what a program is put through is in
//! `tests/programs.rs`.
#![forbid(unsafe_code)]

pub mod bench;
pub mod directives;
pub mod directories;
pub mod distribution;
pub mod exceptions;
pub mod nobody;
pub mod process;
pub mod projects;
pub mod recipes;
pub mod running;
pub mod rust;
pub mod server;
pub mod slots;
pub mod toolchain;
pub mod trials;
pub mod workspace;
