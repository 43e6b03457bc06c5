//! libc's list of threads. Who holds its lock knows that no thread begins or ends meanwhile; the kernel lets go of it
//! when a thread that ends is gone.

use crate::program::thread::Handle;

#[cfg(not(test))]
mod libc {
    unsafe extern "C" {
        pub fn __popcorn_libc_threads() -> i64;
        pub fn __popcorn_libc_try_threads() -> i64;
        pub fn __popcorn_libc_stopping();
        pub fn __popcorn_libc_release_threads();
        pub fn __popcorn_libc_next_thread(pthread: u64) -> u64;
    }
}

/// The tests have one thread.
#[cfg(test)]
mod libc {
    pub unsafe fn __popcorn_libc_threads() -> i64 {
        1
    }
    pub unsafe fn __popcorn_libc_try_threads() -> i64 {
        1
    }
    pub unsafe fn __popcorn_libc_stopping() {}
    pub unsafe fn __popcorn_libc_release_threads() {}
    pub unsafe fn __popcorn_libc_next_thread(pthread: u64) -> u64 {
        pthread
    }
}

/// Number of threads of the program. One that is not quite gone counts.
pub fn count() -> i64 {
    // SAFETY: reads libc's count.
    unsafe { libc::__popcorn_libc_threads() }
}

/// What became of an attempt to take the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Taken,
    /// Another thread has it.
    Busy,
    /// The calling thread has it already.
    Own,
}

/// Takes the lock if it is free. Signals are blocked.
pub fn try_lock() -> Attempt {
    // SAFETY: libc's lock.
    match unsafe { libc::__popcorn_libc_try_threads() } {
        1 => Attempt::Taken,
        0 => Attempt::Busy,
        _ => Attempt::Own,
    }
}

/// The caller has the lock and stops the program: sends those who wait for the lock to a migration point.
pub fn wake_waiting() {
    // SAFETY: libc's lock.
    unsafe { libc::__popcorn_libc_stopping() }
}

/// Lets go of the lock, whoever has it.
pub fn unlock() {
    // SAFETY: libc's lock.
    unsafe { libc::__popcorn_libc_release_threads() }
}

/// All threads but `own`, if the caller has the lock, or alone of the program runs.
pub fn others(own: Handle) -> impl Iterator<Item = Handle> {
    // SAFETY: the list is whole and stays as it is.
    let next = |at: Handle| Handle(unsafe { libc::__popcorn_libc_next_thread(at.0) });
    let first = next(own);
    core::iter::successors(Some(first), move |&at| Some(next(at))).take_while(move |&at| at != own)
}
