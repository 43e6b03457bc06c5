//! The floating-point environment: rounding mode and exceptions, in libc's neutral form.

use core::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::base::statics::Travels;

static WORD: Travels<AtomicI64> = Travels::new(AtomicI64::new(0));

unsafe extern "C" {
    fn __popcorn_fp_get() -> i64;
    fn __popcorn_fp_set(word: i64);
}

/// Makes it program state, before an image is written.
pub fn keep() {
    // SAFETY: libc's accessor.
    WORD.store(unsafe { __popcorn_fp_get() }, Relaxed);
}

/// Sets it as it was kept.
pub fn restore() {
    // SAFETY: libc's accessor.
    unsafe { __popcorn_fp_set(WORD.load(Relaxed)) }
}
