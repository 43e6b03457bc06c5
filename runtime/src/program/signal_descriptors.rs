//! Descriptors of `signalfd`. They survive an exec, but emulators know real-time signals by other numbers than their
//! host: each is told its set again on the other side.

use core::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::base::statics::Travels;
use crate::kernel::signal::{MIGRATE_SIGNAL, Set, bit};
use crate::kernel::{nr, system_call};

/// Descriptors that are noted. Those beyond are not: what they tell of real-time signals after a hop is wrong.
const ROOM: usize = 256;
/// Signals that have one number everywhere.
const STANDARD: Set = (1 << 31) - 1;

struct Noted {
    /// Plus one; 0: free.
    descriptor: AtomicI32,
    set: AtomicU64,
}

static LIST: Travels<[Noted; ROOM]> = Travels::new(
    [const {
        Noted {
            descriptor: AtomicI32::new(0),
            set: AtomicU64::new(0),
        }
    }; ROOM],
);
/// Places of the list that were ever used.
static USED: Travels<AtomicUsize> = Travels::new(AtomicUsize::new(0));

fn used() -> impl Iterator<Item = &'static Noted> {
    LIST.iter().take(USED.load(Relaxed).min(ROOM))
}

/// The program's `signalfd` and `signalfd4` have returned `result`.
pub fn note(args: [i64; 6], result: i64) -> i64 {
    let (at, Ok(descriptor @ 0..)) = (args[1], i32::try_from(result)) else {
        return result;
    };
    // SAFETY: the kernel has read it.
    let set = unsafe { (at as *const Set).read_unaligned() };
    let known = used().find(|noted| noted.descriptor.load(Relaxed) == descriptor + 1);
    let place = match known {
        Some(known) => Some(known),
        None if set & !STANDARD == 0 => None,
        // One that is closed is told nothing: the kernel knows that it is none.
        None => LIST.get(USED.fetch_add(1, Relaxed)),
    };
    if let Some(noted) = place {
        noted.set.store(set, Relaxed);
        noted.descriptor.store(descriptor + 1, Relaxed);
    }
    result
}

/// Tells each its set again.
pub fn restore() {
    for noted in used() {
        let set = noted.set.load(Relaxed) & !bit(MIGRATE_SIGNAL);
        let descriptor = noted.descriptor.load(Relaxed) - 1;
        if descriptor >= 0 {
            system_call!(
                nr::SIGNALFD4,
                descriptor,
                &raw const set,
                size_of::<Set>(),
                0
            );
        }
    }
}
