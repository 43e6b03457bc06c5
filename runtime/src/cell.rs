//! Statics that are written: one type, so that every access is visibly unsafe.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};

/// A static whose user knows that nobody else is using it.
#[repr(transparent)]
pub struct Global<T>(UnsafeCell<T>);

// SAFETY: every access is unsafe and its caller guarantees exclusion.
unsafe impl<T> Sync for Global<T> {}

impl<T> Global<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// # Safety
    /// No other reference to the value is in use.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn get(&self) -> &mut T {
        // SAFETY: by contract.
        unsafe { &mut *self.0.get() }
    }
}

/// A lock held for a few instructions or one system call.
pub struct Lock(AtomicU32);

/// Unlocks when dropped.
pub struct Held<'a>(&'a Lock);

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
            crate::syscall::forward(crate::syscall::nr::SCHED_YIELD, [0; 6]);
        }
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Ordering::Release);
    }
}
