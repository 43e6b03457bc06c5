//! The system-call entry: what compiled code calls in place of its kernel, in base-ABI numbers and layouts.
//!
//! It keeps books on what a hop has to carry over, then hands the call to [`kernel::call`].

use popcorn_metadata::syscalls::{self, Way, nr};

use crate::arch;
use crate::kernel::{self, errno};
use crate::program::{
    advice, alternate_stack, attributes, direct, dispositions, filter, limits, longest_gap, masks,
    own_file, pairs, process, segments, signal_descriptors, thread, thread_ids, timers, trace,
    watches, window,
};
use crate::say;

/// `__popcorn_syscall`: returns what the kernel returns, -errno on failure.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_syscall"))]
pub extern "C" fn entry(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    match direct::number(n) {
        // SAFETY: what the program asked its kernel for.
        Some(number) => unsafe { arch::uninterrupted_syscall(number, [a, b, c, d, e, f]) },
        None => kept(n, a, b, c, d, e, f),
    }
}

/// A call that needs more. It takes what [`entry`] got as it stands, so that nothing is put away first.
#[inline(never)]
extern "C" fn kept(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    let args = [a, b, c, d, e, f];
    let result = match n {
        nr::BRK => window::brk(),
        nr::MMAP => window::mmap(args),
        nr::MUNMAP => window::munmap(a as u64, b as u64),
        nr::MREMAP => window::mremap(args),
        nr::MPROTECT => window::mprotect(a as u64, b as u64, c),
        nr::PKEY_MPROTECT | nr::PKEY_ALLOC | nr::PKEY_FREE => window::protection_key(n, args),
        nr::MADVISE => advice::madvise(args),
        nr::MLOCK | nr::MLOCK2 | nr::MUNLOCK | nr::MLOCKALL | nr::MUNLOCKALL => {
            advice::lock(n, args)
        }
        nr::RT_SIGACTION => dispositions::sigaction(args),
        nr::SIGALTSTACK => alternate_stack::sigaltstack(args),
        nr::RT_SIGPROCMASK => masks::change(args),
        nr::SET_TID_ADDRESS => thread::set_tid_address(args),
        nr::GETTID
        | nr::TKILL
        | nr::TGKILL
        | nr::RT_TGSIGQUEUEINFO
        | nr::SCHED_SETAFFINITY
        | nr::SCHED_GETAFFINITY
        | nr::SCHED_SETSCHEDULER
        | nr::SCHED_GETSCHEDULER
        | nr::SCHED_SETPARAM
        | nr::SCHED_GETPARAM => thread_ids::call(n, args),
        nr::SETPRIORITY | nr::GETPRIORITY => thread_ids::priority(n, args),
        // Such a lock holds the kernel's id of its owner, which a move changes.
        nr::FUTEX if thread_ids::inherits_priority(b) => -i64::from(errno::ENOSYS),
        nr::SET_ROBUST_LIST => thread::set_robust_list(args),
        nr::GET_ROBUST_LIST => thread::get_robust_list(args),
        nr::SIGNALFD | nr::SIGNALFD4 => signal_descriptors::note(args, masks::descriptor(n, args)),
        nr::RT_SIGTIMEDWAIT => timers::sigtimedwait(args),
        nr::TIMER_CREATE
        | nr::TIMER_SETTIME
        | nr::TIMER_GETTIME
        | nr::TIMER_GETOVERRUN
        | nr::TIMER_DELETE => timers::timer(n, args),
        nr::CLOSE | nr::DUP2 | nr::DUP3 | nr::CLOSE_RANGE => process::descriptor(n, args),
        nr::SOCKETPAIR => pairs::make(args),
        nr::INOTIFY_ADD_WATCH => watches::add(args),
        nr::SHMAT => segments::attach(args),
        nr::SHMDT => segments::detach(a as u64),
        nr::PRCTL | nr::SECCOMP if filter::installs(n, args) => filter::install(n, args),
        nr::PRCTL => attributes::control(args),
        nr::MEMBARRIER => attributes::membarrier(args),
        nr::SETRLIMIT | nr::GETRLIMIT | nr::PRLIMIT64 => limits::limit(n, args),
        nr::OPEN | nr::OPENAT | nr::STAT | nr::NEWFSTATAT | nr::STATX => own_file::open(n, args),
        nr::ACCESS | nr::FACCESSAT | nr::FACCESSAT2 => own_file::open(n, args),
        nr::READLINK | nr::READLINKAT => own_file::read_link(n, args),
        nr::EXECVE | nr::EXECVEAT => own_file::execute(n, args),
        nr::PREADV2 | nr::PWRITEV2 | nr::EPOLL_PWAIT2 => kernel::substitutes::or_other(n, args),
        nr::ARCH_PRCTL => thread::control(args),
        nr::EXIT_GROUP => {
            longest_gap::end();
            kernel::call(n, args)
        }
        nr::FORK | nr::VFORK | nr::CLONE => process::clone(n, args),
        _ => kernel::call(n, args),
    };
    if result == -i64::from(errno::ENOSYS) {
        tell_refused(n);
    }
    result
}

#[cold]
fn tell_refused(n: i64) {
    if !trace::on() {
        return;
    }
    match syscalls::lookup(n) {
        Some(call) => match call.way {
            Way::Refused(why) => say!(
                "popcorn: system call {} fails with ENOSYS: {}",
                call.name,
                why.text()
            ),
            _ => say!("popcorn: system call {} fails with ENOSYS here", call.name),
        },
        None => say!("popcorn: system call {n} fails with ENOSYS: it is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_translated_fails() {
        let enosys = -i64::from(kernel::errno::ENOSYS);
        assert_eq!(entry(nr::USTAT, 0, 0, 0, 0, 0, 0), enosys);
        assert_eq!(entry(-1, 0, 0, 0, 0, 0, 0), enosys);
    }
}
