//! `mlockall`: whether memory that is made from now on is locked.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::base::statics::Travels;
use crate::kernel::sys;
use crate::program::maps::mark;

/// `MCL_*` of the last call.
static FLAGS: Travels<AtomicU32> = Travels::new(AtomicU32::new(0));

pub fn set(flags: u32) {
    FLAGS.store(flags, Relaxed);
}

pub fn flags() -> u32 {
    FLAGS.load(Relaxed)
}

/// Marks of a map that is made now.
pub fn of_new_map() -> u32 {
    match flags() {
        flags if flags & sys::MCL_FUTURE == 0 => 0,
        flags if flags & sys::MCL_ONFAULT != 0 => mark::LOCKED_ON_FAULT,
        _ => mark::LOCKED,
    }
}
