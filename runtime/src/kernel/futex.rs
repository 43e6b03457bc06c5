//! Waiting for a word of memory to change.

use core::sync::atomic::AtomicU32;

use super::{clock, errno, nr, sys, system_call};

const PRIVATE: u32 = sys::FUTEX_PRIVATE_FLAG;

/// Waits, as one of the sets `who`, while the word has this value, at most so many nanoseconds; may return earlier.
/// False: the time is over.
pub fn wait(word: &AtomicU32, value: u32, who: u32, time: Option<u64>) -> bool {
    const SECOND: u64 = 1_000_000_000;
    let operation = sys::FUTEX_WAIT_BITSET | PRIVATE;
    // By `CLOCK_MONOTONIC`.
    let end = time.map(|time| clock::now() + time);
    let end = end.map(|end| [end / SECOND, end % SECOND]);
    let end = end.as_ref().map_or(core::ptr::null(), |t| t.as_ptr());
    let result = system_call!(nr::FUTEX, word.as_ptr(), operation, value, end, 0, who);
    result != -i64::from(errno::ETIMEDOUT)
}

/// Wakes all of these sets who wait for the word.
pub fn wake(word: &AtomicU32, who: u32) {
    let operation = sys::FUTEX_WAKE_BITSET | PRIVATE;
    system_call!(nr::FUTEX, word.as_ptr(), operation, i32::MAX, 0, 0, who);
}
