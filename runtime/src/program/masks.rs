//! Sets of signals that the program gives to the kernel and reads back. The signal of requests is in none: a program that
//! blocks all signals can be asked all the same, and does not see that it does not block this one.

use crate::kernel::signal::{self, Set};
use crate::kernel::{self, nr, sys, system_call};

/// Bytes of a set.
const SIZE: i64 = 8;

/// The program's `rt_sigprocmask`.
pub fn change(mut args: [i64; 6]) -> i64 {
    let set;
    let removes = args[0] == i64::from(sys::SIG_UNBLOCK);
    if !removes && let Some(other) = without_request(args[1], args[3]) {
        set = other;
        args[1] = &raw const set as i64;
    }
    let result = kernel::call(nr::RT_SIGPROCMASK, args);
    if result == 0 && args[2] != 0 {
        let old = args[2] as *mut Set;
        // SAFETY: the kernel has written there.
        unsafe { old.write_unaligned(signal::without_request(old.read_unaligned())) };
    }
    result
}

/// The program's `signalfd` and `signalfd4`.
pub fn descriptor(n: i64, mut args: [i64; 6]) -> i64 {
    let set;
    if let Some(other) = without_request(args[1], args[2]) {
        set = other;
        args[1] = &raw const set as i64;
    }
    kernel::call(n, args)
}

/// The set at this address, if it is another without the request's signal.
fn without_request(at: i64, size: i64) -> Option<Set> {
    if at == 0 || size != SIZE {
        return None;
    }
    // SAFETY: the program's set.
    let given = unsafe { (at as *const Set).read_unaligned() };
    let set = signal::without_request(given);
    (set != given).then_some(set)
}

/// `__popcorn_set_mask`: libc's own `rt_sigprocmask`, for moments when nothing at all may come: a thread that is not whole
/// yet, or no more.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_set_mask"))]
pub extern "C" fn set(how: i64, set: i64, old: i64) -> i64 {
    system_call!(nr::RT_SIGPROCMASK, how, set, old, SIZE)
}
