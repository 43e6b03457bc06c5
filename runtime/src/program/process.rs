//! The program's own process, as the system-call entry keeps books on it: children, timers, descriptors.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use crate::arch::KICKED;
use crate::base::refusal::Refusal;
use crate::base::statics::Travels;
use crate::kernel::{self, errno, file, nr, sys, system_call};
use crate::program::{
    actions, attributes, identity, keepers, stop, thread, thread_list, timers, window,
};

/// The signal by which the parent is told of the end, as `clone` was asked.
static END_SIGNAL: Travels<AtomicU32> = Travels::new(AtomicU32::new(sys::SIGCHLD));
/// Another process uses the same table of descriptors.
static SHARES_DESCRIPTORS: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));

/// The program's `clone` shares our memory: only libc may do that, whose threads begin in assembly.
fn shares_memory(n: i64, args: [i64; 6]) -> bool {
    n == nr::CLONE && args[0] & i64::from(sys::CLONE_VM) != 0
}

/// The program's `fork`, `vfork`, `clone`. A child with memory of its own gets the map table whole. One that
/// shares ours would return through our frames on a stack that does not have them.
pub fn clone(n: i64, args: [i64; 6]) -> i64 {
    if shares_memory(n, args) {
        return -i64::from(errno::ENOSYS);
    }
    // vfork's child must not share our native stack with code that has returned from here; the parent waits for it all
    // the same.
    let (n, args) = if n == nr::VFORK {
        let flags = sys::CLONE_VFORK | sys::SIGCHLD;
        (nr::CLONE, [flags.into(), 0, 0, 0, 0, 0])
    } else {
        (n, args)
    };
    // Another thread may hold the table, and would not be there to let go of it in the child. Alone, a
    // handler may have interrupted who holds it, and goes on in the child.
    let result = if thread_list::count() > 1 {
        window::with_table(|_| actions::locked(|| kernel::call(n, args)))
    } else {
        kernel::call(n, args)
    };
    if result == 0 {
        identity::own_process();
        attributes::forked();
        timers::forked();
        thread::forked();
        stop::forked();
    }
    note_kinship(n, args[0] as u32, result);
    result
}

/// Writes down what an exec would undo.
fn note_kinship(n: i64, flags: u32, result: i64) {
    let is_clone = n == nr::CLONE && result >= 0;
    if result == 0 {
        let signal = if is_clone {
            flags & sys::CSIGNAL
        } else {
            sys::SIGCHLD
        };
        END_SIGNAL.store(signal, Relaxed);
        SHARES_DESCRIPTORS.store(false, Relaxed);
    }
    if is_clone && flags & sys::CLONE_FILES != 0 {
        SHARES_DESCRIPTORS.store(true, Relaxed);
    }
}

/// Checks that the process has nothing that an exec destroys and nobody can make again.
pub fn check() -> Result<(), Refusal> {
    let busy = |text: core::fmt::Arguments| Err(Refusal::new(errno::EBUSY.into(), text));
    let signal = END_SIGNAL.load(Relaxed);
    if SHARES_DESCRIPTORS.load(Relaxed) {
        busy(format_args!(
            "it shares its table of descriptors with another process (CLONE_FILES), which an exec ends"
        ))
    } else if signal != sys::SIGCHLD {
        busy(format_args!(
            "its parent is told of its end by signal {signal}, which an exec makes SIGCHLD"
        ))
    } else {
        Ok(())
    }
}

/// Whether a descriptor is one of ours.
fn is_ours(fd: i32) -> bool {
    fd == identity::program_fd() || keepers::contains(fd)
}

/// The lowest of ours from `first` on.
fn ours_from(first: i32) -> Option<i32> {
    let own = Some(identity::program_fd()).filter(|&own| own >= first);
    own.into_iter().chain(keepers::from(first)).min()
}

/// The program's `close`, `dup2`, `dup3`, `close_range`: our descriptors are not the program's to close. To the
/// program they do not exist.
pub fn descriptor(n: i64, args: [i64; 6]) -> i64 {
    // Most programs have none of ours open, and need not ask which process they are.
    if ours_from(0).is_none() || !identity::is_own_process() {
        return make(n, args);
    }
    let own = identity::program_fd();
    match n {
        nr::CLOSE if is_ours(args[0] as i32) => -i64::from(errno::EBADF),
        nr::DUP2 | nr::DUP3 if own >= 0 && args[1] as i32 == own => {
            if let Ok(moved) = file::duplicate_up(own, own + 1) {
                identity::set_program_fd(moved.into_raw());
            }
            kernel::call(n, args)
        }
        // A map is kept under this number.
        nr::DUP2 | nr::DUP3 if keepers::contains(args[1] as i32) => -i64::from(errno::EBUSY),
        nr::CLOSE_RANGE => close_range(args),
        _ => make(n, args),
    }
}

/// A descriptor that is closed is closed, also if the call says that a signal came: it is not made again.
fn make(n: i64, args: [i64; 6]) -> i64 {
    static NOTHING: AtomicU32 = AtomicU32::new(0);
    loop {
        match kernel::wait(n, args, &NOTHING) {
            KICKED => {}
            result => return result,
        }
    }
}

/// Closes what is around ours.
fn close_range([first, last, flags, ..]: [i64; 6]) -> i64 {
    let (mut first, last) = (args_number(first), args_number(last));
    while let Some(ours) = i32::try_from(first).ok().and_then(ours_from)
        && i64::from(ours) <= last
    {
        let ours = i64::from(ours);
        if first < ours {
            let result = system_call!(nr::CLOSE_RANGE, first, ours - 1, flags);
            if result < 0 {
                return result;
            }
        }
        if ours == last {
            return 0;
        }
        first = ours + 1;
    }
    system_call!(nr::CLOSE_RANGE, first, last, flags)
}

/// A number of `close_range`: unsigned.
fn args_number(argument: i64) -> i64 {
    i64::from(argument as u32)
}
