//! The process image: what is written of a process, and how it is read back. One file per kind of thing.

pub mod close_on_exec;
mod descriptor;
pub mod mapped_files;
pub mod memory;
pub mod objects;
pub mod open_files;
pub mod process;
pub mod queued;
pub mod sink;
pub mod write;
