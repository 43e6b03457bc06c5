//! Time.

use super::{nr, sys, system_call};

fn read(clock: u32) -> u64 {
    let mut time = [0u64; 2];
    system_call!(nr::CLOCK_GETTIME, clock, time.as_mut_ptr());
    time[0] * 1_000_000_000 + time[1]
}

/// `CLOCK_MONOTONIC`, nanoseconds.
pub fn now() -> u64 {
    read(sys::CLOCK_MONOTONIC)
}

/// `CLOCK_THREAD_CPUTIME_ID`, nanoseconds.
pub fn of_thread() -> u64 {
    read(sys::CLOCK_THREAD_CPUTIME_ID)
}

/// `CLOCK_REALTIME`, seconds since 1970.
pub fn date() -> u64 {
    read(sys::CLOCK_REALTIME) / 1_000_000_000
}

/// Waits; a signal may end it earlier.
pub fn sleep(nanoseconds: u64) {
    let time = [nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000];
    system_call!(nr::NANOSLEEP, time.as_ptr(), 0);
}
