//! Limits on memory. An emulator takes them and sets none, since they would limit itself: the program still sees what
//! it set, and they are set in earnest when it is on a machine of its own again.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::base::statics::Travels;
use crate::kernel::{self, errno, nr, process, sys};

/// A limit that the program has set and the kernel has not.
struct Owed {
    resource: u32,
    is_owed: AtomicBool,
    /// As `struct rlimit64` has them.
    soft: AtomicU64,
    hard: AtomicU64,
}

const fn owed(resource: u32) -> Owed {
    Owed {
        resource,
        is_owed: AtomicBool::new(false),
        soft: AtomicU64::new(0),
        hard: AtomicU64::new(0),
    }
}

static OWED: Travels<[Owed; 3]> = Travels::new([
    owed(sys::RLIMIT_DATA),
    owed(sys::RLIMIT_STACK),
    owed(sys::RLIMIT_AS),
]);

impl Owed {
    fn get(&self) -> Option<[u64; 2]> {
        let limit = [self.soft.load(Relaxed), self.hard.load(Relaxed)];
        self.is_owed.load(Relaxed).then_some(limit)
    }

    /// The program has set its limit, and the kernel said that it did.
    fn was_set(&self, limit: [u64; 2]) {
        self.soft.store(limit[0], Relaxed);
        self.hard.store(limit[1], Relaxed);
        let kernel = process::limits(self.resource);
        self.is_owed
            .store(kernel.is_some_and(|kernel| kernel != limit), Relaxed);
    }

    /// What a kernel says to a limit that an emulator takes as it comes.
    fn check(&self, limit: [u64; 2]) -> Result<(), u32> {
        let before = self.get().or_else(|| process::limits(self.resource));
        match before {
            _ if limit[0] > limit[1] => Err(errno::EINVAL),
            Some(before) if limit[1] > before[1] && process::effective_user() != 0 => {
                Err(errno::EPERM)
            }
            _ => Ok(()),
        }
    }
}

/// The program's `setrlimit`, `getrlimit`, `prlimit64`.
pub fn limit(n: i64, args: [i64; 6]) -> i64 {
    let [a, b, c, d, ..] = args;
    let (pid, resource, new, old) = match n {
        nr::SETRLIMIT => (0, a, b, 0),
        nr::GETRLIMIT => (0, a, 0, b),
        _ => (a as i32, b, c, d),
    };
    let known = OWED.iter().find(|owed| owed.resource == resource as u32);
    let (Some(owed), true) = (known, pid == 0 || pid == process::id()) else {
        return kernel::call(n, args);
    };
    let before = owed.get();
    let result = kernel::call(n, args);
    if result < 0 {
        return result;
    }
    if new != 0 {
        // SAFETY: the kernel has read it.
        let new = unsafe { (new as *const [u64; 2]).read_unaligned() };
        if let Err(error) = owed.check(new) {
            return -i64::from(error);
        }
        owed.was_set(new);
    }
    if let Some(before) = before
        && old != 0
    {
        // SAFETY: the kernel has written there.
        unsafe { (old as *mut [u64; 2]).write_unaligned(before) };
    }
    result
}

/// On the other side: sets what is owed, if the kernel does.
pub fn restore() {
    for owed in OWED.iter() {
        if let Some(limit) = owed.get() {
            process::set_limits(owed.resource, limit);
            owed.was_set(limit);
        }
    }
}
