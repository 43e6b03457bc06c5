//! The contract between compiler, linker, runtime and command line: formats, and every name that two of them know.
//!
//! One file per format, with its byte diagram, writer, reader and tests together. Without the feature
//! `std` only what the runtime needs is compiled: readers, the fixed-size records, names and numbers.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![forbid(unsafe_code)]

pub mod bytes;
pub mod elf;
pub mod environment;
pub mod image;
#[cfg(feature = "std")]
pub mod info;
pub mod origin;
pub mod package;
pub mod record;
pub mod request;
pub mod sections;
pub mod stackmap;
pub mod symbols;
pub mod syscalls;
#[cfg(feature = "std")]
pub mod unwind;
