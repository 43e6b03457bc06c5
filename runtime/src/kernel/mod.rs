//! The base ABI's kernel, typed, on every port: numbers, constants and structures are x86-64 Linux's, and
//! [`call`] translates where the port underneath has others.
//!
//! The other files of this folder wrap the calls that the runtime makes itself; a program's own calls go through
//! [`call`] as they are. Constants come from `linux-raw-sys`.

pub mod clock;
pub mod descriptors;
pub mod fatal;
#[cfg(feature = "faults")]
pub mod faults;
pub mod file;
pub mod folder;
pub mod futex;
pub mod lock;
pub mod memory;
pub mod object;
pub mod pages;
pub mod process;
pub mod signal;
pub mod socket;
pub mod substitutes;
mod translate;
pub mod vdso;

pub use linux_raw_sys::{errno, general as sys};
pub use popcorn_metadata::syscalls::{self, nr};

use core::sync::atomic::AtomicU32;

use popcorn_metadata::syscalls::Way;

use crate::arch;

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
            errno::EADDRINUSE => "address already in use",
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

/// One system call in the base ABI's numbers and layouts: what the kernel returns, `-errno` on failure. Says nothing
/// of calls that are refused: who is to know looks at the table.
pub fn call(n: i64, args: [i64; 6]) -> i64 {
    #[cfg(feature = "faults")]
    if let Some(error) = faults::strike(n, args) {
        return -i64::from(error);
    }
    match syscalls::lookup(n) {
        // Later kernels of the base ABI have calls that this table does not know, and other ports have them not.
        None => -i64::from(errno::ENOSYS),
        Some(call) if matches!(call.way, Way::Refused(_)) => -i64::from(errno::ENOSYS),
        Some(call) if arch::port().generic => translate::call(call, args),
        // SAFETY: what the program asked its kernel for.
        Some(_) => unsafe { arch::raw_syscall(n, args) },
    }
}

/// [`call`] for one that may wait: [`KICKED`](arch::KICKED) in place of a result once the word is not zero.
#[inline(always)]
pub fn wait(n: i64, args: [i64; 6], word: &AtomicU32) -> i64 {
    match syscalls::lookup(n) {
        None => -i64::from(errno::ENOSYS),
        Some(call) if matches!(call.way, Way::Refused(_)) => -i64::from(errno::ENOSYS),
        Some(call) if arch::port().generic => translate::wait(call, args, word),
        // SAFETY: what the program asked its kernel for.
        Some(_) => unsafe { arch::waiting_syscall(n, args, word) },
    }
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
