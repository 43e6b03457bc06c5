//! The flag that compiled code reads at every migration point. It is up while there may be something to do.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

/// Non-zero: the flag is up.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(link_section = ".popcorn.private.flag")]
#[allow(non_upper_case_globals, reason = "the name is part of the ABI")]
pub static __popcorn_flag: AtomicI32 = AtomicI32::new(0);

pub fn raise() {
    __popcorn_flag.store(1, Relaxed);
}

pub fn lower() {
    __popcorn_flag.store(0, Relaxed);
}
