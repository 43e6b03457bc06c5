//! What the kernel knows about the process and forgets at an exec: kept here, given back after a hop.

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, Ordering::Relaxed};

use super::{EBADF, forward, nr, untranslated};

/// Program state. Addresses as the program gave them; 0: never.
static CLEAR_TID: AtomicU64 = AtomicU64::new(0);
static ROBUST_LIST: AtomicU64 = AtomicU64::new(0);
static ALTSTACK: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
/// POSIX timers that exist. They do not survive an exec, so while there are any the process stays.
static TIMERS: AtomicI64 = AtomicI64::new(0);
/// `POPCORN_TRACE`.
static TRACE: AtomicBool = AtomicBool::new(false);

/// Descriptors of ours, which the program cannot close: the running program's file, or -1.
#[unsafe(link_section = ".popcorn.private.program_fd")]
static PROGRAM_FD: AtomicI32 = AtomicI32::new(-1);

/// The process these books are about. A child that shares our memory until it execs (`posix_spawn`) is
/// another one: what it tells its kernel is not written down.
#[unsafe(link_section = ".popcorn.private.pid")]
static PID: AtomicI64 = AtomicI64::new(0);

const CLONE_VM: i64 = 0x100;

/// Number of threads of the program.
#[cfg(not(test))]
pub fn threads() -> i64 {
    unsafe extern "C" {
        fn __popcorn_libc_threads() -> i64;
    }
    // SAFETY: reads libc's count.
    unsafe { __popcorn_libc_threads() }
}

#[cfg(test)]
pub fn threads() -> i64 {
    1
}

/// Begins the books of this process, at its start or in a forked child.
pub fn own_process() {
    PID.store(forward(nr::GETPID, [0; 6]), Relaxed);
}

/// Whether the caller is the process that the books are about.
pub fn is_own_process() -> bool {
    PID.load(Relaxed) == forward(nr::GETPID, [0; 6])
}

/// Whether `POPCORN_TRACE` asks for lines on standard error.
pub fn tracing() -> bool {
    TRACE.load(Relaxed)
}

pub fn set_tracing(on: bool) {
    TRACE.store(on, Relaxed);
}

/// The descriptor of the running program's file.
pub fn program_fd() -> i32 {
    PROGRAM_FD.load(Relaxed)
}

pub fn set_program_fd(fd: i32) {
    PROGRAM_FD.store(fd, Relaxed);
}

/// Number of POSIX timers.
pub fn timers() -> i64 {
    TIMERS.load(Relaxed)
}

pub fn set_tid_address(args: [i64; 6]) -> i64 {
    CLEAR_TID.store(args[0] as u64, Relaxed);
    forward(nr::SET_TID_ADDRESS, args)
}

pub fn set_robust_list(args: [i64; 6]) -> i64 {
    ROBUST_LIST.store(args[0] as u64, Relaxed);
    forward(nr::SET_ROBUST_LIST, args)
}

/// `sigaltstack(new, old)`.
pub fn sigaltstack(args: [i64; 6]) -> i64 {
    let result = forward(nr::SIGALTSTACK, args);
    if result >= 0 && args[0] != 0 {
        // SAFETY: the program's `stack_t`, which the kernel has just read.
        let new = unsafe { (args[0] as *const [u64; 3]).read_unaligned() };
        for (kept, word) in ALTSTACK.iter().zip(new) {
            kept.store(word, Relaxed);
        }
    }
    result
}

pub fn timer(n: i64, args: [i64; 6]) -> i64 {
    let result = forward(n, args);
    if result >= 0 {
        TIMERS.fetch_add(if n == nr::TIMER_CREATE { 1 } else { -1 }, Relaxed);
    }
    result
}

/// Tells the kernel again what it was told before the hop.
pub fn reinstall() {
    let clear_tid = CLEAR_TID.load(Relaxed) as i64;
    if clear_tid != 0 {
        forward(nr::SET_TID_ADDRESS, [clear_tid, 0, 0, 0, 0, 0]);
    }
    let robust = ROBUST_LIST.load(Relaxed) as i64;
    if robust != 0 {
        // qemu-user has no such call; libc was told so at start.
        forward(nr::SET_ROBUST_LIST, [robust, 24, 0, 0, 0, 0]);
    }
    let stack = ALTSTACK.each_ref().map(|word| word.load(Relaxed));
    if stack[0] != 0 {
        forward(nr::SIGALTSTACK, [stack.as_ptr() as i64, 0, 0, 0, 0, 0]);
    }
}

/// `fork`, `vfork`, `clone`. A child with memory of its own gets the map table whole. One that shares ours
/// would return through our frames on a stack that does not have them: libc's threads begin in assembly.
pub fn clone(n: i64, args: [i64; 6]) -> i64 {
    if n == nr::CLONE && args[0] & CLONE_VM != 0 {
        return untranslated(n);
    }
    // vfork's child must not share our native stack with code that has returned from here.
    let (n, args) = if n == nr::VFORK {
        (nr::FORK, [0; 6])
    } else {
        (n, args)
    };
    // Another thread may hold the table, and would not be there to let go of it in the child. Alone, a
    // handler may have interrupted who holds it, and goes on in the child.
    let result = if threads() > 1 {
        crate::memory::with_table(|_| forward(n, args))
    } else {
        forward(n, args)
    };
    if result == 0 {
        own_process();
    }
    result
}

/// `close`, `dup2`, `dup3`, `close_range`: our descriptor is not the program's to close. To the
/// program it does not exist.
pub fn descriptor(n: i64, args: [i64; 6]) -> i64 {
    let ours = i64::from(program_fd());
    if ours < 0 || !is_own_process() {
        return forward(n, args);
    }
    match n {
        nr::CLOSE if i64::from(args[0] as i32) == ours => -EBADF,
        nr::DUP2 | nr::DUP3 if i64::from(args[1] as i32) == ours => {
            let moved = duplicate_high(ours, ours + 1);
            if moved >= 0 {
                set_program_fd(moved as i32);
            }
            forward(n, args)
        }
        nr::CLOSE_RANGE => {
            let (first, last) = (i64::from(args[0] as u32), i64::from(args[1] as u32));
            if !(first..=last).contains(&ours) {
                return forward(n, args);
            }
            let mut result = 0;
            if first < ours {
                result = forward(n, [first, ours - 1, args[2], 0, 0, 0]);
            }
            if result >= 0 && ours < last {
                result = forward(n, [ours + 1, last, args[2], 0, 0, 0]);
            }
            result
        }
        _ => forward(n, args),
    }
}

/// Duplicates a descriptor to a number from `lowest`, close-on-exec; if the limit is lower, to any.
pub fn duplicate_high(fd: i64, lowest: i64) -> i64 {
    const F_DUPFD_CLOEXEC: i64 = 1030;
    match forward(nr::FCNTL, [fd, F_DUPFD_CLOEXEC, lowest, 0, 0, 0]) {
        result if result >= 0 => result,
        _ => forward(nr::FCNTL, [fd, F_DUPFD_CLOEXEC, 3, 0, 0, 0]),
    }
}
