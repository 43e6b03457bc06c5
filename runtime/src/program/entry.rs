//! The system-call entry: what compiled code calls in place of its kernel, in base-ABI numbers and layouts.
//!
//! It keeps books on what a hop has to carry over, then hands the call to [`kernel::call`].

use crate::kernel::{self, nr, numbers};
use crate::program::{dispositions, filter, longest_gap, process, thread, trace, window};
use crate::say;

/// `__popcorn_syscall`: returns what the kernel returns, -errno on failure.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_syscall"))]
pub extern "C" fn entry(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    let args = [a, b, c, d, e, f];
    match n {
        nr::BRK => window::brk(),
        nr::MMAP => window::mmap(args),
        nr::MUNMAP => window::munmap(a as u64, b as u64),
        nr::MREMAP => window::mremap(args),
        nr::MPROTECT => window::mprotect(a as u64, b as u64, c),
        nr::RT_SIGACTION => dispositions::sigaction(args),
        nr::SET_TID_ADDRESS => thread::set_tid_address(args),
        nr::SET_ROBUST_LIST => thread::set_robust_list(args),
        nr::TIMER_CREATE | nr::TIMER_DELETE => process::timer(n, args),
        nr::CLOSE | nr::DUP2 | nr::DUP3 | nr::CLOSE_RANGE => process::descriptor(n, args),
        nr::PRCTL | nr::SECCOMP if filter::installs(n, args) => filter::install(n, args),
        nr::EXIT_GROUP => {
            longest_gap::end();
            kernel::call(n, args)
        }
        nr::FORK | nr::VFORK | nr::CLONE => {
            if process::shares_memory(n, args) {
                tell_untranslated(n);
            }
            process::clone(n, args)
        }
        _ => {
            if trace::on() && !kernel::is_translated(n) {
                tell_untranslated(n);
            }
            kernel::call(n, args)
        }
    }
}

#[cold]
fn tell_untranslated(n: i64) {
    if !trace::on() {
        return;
    }
    match numbers::lookup(n) {
        Some(call) => say!(
            "popcorn: system call {} is not translated: ENOSYS",
            call.name
        ),
        None => say!("popcorn: system call {n} is not translated: ENOSYS"),
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
