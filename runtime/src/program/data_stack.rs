//! The program's data stack, and how large the user wants stacks to be.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::base::statics::Travels;
use crate::kernel::memory::page;
use crate::kernel::{process, sys};
use crate::program::{thread, window};

/// Bytes.
const LEAST: u64 = 64 << 20;
const MOST: u64 = 3 << 30;

/// Lowest address of the first thread's, above the guard page, and bytes from there.
static LOW: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));
static SIZE: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));

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
        Ok(low) => {
            LOW.store(low + page(), Relaxed);
            SIZE.store(size - page(), Relaxed);
            thread::set_dsp(low + size);
        }
        Err(error) => crate::fatal!("no data stack: {error}"),
    }
}

/// For libc's `pthread_getattr_np`: lowest address and bytes of the first thread's data stack.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_data_stack(out: &mut [u64; 2]) {
    *out = [LOW.load(Relaxed), SIZE.load(Relaxed)];
}
