//! The program's state: what travels with it, and the system-call entry that keeps books on it.

pub mod actions;
pub mod advice;
pub mod alone;
pub mod alternate_stack;
pub mod arguments;
pub mod attributes;
pub mod data_stack;
pub mod dispositions;
pub mod entry;
pub mod filter;
pub mod floating_point;
pub mod identity;
pub mod keepers;
pub mod limits;
pub mod lock_all;
pub mod longest_gap;
pub mod maps;
pub mod own_file;
pub mod process;
pub mod signal_descriptors;
pub mod signal_entry;
pub mod thread;
pub mod timers;
pub mod trace;
pub mod window;
