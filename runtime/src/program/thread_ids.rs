//! Thread ids are virtual: the program knows each thread by the id that it got first, on every kernel that it comes to.
//!
//! As long as a thread's id is the kernel's there is nothing to translate. The others are in a table, which is the
//! incarnation's: it is written by an arrival and by who holds libc's list of threads, and read by anybody.

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::*};

use crate::base::statics::Travels;
use crate::incarnation;
use crate::kernel::memory::Block;
use crate::kernel::{self, Result, errno, nr, sys};

/// Ids that no kernel gives: above its largest, and such that libc's locks have bits to spare.
const FIRST_INVENTED: u32 = (1 << 22) + 1;
const LAST_INVENTED: u32 = (1 << 30) - 1;
/// Entries that there is room for beyond the threads that arrived.
const SPARE: usize = 256;

/// The program's id in the upper half, the kernel's in the lower; 0: free.
type Entry = AtomicU64;

incarnation! {
    static TABLE: AtomicPtr<Entry> = AtomicPtr::new(core::ptr::null_mut());
    /// Entries that there is room for, and the end of those that were ever used.
    static ROOM: AtomicUsize = AtomicUsize::new(0);
    static END: AtomicUsize = AtomicUsize::new(0);
    static NEXT_INVENTED: AtomicU64 = AtomicU64::new(FIRST_INVENTED as u64);
}

/// The program has told a thread which processors to run on.
static CHOOSES_PROCESSORS: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));

/// Whether threads may run on some processors only, because the program has said so.
pub fn processors_are_chosen() -> bool {
    CHOOSES_PROCESSORS.load(Relaxed)
}

fn entries() -> &'static [Entry] {
    match END.load(Acquire) {
        0 => &[],
        // SAFETY: so many were written, and the table stays where it is.
        end => unsafe { core::slice::from_raw_parts(TABLE.load(Acquire), end) },
    }
}

fn find(is: impl Fn(u32, u32) -> bool) -> Option<(u32, u32)> {
    let mut pairs = entries().iter().map(|entry| {
        let pair = entry.load(Acquire);
        ((pair >> 32) as u32, pair as u32)
    });
    pairs.find(|&(program, kernel)| program != 0 && is(program, kernel))
}

/// Makes room for as many threads as arrive, and some more. Nothing else runs.
pub fn start(threads: usize) -> Result<()> {
    let room = threads + SPARE;
    let block = Block::new((room * size_of::<Entry>()) as u64)?;
    TABLE.store(block.start() as *mut Entry, Release);
    core::mem::forget(block);
    ROOM.store(room, Relaxed);
    Ok(())
}

/// In a forked child: its one thread has the id that its kernel gave it.
pub fn forked() {
    END.store(0, Release);
}

/// What the kernel calls a thread that the program knows by this id.
pub fn to_kernel(program: u32) -> u32 {
    find(|p, _| p == program).map_or(program, |(_, kernel)| kernel)
}

/// The other way.
pub fn to_program(kernel: u32) -> u32 {
    find(|_, k| k == kernel).map_or(kernel, |(program, _)| program)
}

/// Whether there may be an id that the kernel does not have.
pub fn is_any_translated() -> bool {
    END.load(Acquire) != 0
}

/// Whether the program has a thread by this id that the kernel knows by another.
pub fn is_taken(program: u32) -> bool {
    find(|p, _| p == program).is_some()
}

/// Notes that the program knows a thread by another id than the kernel. By who holds the list of threads.
pub fn add(program: u32, kernel: u32) -> Result<()> {
    if program == kernel {
        return Ok(());
    }
    let pair = u64::from(program) << 32 | u64::from(kernel);
    if let Some(free) = entries().iter().find(|entry| entry.load(Relaxed) == 0) {
        free.store(pair, Release);
        return Ok(());
    }
    reserve()?;
    let end = END.load(Relaxed);
    // SAFETY: there is room.
    unsafe { (*TABLE.load(Relaxed).add(end)).store(pair, Release) };
    END.store(end + 1, Release);
    Ok(())
}

