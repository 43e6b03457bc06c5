//! Faults on purpose, in a build for tests (the feature `faults`): the n-th call of a move that may fail does, without
//! entering the kernel. `POPCORN_FAULT=N` means the side that is left, `POPCORN_FAULT_ARRIVAL=N` the side that arrives.

use core::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use super::{call, errno, nr, sys, syscalls};
use crate::base::text::{Message, parse_dec};
use crate::incarnation;

incarnation! {
    /// A move is under way.
    static UNDER_WAY: AtomicBool = AtomicBool::new(false);
    /// Calls until the one that fails; below 1: none is to.
    static LEFT: AtomicI64 = AtomicI64::new(0);
    /// The same for the moves after the arrival.
    static NEXT: AtomicI64 = AtomicI64::new(0);
}

/// Which calls are to fail: of the arrival, if this incarnation begins with one, and of the moves that begin here.
pub fn start(arrival: Option<Option<&[u8]>>, here: Option<&[u8]>) {
    let number = |text: Option<&[u8]>| text.and_then(parse_dec).unwrap_or(0) as i64;
    LEFT.store(arrival.map_or(0, number), Relaxed);
    NEXT.store(number(here), Relaxed);
    UNDER_WAY.store(arrival.is_some(), Relaxed);
}

/// A move begins.
pub fn begin() {
    if let number @ 1.. = NEXT.swap(0, Relaxed) {
        LEFT.store(number, Relaxed);
    }
    UNDER_WAY.store(true, Relaxed);
}

/// Whatever became of it, it has ended.
pub fn end() {
    UNDER_WAY.store(false, Relaxed);
}

/// The error of a call that is to fail.
pub fn strike(n: i64, args: [i64; 6]) -> Option<u32> {
    if !UNDER_WAY.load(Relaxed) || LEFT.load(Relaxed) < 1 || !may_fail(n, args) {
        return None;
    }
    if LEFT.fetch_sub(1, Relaxed) != 1 {
        return None;
    }
    let name = syscalls::lookup(n).map_or("?", |call| call.name);
    let line = Message::of(format_args!("fault: {name} fails\n"));
    let (at, length) = (
        line.as_bytes().as_ptr() as i64,
        line.as_bytes().len() as i64,
    );
    call(nr::WRITE, [2, at, length, 0, 0, 0]);
    Some(match n {
        nr::MMAP | nr::MPROTECT | nr::MADVISE | nr::FORK => errno::ENOMEM,
        nr::FCNTL => errno::EMFILE,
        _ => errno::EIO,
    })
}

/// Whether a kernel has a reason to fail the call, given what the runtime passes: nothing is to be done about a signal
/// mask that is not set or a descriptor that is not closed.
fn may_fail(n: i64, args: [i64; 6]) -> bool {
    const NEVER: [i64; 18] = [
        nr::RT_SIGPROCMASK,
        nr::RT_SIGACTION,
        nr::RT_SIGPENDING,
        nr::SIGALTSTACK,
        nr::CLOSE,
        nr::MUNMAP,
        nr::GETPID,
        nr::GETTID,
        nr::GETEUID,
        nr::UMASK,
        nr::CLOCK_GETTIME,
        nr::EXIT_GROUP,
        nr::SET_TID_ADDRESS,
        nr::SET_ROBUST_LIST,
        nr::WAIT4,
        nr::GETITIMER,
        nr::FUTEX,
        nr::TGKILL,
    ];
    let duplicates = args[1] == i64::from(sys::F_DUPFD_CLOEXEC);
    !NEVER.contains(&n) && (n != nr::FCNTL || duplicates)
}
