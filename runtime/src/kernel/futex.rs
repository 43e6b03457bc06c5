//! Waiting for a word of memory to change.

use core::sync::atomic::AtomicU32;

use super::{nr, sys, system_call};

/// Waits while the word has this value, at most so many nanoseconds; may return earlier.
pub fn wait(word: &AtomicU32, value: u32, timeout: Option<u64>) {
    const SECOND: u64 = 1_000_000_000;
    let operation = sys::FUTEX_WAIT | sys::FUTEX_PRIVATE_FLAG;
    let time = timeout.map(|time| [time / SECOND, time % SECOND]);
    let time = time.as_ref().map_or(core::ptr::null(), |t| t.as_ptr());
    system_call!(nr::FUTEX, word.as_ptr(), operation, value, time);
}

/// Wakes whoever waits for the word.
pub fn wake(word: &AtomicU32) {
    let operation = sys::FUTEX_WAKE | sys::FUTEX_PRIVATE_FLAG;
    system_call!(nr::FUTEX, word.as_ptr(), operation, i32::MAX);
}
