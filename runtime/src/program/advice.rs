//! What a program tells the kernel of its memory and an exec forgets: locks, and what becomes of it in a fork. Booked
//! with the maps, and told again after a move. Other advice is a hint, which a move may lose.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::base::refusal::Refusal;
use crate::base::statics::Travels;
use crate::kernel::memory::{self, PROT_NONE, page};
use crate::kernel::{self, Errno, errno, nr, sys, system_call};
use crate::program::lock_all;
use crate::program::maps::{Map, WINDOW_END, WINDOW_START, mark};
use crate::program::window::{self, with_table};
use crate::refusal;

/// Bits of [`mark`] that were given to memory outside the window: to the data segment.
static OUTSIDE: Travels<AtomicU32> = Travels::new(AtomicU32::new(0));

/// Marks of every lock.
const LOCKS: u32 = mark::LOCKED | mark::LOCKED_ON_FAULT;

/// The program's `madvise`.
pub fn madvise(args: [i64; 6]) -> i64 {
    let (set, clear) = match args[2] as u32 {
        sys::MADV_WIPEONFORK => (mark::WIPE_ON_FORK, 0),
        sys::MADV_KEEPONFORK => (0, mark::WIPE_ON_FORK),
        sys::MADV_DONTFORK => (mark::DONT_FORK, 0),
        sys::MADV_DOFORK => (0, mark::DONT_FORK),
        _ => return kernel::call(nr::MADVISE, args),
    };
    booked(nr::MADVISE, args, set, clear)
}

/// The program's `mlock`, `mlock2`, `munlock`, `mlockall` and `munlockall`.
pub fn lock(n: i64, args: [i64; 6]) -> i64 {
    let kind = |on_fault| match on_fault {
        true => mark::LOCKED_ON_FAULT,
        false => mark::LOCKED,
    };
    match n {
        nr::MLOCK => booked(n, args, mark::LOCKED, LOCKS),
        nr::MLOCK2 => {
            let on_fault = args[2] & i64::from(sys::MLOCK_ONFAULT) != 0;
            booked(n, args, kind(on_fault), LOCKS)
        }
        nr::MUNLOCK => booked(n, args, 0, LOCKS),
        _ => {
            let all = [WINDOW_START as i64, (WINDOW_END - WINDOW_START) as i64];
            let result = kernel::call(n, args);
            if result >= 0 {
                let flags = if n == nr::MLOCKALL { args[0] as u32 } else { 0 };
                lock_all::set(flags);
                if n == nr::MUNLOCKALL {
                    book(all[0] as u64, all[1] as u64, 0, LOCKS);
                    OUTSIDE.fetch_and(!LOCKS, Relaxed);
                } else if flags & sys::MCL_CURRENT != 0 {
                    let set = kind(flags & sys::MCL_ONFAULT != 0);
                    book(all[0] as u64, all[1] as u64, set, LOCKS);
                    OUTSIDE.store(OUTSIDE.load(Relaxed) & !LOCKS | set, Relaxed);
                }
            }
            result
        }
    }
}

fn booked(n: i64, args: [i64; 6], set: u32, clear: u32) -> i64 {
    // A range may begin anywhere in a page.
    let start = args[0] as u64 & !(page() - 1);
    let end = (args[0] as u64).saturating_add(args[1] as u64);
    let length = end.saturating_sub(start).next_multiple_of(page());
    if !with_table(window::has_room) {
        return -i64::from(errno::ENOMEM);
    }
    let result = kernel::call(n, args);
    if result >= 0 && start >= WINDOW_START {
        book(start, length, set, clear);
    } else if result >= 0 {
        // Of part of the data segment; what is not locked any more stays locked after a move.
        OUTSIDE.fetch_or(set, Relaxed);
    }
    result
}

fn book(start: u64, length: u64, set: u32, clear: u32) {
    // There is room: asked before, or whole maps are changed.
    let _ = with_table(|table| {
        table.change(start, start.saturating_add(length), |map| {
            map.marks = map.marks & !clear | set;
        })
    });
}

/// What is told of a map again is refused by name where that would fail.
pub fn check(map: &Map) -> Result<(), Refusal> {
    if map.marks & LOCKS == 0 || map.prot == PROT_NONE {
        return Ok(());
    }
    match tell_lock(map) {
        // An emulator does not have every call.
        Ok(()) | Err(Errno(errno::ENOSYS)) => return Ok(()),
        Err(_) => {}
    }
    Err(refusal!(
        errno::EBUSY,
        "the program has locked memory at {:#x}, more than the limit allows to lock again",
        map.start
    ))
}

/// What was told of the data segment, and cannot be told again.
pub fn check_data() -> Result<(), Refusal> {
    if OUTSIDE.load(Relaxed) & (mark::WIPE_ON_FORK | mark::DONT_FORK) == 0 {
        return Ok(());
    }
    let text = "the program has said of variables that a forked child is not to have them";
    Err(refusal!(errno::EBUSY, "{text}"))
}

fn tell_lock(map: &Map) -> kernel::Result<()> {
    let on_fault = map.marks & mark::LOCKED_ON_FAULT != 0;
    memory::lock(map.start, map.end - map.start, on_fault)
}

/// After a move: tells the kernel of one map what it was told before. What an emulator does not take, it has not kept
/// for the program before either.
pub fn tell_again(map: &Map) {
    let length = map.end - map.start;
    for (mark, advice) in [
        (mark::WIPE_ON_FORK, sys::MADV_WIPEONFORK),
        (mark::DONT_FORK, sys::MADV_DONTFORK),
    ] {
        if map.marks & mark != 0 {
            let _ = memory::advise(map.start, length, advice);
        }
    }
    if map.marks & LOCKS != 0 {
        let _ = tell_lock(map);
    }
}

/// After a move: the data segment's locks, and those of memory to come.
pub fn tell_rest_again(data: (u64, u64)) {
    let outside = OUTSIDE.load(Relaxed);
    if outside & LOCKS != 0 {
        let on_fault = outside & mark::LOCKED_ON_FAULT != 0;
        let _ = memory::lock(data.0, data.1 - data.0, on_fault);
    }
    let future = lock_all::flags() & !sys::MCL_CURRENT;
    if future & sys::MCL_FUTURE != 0 {
        system_call!(nr::MLOCKALL, future);
    }
}
