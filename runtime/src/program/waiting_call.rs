//! System calls that may wait: each of them once, as libc's wrapper asks (`blocking.c`). What a signal that comes meanwhile
//! does is in [`waiting`](super::waiting).

use core::sync::atomic::Ordering::Relaxed;

use crate::arch::KICKED;
use crate::kernel::signal::{self, Set};
use crate::kernel::{self, errno, nr, substitutes};
use crate::program::waiting::{INSIDE, OUTSIDE, State, may_wait, state};
use crate::program::{entry, own_file, thread_ids, timers};

/// `__popcorn_wait`: one system call, or [`KICKED`] if there is something to do: [`next`](super::waiting::next) says what.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_wait"))]
pub extern "C" fn call(n: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    let state = state();
    // SAFETY: this thread's own state. Handlers see it at any instruction, and only the atomics change.
    unsafe {
        (*state).inside.store(INSIDE, Relaxed);
        let result = make(n, [a, b, c, d, e, f], state);
        (*state).inside.store(OUTSIDE, Relaxed);
        if (*state).word.load(Relaxed) == 0 {
            return result;
        }
        (*state).inside.store(INSIDE, Relaxed);
        (*state).found = (*state).word.load(Relaxed);
        (*state).result = result;
    }
    KICKED
}

/// # Safety
/// The thread's own state.
#[inline(always)]
unsafe fn make(n: i64, args: [i64; 6], state: *mut State) -> i64 {
    // SAFETY: by contract.
    let word = unsafe { &(*state).word };
    match n {
        nr::OPEN | nr::OPENAT | nr::CREAT => match kernel::wait(n, args, word) {
            KICKED => KICKED,
            result if n == nr::CREAT => result,
            result => own_file::opened(result, n, args),
        },
        nr::RT_SIGSUSPEND
        | nr::PPOLL
        | nr::PSELECT6
        | nr::EPOLL_PWAIT
        | nr::EPOLL_PWAIT2
        | nr::RT_SIGTIMEDWAIT => {
            // SAFETY: by contract.
            let result = unsafe { with_mask(n, args, state) };
            if n != nr::EPOLL_PWAIT2 || result != -i64::from(errno::ENOSYS) {
                return result;
            }
            match substitutes::in_milliseconds(args) {
                // SAFETY: by contract.
                Ok(args) => unsafe { with_mask(nr::EPOLL_PWAIT, args, state) },
                Err(error) => error,
            }
        }
        // Calls that the runtime keeps books on do not wait, or not long; no request fails them.
        _ if !may_wait(n) => entry::entry(n, args[0], args[1], args[2], args[3], args[4], args[5]),
        nr::FUTEX if thread_ids::inherits_priority(args[1]) => -i64::from(errno::ENOSYS),
        _ => kernel::wait(n, args, word),
    }
}

/// A call with a signal mask, or a set of signals, of its own: the request's is never in it.
///
/// # Safety
/// The thread's own state.
#[inline(never)]
unsafe fn with_mask(n: i64, mut args: [i64; 6], state: *mut State) -> i64 {
    let mut pair;
    let at: &mut i64 = match n {
        nr::RT_SIGSUSPEND | nr::RT_SIGTIMEDWAIT => &mut args[0],
        nr::PPOLL => &mut args[3],
        nr::PSELECT6 if args[5] != 0 => {
            // SAFETY: the program's structure.
            pair = unsafe { (args[5] as *const [i64; 2]).read_unaligned() };
            args[5] = pair.as_mut_ptr() as i64;
            &mut pair[0]
        }
        nr::PSELECT6 => &mut args[5],
        _ => &mut args[4],
    };
    let mut mask = 0;
    let is_temporary = *at != 0 && n != nr::RT_SIGTIMEDWAIT;
    if *at != 0 {
        // SAFETY: the program's set.
        mask = signal::without_request(unsafe { (*at as *const Set).read_unaligned() });
        *at = &raw const mask as i64;
    }
    // SAFETY: by contract.
    unsafe {
        (*state).mask = mask;
        (*state).has_mask = is_temporary.into();
        let result = kernel::wait(n, args, &(*state).word);
        (*state).has_mask = 0;
        match n {
            nr::RT_SIGTIMEDWAIT => timers::received(args, result),
            _ => result,
        }
    }
}
