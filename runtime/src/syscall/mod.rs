//! System calls in base-ABI numbers and layouts, on every kernel port.
//!
//! [`entry`] (`__popcorn_syscall`) is what compiled code calls. It keeps books on what a hop has to
//! carry over (`tracked`), then [`forward`]s: unchanged where the port underneath is the base ABI,
//! else renumbered and translated ([`generic`]).

mod generic;
pub mod nr;
pub mod numbers;
pub mod signals;
pub mod state;

pub use generic::TRANSLATED;

use crate::arch::{self, port};
use crate::{gaps, memory, text};

pub const EPERM: i64 = 1;
pub const ENOENT: i64 = 2;
pub const EINTR: i64 = 4;
pub const EBADF: i64 = 9;
pub const ENOMEM: i64 = 12;
pub const EFAULT: i64 = 14;
pub const EBUSY: i64 = 16;
pub const EEXIST: i64 = 17;
pub const EINVAL: i64 = 22;
pub const ENOSYS: i64 = 38;

/// Calls that are not translated. They fail with `ENOSYS` on every ISA, the base ISA included, so a
/// program meets the same kernel wherever it is.
///
/// Segment registers, I/O ports and traps of one CPU; calls long gone from kernels; asynchronous I/O
/// and shared-memory segments, whose state inside the kernel would not survive a hop; `ptrace` and
/// `rseq`, whose layouts are the CPU's; `clone3` (libc uses `clone`).
pub const UNTRANSLATED: &[i64] = &[
    nr::ARCH_PRCTL,
    nr::CLONE3,
    nr::CREATE_MODULE,
    nr::EPOLL_CTL_OLD,
    nr::EPOLL_WAIT_OLD,
    nr::GETDENTS,
    nr::GET_KERNEL_SYMS,
    nr::GETPMSG,
    nr::GET_THREAD_AREA,
    nr::IO_CANCEL,
    nr::IO_DESTROY,
    nr::IO_GETEVENTS,
    nr::IO_PGETEVENTS,
    nr::IO_SETUP,
    nr::IO_SUBMIT,
    nr::IO_URING_ENTER,
    nr::IO_URING_REGISTER,
    nr::IO_URING_SETUP,
    nr::IOPERM,
    nr::IOPL,
    nr::MODIFY_LDT,
    nr::PTRACE,
    nr::PUTPMSG,
    nr::QUERY_MODULE,
    nr::AFS_SYSCALL,
    nr::TUXCALL,
    nr::SECURITY,
    nr::VSERVER,
    nr::REMAP_FILE_PAGES,
    nr::RSEQ,
    nr::SET_THREAD_AREA,
    nr::SHMAT,
    nr::SYSCTL,
    nr::SYSFS,
    nr::USELIB,
    nr::USERFAULTFD,
    nr::USTAT,
];

/// `__popcorn_syscall`: returns what the kernel returns, -errno on failure.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_syscall"))]
pub extern "C" fn entry(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    let args = [a, b, c, d, e, f];
    match n {
        nr::BRK => memory::brk(),
        nr::MMAP => memory::mmap(args),
        nr::MUNMAP => memory::munmap(a as u64, b as u64),
        nr::MREMAP => memory::mremap(args),
        nr::MPROTECT => memory::mprotect(a as u64, b as u64, c),
        nr::RT_SIGACTION => signals::sigaction(args),
        nr::SIGALTSTACK => state::sigaltstack(args),
        nr::SET_TID_ADDRESS => state::set_tid_address(args),
        nr::SET_ROBUST_LIST => state::set_robust_list(args),
        nr::TIMER_CREATE | nr::TIMER_DELETE => state::timer(n, args),
        nr::CLOSE | nr::DUP2 | nr::DUP3 | nr::CLOSE_RANGE => state::descriptor(n, args),
        nr::EXIT_GROUP => {
            gaps::end();
            forward(n, args)
        }
        nr::FORK | nr::VFORK | nr::CLONE => state::clone(n, args),
        _ => forward(n, args),
    }
}

/// The call without the books: numbers and layouts translated for the port underneath.
pub fn forward(n: i64, args: [i64; 6]) -> i64 {
    if UNTRANSLATED.contains(&n) {
        return untranslated(n);
    }
    if port().generic {
        return generic::call(n, args);
    }
    if n < 0 {
        return -ENOSYS;
    }
    // SAFETY: what the program asked its kernel for.
    unsafe { arch::raw_syscall(n, args) }
}

/// `-ENOSYS`, with a line under `POPCORN_TRACE`.
pub fn untranslated(n: i64) -> i64 {
    if state::tracing() {
        let mut line = text::Line::new();
        line.str("popcorn: system call ");
        match numbers::lookup(n) {
            Some(call) => line.str(call.name),
            None => line.dec(n as u64),
        };
        line.str(" is not translated: ENOSYS").print();
    }
    -ENOSYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untranslated_calls_exist_and_are_named_once() {
        for (i, &n) in UNTRANSLATED.iter().enumerate() {
            assert!(numbers::lookup(n).is_some(), "{n}");
            assert!(!UNTRANSLATED[..i].contains(&n), "{n}");
        }
        assert_eq!(entry(nr::USTAT, 0, 0, 0, 0, 0, 0), -ENOSYS);
    }

    #[test]
    fn every_call_is_renumbered_or_translated_or_listed() {
        for n in 0..512 {
            let Some(call) = numbers::lookup(n) else {
                continue;
            };
            let ways = [
                call.generic >= 0,
                generic::TRANSLATED.contains(&n),
                UNTRANSLATED.contains(&n),
            ];
            assert!(ways.contains(&true), "{} is forgotten", call.name);
        }
    }
}
