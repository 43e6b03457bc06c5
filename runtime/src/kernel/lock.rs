//! A lock held for a few instructions or one system call.

use core::sync::atomic::{AtomicU32, Ordering};

use super::{nr, system_call};

pub struct Lock(AtomicU32);

/// Unlocks when dropped.
pub struct Held<'a>(&'a Lock);

impl Default for Lock {
    fn default() -> Self {
        Self::new()
    }
}

impl Lock {
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub fn hold(&self) -> Held<'_> {
        while self
            .0
            .compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            system_call!(nr::SCHED_YIELD);
        }
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Ordering::Release);
    }
}
