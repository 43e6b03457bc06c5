//! System calls that wait, of the program's: a request to move ends them, and a handler of the program runs outside.
//!
//! libc's `__blocking_syscall` has a frame that can be captured. It makes such a call by
//! [`call`](super::waiting_call::call), and if anything came in between [`next`] says what is to be done: call a handler,
//! pass a migration point, make the call again. So neither runs on top of the call, and the program sees the result that
//! it would have seen without a request.
//!
//! A signal handler that comes in between leaves a note here (`request`, `note`). The word of [`State`] is what the call
//! itself looks at last, in assembly: nothing that is noted before the call has begun to wait is overlooked.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::arch::KICKED;
use crate::arch::interrupted::{Frame, Progress};
use crate::kernel::signal::{self, Action, Information, Set};
use crate::kernel::{errno, nr, sys};
use crate::program::{filter, timers};

/// A request to move has come.
const REQUEST: u32 = 1;
/// A signal is noted whose handler is to be called.
const HANDLER: u32 = 2;

/// The thread is not in a call of libc's wrapper.
pub(super) const OUTSIDE: u32 = 0;
/// It is in a call, or soon to be.
pub(super) const INSIDE: u32 = 1;

/// A signal whose handler is to be called.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Note {
    pub signal: u32,
    /// Of the disposition.
    pub flags: u32,
    /// The call has failed for it.
    pub interrupts: u64,
    pub handler: u64,
    pub information: Information,
    /// The mask for the handler, and the one behind it.
    pub mask: Set,
    pub mask_behind: Set,
}

/// What is kept of a thread. Thread-local (`tls.c`), so program state.
#[repr(C)]
pub(super) struct State {
    /// What came: [`REQUEST`], [`HANDLER`]. Not zero: no call waits.
    pub(super) word: AtomicU32,
    pub(super) inside: AtomicU32,
    /// What the word was when the last call had ended, and the call's result.
    pub(super) found: u32,
    /// Notes that are made, and those of them that are taken.
    pub(super) made: u32,
    pub(super) taken: u32,
    pub(super) result: i64,
    /// The mask in force during the call, if it has one of its own.
    pub(super) mask: Set,
    pub(super) has_mask: u64,
    /// In the order in which the handlers are to be called.
    pub(super) notes: [Note; NOTES],
}

/// Signals that come together are noted together.
const NOTES: usize = 4;
const _: () = assert!(size_of::<State>() <= 96 * 8);

#[cfg(not(test))]
pub(super) fn state() -> *mut State {
    unsafe extern "C" {
        fn popcorn_tls_waiting() -> *mut State;
    }
    // SAFETY: the address of a thread-local variable.
    unsafe { popcorn_tls_waiting() }
}

/// The tests have no `tls.c`.
#[cfg(test)]
pub(super) fn state() -> *mut State {
    // SAFETY: plain words.
    Box::leak(Box::new(unsafe { core::mem::zeroed() }))
}

/// What libc's wrapper knows of its call: `struct waiting` in `blocking.c`.
#[repr(C)]
pub struct Wait {
    n: i64,
    result: i64,
    /// A request has come, and the call is to be made again.
    kicked: u32,
    /// A handler ran that a call of this kind fails for.
    interrupted: u32,
    /// A request, and nothing else, has ended the call; it may have done only a part.
    cut: u32,
    /// It has a time-out, so that the kernel does not make it again once a handler has run.
    timed: u32,
    note: Note,
}

/// What the wrapper is to do next.
#[repr(i64)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The call has its result.
    Done = 0,
    /// Call the handler of the note.
    Handler = 1,
    /// Pass a migration point, then make the call again.
    Point = 2,
    /// Make the call again.
    Again = 3,
}

