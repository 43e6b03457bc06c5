//! libc's list of threads. Who holds its lock knows that no thread begins or ends meanwhile; the kernel lets go of it
//! when a thread that ends is gone.

use core::sync::atomic::{AtomicU32, Ordering::*};

#[cfg(not(test))]
use crate::program::thread;
use crate::program::thread::Handle;

#[cfg(not(test))]
mod libc {
    unsafe extern "C" {
        pub fn __popcorn_libc_threads() -> i64;
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

/// Takes the lock if it is free; `politely`, only if no thread has passed its point for it and is to have it next. One
/// of those may be the caller, at another point. Signals are blocked.
pub fn try_lock(politely: bool) -> Attempt {
    let own = own_id();
    let (lock, next) = libc_lock();
    match lock.load(Relaxed) {
        holder if holder == own => Attempt::Own,
        0 if politely && next.load(Relaxed) != 0 => Attempt::Busy,
        0 if lock.compare_exchange(0, own, SeqCst, Relaxed).is_ok() => Attempt::Taken,
        _ => Attempt::Busy,
    }
}

#[cfg(not(test))]
fn own_id() -> u32 {
    thread::own().id()
}

/// The word of the lock, and the number of threads that are to have it next.
#[cfg(not(test))]
fn libc_lock() -> (&'static AtomicU32, &'static AtomicU32) {
    unsafe extern "C" {
        static __thread_list_lock: AtomicU32;
        static __popcorn_next_holders: AtomicU32;
    }
    // SAFETY: libc's, used as atomics there, too.
    unsafe { (&__thread_list_lock, &__popcorn_next_holders) }
}

#[cfg(test)]
fn own_id() -> u32 {
    1
}

#[cfg(test)]
fn libc_lock() -> (&'static AtomicU32, &'static AtomicU32) {
    static WORDS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    (&WORDS[0], &WORDS[1])
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
