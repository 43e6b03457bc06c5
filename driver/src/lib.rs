//! `popcorn-cc`, a C compiler driver with clang's command line, and `popcorn`, the command that runs,
//! moves and looks at what it built.
//!
//! A compiler run goes through three types: [`args::Args`] (what the command line says, no I/O),
//! [`job::Job`] (files resolved), and a list of [`step::Step`]s, which [`pipeline::run`] does or prints.
#![forbid(unsafe_code)]

pub mod args;
pub mod cli;
pub mod error;
pub mod flags;
pub mod frontend;
pub mod job;
pub mod output;
pub mod pipeline;
pub mod query;
pub mod response;
pub mod runtime_build;
pub mod rust;
pub mod step;
pub mod sysroot;
pub mod times;
pub mod tools;

pub use error::{Error, Result};