/// Makes sure that [`of_new`] succeeds next. By who holds the list of threads.
pub fn reserve() -> Result<()> {
    if TABLE.load(Relaxed).is_null() {
        start(0)?;
    }
    let has_room = END.load(Relaxed) < ROOM.load(Relaxed)
        || entries().iter().any(|entry| entry.load(Relaxed) == 0);
    match has_room {
        true => Ok(()),
        false => Err(kernel::Errno(errno::EAGAIN)),
    }
}

/// The id by which the program is to know a thread that has just begun. By who holds the list of threads.
pub fn of_new(kernel: u32) -> Result<u32> {
    if !is_taken(kernel) {
        return Ok(kernel);
    }
    loop {
        let next = NEXT_INVENTED.load(Relaxed) as u32;
        let after = if next == LAST_INVENTED {
            FIRST_INVENTED
        } else {
            next + 1
        };
        NEXT_INVENTED.store(after.into(), Relaxed);
        if !is_taken(next) {
            add(next, kernel)?;
            return Ok(next);
        }
    }
}

/// The thread ends. By who holds the list of threads.
pub fn remove(program: u32) {
    let of = |entry: &&Entry| (entry.load(Relaxed) >> 32) as u32 == program;
    if let Some(entry) = entries().iter().find(of) {
        entry.store(0, Release);
    }
}

/// The program's calls that take or return the id of a thread.
pub fn call(n: i64, mut args: [i64; 6]) -> i64 {
    let at = match n {
        nr::GETTID => return to_program(kernel::call(n, args) as u32).into(),
        nr::TGKILL | nr::RT_TGSIGQUEUEINFO => 1,
        _ => 0,
    };
    let id = args[at] as i32;
    if id > 0 && is_any_translated() {
        args[at] = to_kernel(id as u32).into();
    }
    let result = kernel::call(n, args);
    if n == nr::SCHED_SETAFFINITY && result == 0 {
        CHOOSES_PROCESSORS.store(true, Relaxed);
    }
    result
}

/// The program's `setpriority` and `getpriority`: of a process, which may be a thread.
pub fn priority(n: i64, mut args: [i64; 6]) -> i64 {
    if args[0] as u32 == sys::PRIO_PROCESS && args[1] as i32 > 0 {
        args[1] = to_kernel(args[1] as u32).into();
    }
    kernel::call(n, args)
}

/// Whether a futex operation is one of a lock that inherits priorities.
pub fn inherits_priority(operation: i64) -> bool {
    const FLAGS: u32 = sys::FUTEX_PRIVATE_FLAG | sys::FUTEX_CLOCK_REALTIME;
    matches!(
        operation as u32 & !FLAGS,
        sys::FUTEX_LOCK_PI
            | sys::FUTEX_UNLOCK_PI
            | sys::FUTEX_TRYLOCK_PI
            | sys::FUTEX_WAIT_REQUEUE_PI
            | sys::FUTEX_CMP_REQUEUE_PI
            | sys::FUTEX_LOCK_PI2
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay() {
        start(2).unwrap();
        add(70, 100).unwrap();
        add(71, 70).unwrap();
        add(9, 9).unwrap();
        assert_eq!((to_kernel(70), to_kernel(71), to_kernel(9)), (100, 70, 9));
        assert_eq!((to_program(100), to_program(70)), (70, 71));
        // The kernel gives an id again that a thread of the program has.
        let invented = of_new(71).unwrap();
        assert_eq!(invented, FIRST_INVENTED);
        assert_eq!((to_kernel(invented), to_program(71)), (71, invented));
        assert_eq!(of_new(72).unwrap(), 72);
        remove(71);
        assert_eq!(to_kernel(71), 71);
        forked();
        assert_eq!(to_kernel(70), 70);
    }
}
