//! The command lines.
#![forbid(unsafe_code)]

pub mod sysroot;
