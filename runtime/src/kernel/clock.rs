//! Time.

use super::{nr, sys, system_call};

fn read(clock: u32) -> u64 {
    let mut time = [0u64; 2];
    system_call!(nr::CLOCK_GETTIME, clock, time.as_mut_ptr());
    time[0] * 1_000_000_000 + time[1]
}

/// A clock by its number, nanoseconds.
pub fn of(clock: u64) -> u64 {
    read(clock as u32)
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
    date_nanoseconds() / 1_000_000_000
}

/// `CLOCK_REALTIME`, nanoseconds since 1970.
pub fn date_nanoseconds() -> u64 {
    read(sys::CLOCK_REALTIME)
}

/// Waits; a signal may end it earlier.
pub fn sleep(nanoseconds: u64) {
    let time = [nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000];
    system_call!(nr::NANOSLEEP, time.as_ptr(), 0);
}
