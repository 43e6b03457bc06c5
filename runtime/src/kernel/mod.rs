//! The base ABI's kernel, typed, on every port: numbers, constants and structures are x86-64 Linux's, and
//! [`call`] translates where the port underneath has others.
//!
//! The other files of this folder wrap the calls that the runtime makes itself; a program's own calls go through
//! [`call`] as they are. Constants come from `linux-raw-sys`.

pub mod clock;
pub mod descriptors;
pub mod fatal;
pub mod file;
pub mod folder;
pub mod lock;
pub mod memory;
pub mod nr;
pub mod numbers;
pub mod process;
pub mod signal;
mod translate;

pub use linux_raw_sys::{errno, general as sys};
pub use translate::TRANSLATED;

use crate::arch;

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

/// An error of the kernel's, as a positive number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub u32);

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        let text = match self.0 {
            errno::EPERM => "operation not permitted",
            errno::ENOENT => "no such file or directory",
            errno::EACCES => "permission denied",
            errno::ENOMEM => "no memory",
            errno::EMFILE => "too many open files",
            errno::ENFILE => "too many open files in the system",
            errno::ENOEXEC => "exec format error",
            errno::E2BIG => "arguments and environment are too long",
            errno::EFBIG => "the file would be too large",
            errno::ENOSPC => "no space left on device",
            errno::ELOOP => "too many symbolic links",
            errno::EAGAIN => "resource temporarily unavailable",
            number => return write!(f, "error {number}"),
        };
        f.write_str(text)
    }
}

impl From<Errno> for i64 {
    fn from(errno: Errno) -> i64 {
        errno.0.into()
    }
}

pub type Result<T> = core::result::Result<T, Errno>;

/// What a system call returned.
pub fn check(result: i64) -> Result<i64> {
    if result < 0 {
        Err(Errno(result.unsigned_abs() as u32))
    } else {
        Ok(result)
    }
}

/// Whether [`call`] can make this call on every port.
pub fn is_translated(n: i64) -> bool {
    !UNTRANSLATED.contains(&n) && numbers::lookup(n).is_some()
}

/// One system call in the base ABI's numbers and layouts: what the kernel returns, `-errno` on failure. Says nothing
/// of calls that are not translated: who is to know asks [`is_translated`].
pub fn call(n: i64, args: [i64; 6]) -> i64 {
    if UNTRANSLATED.contains(&n) || n < 0 {
        return -i64::from(errno::ENOSYS);
    }
    if arch::port().generic {
        return translate::call(n, args);
    }
    // SAFETY: what the program asked its kernel for.
    unsafe { arch::raw_syscall(n, args) }
}

/// [`call`] with up to six arguments of any integer type: `system_call!(nr::CLOSE, fd)`.
macro_rules! system_call {
    ($n:expr $(, $argument:expr)*) => {{
        let mut arguments = [0i64; 6];
        let given: &[i64] = &[$($argument as i64),*];
        arguments[..given.len()].copy_from_slice(given);
        $crate::kernel::call($n, arguments)
    }};
}
pub(crate) use system_call;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untranslated_calls_exist_and_are_named_once() {
        for (i, &n) in UNTRANSLATED.iter().enumerate() {
            assert!(numbers::lookup(n).is_some(), "{n}");
            assert!(!UNTRANSLATED[..i].contains(&n), "{n}");
        }
        assert_eq!(system_call!(nr::USTAT), -i64::from(errno::ENOSYS));
    }

    #[test]
    fn every_call_is_renumbered_or_translated_or_listed() {
        for n in 0..512 {
            let Some(call) = numbers::lookup(n) else {
                continue;
            };
            let ways = [
                call.generic >= 0,
                TRANSLATED.contains(&n),
                UNTRANSLATED.contains(&n),
            ];
            assert!(ways.contains(&true), "{} is forgotten", call.name);
        }
    }
}
