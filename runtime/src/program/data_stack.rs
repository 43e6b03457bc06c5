//! The program's data stack, and how large the user wants stacks to be.

use crate::kernel::memory::page;
use crate::kernel::{process, sys};
use crate::program::{thread, window};

/// Bytes.
const LEAST: u64 = 64 << 20;
const MOST: u64 = 3 << 30;

/// Bytes of a stack, from the limit that the user set.
pub fn size(least: u64) -> u64 {
    process::limit(sys::RLIMIT_STACK).map_or(least, |limit| {
        limit.saturating_mul(4).clamp(least, MOST) & !(page() - 1)
    })
}

/// The largest that [`size`] says.
pub const fn largest() -> u64 {
    MOST
}

/// Makes the first thread's, at the start of a program. The thread pointer is set up.
pub fn start() {
    let size = size(LEAST);
    match window::data_stack(size) {
        Ok(low) => thread::set_dsp(low + size),
        Err(error) => crate::fatal!("no data stack: {error}"),
    }
}