/// Whether a call may wait until something comes from outside.
pub(super) fn may_wait(n: i64) -> bool {
    const CALLS: [u64; 8] = {
        let all = [
            nr::READ,
            nr::WRITE,
            nr::POLL,
            nr::PREAD64,
            nr::PWRITE64,
            nr::IOCTL,
            nr::READV,
            nr::WRITEV,
            nr::SELECT,
            nr::PAUSE,
            nr::NANOSLEEP,
            nr::SENDFILE,
            nr::CONNECT,
            nr::ACCEPT,
            nr::SENDTO,
            nr::RECVFROM,
            nr::SENDMSG,
            nr::RECVMSG,
            nr::WAIT4,
            nr::SEMOP,
            nr::MSGSND,
            nr::MSGRCV,
            nr::FCNTL,
            nr::FLOCK,
            nr::FSYNC,
            nr::FDATASYNC,
            nr::FUTEX,
            nr::SEMTIMEDOP,
            nr::CLOCK_NANOSLEEP,
            nr::EPOLL_WAIT,
            nr::MQ_TIMEDSEND,
            nr::MQ_TIMEDRECEIVE,
            nr::WAITID,
            nr::SPLICE,
            nr::TEE,
            nr::VMSPLICE,
            nr::ACCEPT4,
            nr::PREADV,
            nr::PWRITEV,
            nr::RECVMMSG,
            nr::SENDMMSG,
            nr::GETRANDOM,
            nr::COPY_FILE_RANGE,
            nr::FUTEX_WAITV,
            nr::OPEN,
            nr::OPENAT,
            nr::CREAT,
            nr::RT_SIGSUSPEND,
            nr::RT_SIGTIMEDWAIT,
            nr::PPOLL,
            nr::PSELECT6,
            nr::EPOLL_PWAIT,
            nr::EPOLL_PWAIT2,
        ];
        let mut set = [0; 8];
        let mut i = 0;
        while i < all.len() {
            set[all[i] as usize / 64] |= 1 << (all[i] % 64);
            i += 1;
        }
        set
    };
    CALLS
        .get(n as usize / 64)
        .is_some_and(|set| set >> (n % 64) & 1 != 0)
}

/// `__popcorn_wait_next`: what to do after [`call`](super::waiting_call::call) returned [`KICKED`] (`fresh`), or after what this said last.
///
/// # Safety
/// `wait` is this thread's own.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_wait_next"))]
pub unsafe extern "C" fn next(wait: &mut Wait, fresh: i64) -> Next {
    const EINTR: i64 = -(errno::EINTR as i64);
    let state = state();
    // SAFETY: this thread's own state; what is noted stays until it is taken, with all signals blocked.
    unsafe {
        let word = &(*state).word;
        if fresh != 0 {
            wait.result = (*state).result;
            let found = (*state).found;
            wait.cut = u32::from(found == REQUEST);
            wait.kicked |= found & REQUEST;
            let (notes, made) = (&(*state).notes, (*state).made as usize);
            let interrupts = notes.iter().take(made).any(|note| note.interrupts != 0);
            if wait.result == EINTR && !interrupts && found & REQUEST != 0 && may_wait(wait.n) {
                wait.result = KICKED;
            }
        }
        if word.load(Relaxed) & HANDLER != 0 {
            wait.note = (*state).notes[(*state).taken as usize];
            (*state).taken += 1;
            wait.interrupted |=
                u32::from(wait.note.interrupts != 0 || wait.kicked != 0 && fails(wait));
            wait.cut = 0;
            if (*state).taken == (*state).made {
                ((*state).taken, (*state).made) = (0, 0);
                word.fetch_and(!HANDLER, Relaxed);
            }
            (*state).inside.store(OUTSIDE, Relaxed);
            signal::set_mask(wait.note.mask);
            return Next::Handler;
        }
        if wait.result == KICKED && wait.interrupted != 0 {
            wait.result = EINTR;
        }
        if wait.result == KICKED {
            if word.fetch_and(!REQUEST, Relaxed) & REQUEST == 0 {
                return Next::Again;
            }
            return Next::Point;
        }
        (*state).inside.store(OUTSIDE, Relaxed);
        if word.load(Relaxed) & HANDLER != 0 {
            // It came at the last moment.
            (*state).inside.store(INSIDE, Relaxed);
            return next(wait, 0);
        }
    }
    Next::Done
}

/// `__popcorn_wait_again`: in a signal handler, something came that the next call that waits is to look at first.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_wait_again"))]
pub extern "C" fn again() {
    // SAFETY: this thread's own state.
    unsafe { (*state()).word.fetch_or(REQUEST, Relaxed) };
}

/// `__popcorn_wait_handled`: the handler of the note has returned, and this is the mask to go on with.
#[cfg_attr(not(test), unsafe(export_name = "__popcorn_wait_handled"))]
pub extern "C" fn handled(mask: Set) {
    // SAFETY: this thread's own state.
    unsafe { (*state()).inside.store(INSIDE, Relaxed) };
    signal::set_mask(signal::without_request(mask));
}

/// Whether the call fails for a handler that came while a request was met in its place.
fn fails(wait: &Wait) -> bool {
    wait.note.flags & sys::SA_RESTART == 0 || wait.timed != 0 || !restarts(wait.n)
}

/// Whether the kernel restarts a call for a handler with `SA_RESTART`. Those that it never does are the exception.
fn restarts(n: i64) -> bool {
    !matches!(
        n,
        nr::POLL
            | nr::PPOLL
            | nr::SELECT
            | nr::PSELECT6
            | nr::EPOLL_WAIT
            | nr::EPOLL_PWAIT
            | nr::EPOLL_PWAIT2
            | nr::NANOSLEEP
            | nr::CLOCK_NANOSLEEP
            | nr::PAUSE
            | nr::RT_SIGSUSPEND
            | nr::RT_SIGTIMEDWAIT
            | nr::SEMOP
            | nr::SEMTIMEDOP
            | nr::MSGSND
            | nr::MSGRCV
    )
}

/// Whether this thread is in libc's wrapper.
pub fn is_inside() -> bool {
    // SAFETY: this thread's own state.
    unsafe { (*state()).inside.load(Relaxed) != OUTSIDE }
}

/// In the handler of the request's signal: no call waits any more, and none fails for it.
pub fn request(frame: &mut Frame) {
    // SAFETY: this thread's own state.
    unsafe { (*state()).word.fetch_or(REQUEST, Relaxed) };
    if frame.stop_waiting() == Progress::Elsewhere {
        let others = signal::pending() & !*frame.mask();
        if others == 0 {
            frame.replace_result(-i64::from(errno::EINTR), KICKED);
        }
    }
}

/// In the runtime's handler for a signal of the program's: whether its handler is left to libc's wrapper, since the thread
/// is inside. All signals are blocked until it is called.
pub fn note(frame: &mut Frame, about: &Information, action: Action) -> bool {
    let (state, signal) = (state(), about.number());
    // SAFETY: this thread's own state. A handler that comes before all signals are blocked has made its note by then.
    unsafe {
        if (*state).inside.load(Relaxed) == OUTSIDE || filter::is_installed() {
            return false;
        }
        signal::set_mask(signal::ALL);
        let progress = frame.stop_waiting();
        let interrupts = progress == Progress::Done(-i64::from(errno::EINTR));
        let behind = *frame.mask();
        let during = match interrupts && (*state).has_mask != 0 {
            true => (*state).mask,
            false => behind,
        };
        let own = match action.flags & u64::from(sys::SA_NODEFER) {
            0 => 1 << (signal - 1),
            _ => 0,
        };
        let mask = signal::without_request(during | action.mask | own);
        let (notes, made) = (&mut (*state).notes, (*state).made as usize);
        let Some(place) = notes.get_mut(made) else {
            signal::set_mask(mask);
            return false;
        };
        let mut information = *about;
        timers::identify(&mut information);
        *place = Note {
            signal,
            flags: action.flags as u32,
            interrupts: interrupts.into(),
            handler: action.handler,
            information,
            mask,
            mask_behind: behind,
        };
        (*state).made += 1;
        (*state).word.fetch_or(HANDLER, Relaxed);
        *frame.mask() = signal::ALL;
    }
    true
}
