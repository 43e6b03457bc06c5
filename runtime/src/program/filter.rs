//! Seccomp filters that the program installs on itself. What a filter lets through nobody knows but the program, and a
//! call that it does not may end the process: so from then on the runtime makes none of its own. The process neither
//! listens to requests nor moves. Filters that it was started under do no harm: it was started under them.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use linux_raw_sys::prctl::PR_SET_SECCOMP;

use crate::base::statics::Travels;
use crate::kernel::signal::{self, Action, MIGRATE_SIGNAL};
use crate::kernel::{self, nr};
use crate::program::identity;

/// The program has installed a filter.
static INSTALLED: Travels<AtomicBool> = Travels::new(AtomicBool::new(false));

/// Whether the program has a filter of its own.
pub fn is_installed() -> bool {
    INSTALLED.load(Relaxed)
}

/// Whether a call installs a filter, if it succeeds.
pub fn installs(n: i64, args: [i64; 6]) -> bool {
    const SET_MODE_STRICT: i64 = 0;
    const SET_MODE_FILTER: i64 = 1;
    match n {
        nr::PRCTL => args[0] as u32 == PR_SET_SECCOMP,
        nr::SECCOMP => matches!(args[0], SET_MODE_STRICT | SET_MODE_FILTER),
        _ => false,
    }
}

/// The program's `prctl(PR_SET_SECCOMP)` and `seccomp`, where it [`installs`] one.
pub fn install(n: i64, args: [i64; 6]) -> i64 {
    /// The call returns a descriptor.
    const NEW_LISTENER: i64 = 1 << 3;
    if !identity::is_own_process() {
        return kernel::call(n, args);
    }
    // Afterwards it may be too late for that.
    let before = signal::action(MIGRATE_SIGNAL, Some(Action::IGNORE));
    let result = kernel::call(n, args);
    let has_listener = n == nr::SECCOMP && args[1] & NEW_LISTENER != 0;
    if result == 0 || (result > 0 && has_listener) {
        INSTALLED.store(true, Relaxed);
    } else if let Ok(before) = before {
        // It was accepted before.
        let _ = signal::action(MIGRATE_SIGNAL, Some(before));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_installs_a_filter() {
        let set = i64::from(PR_SET_SECCOMP);
        assert!(installs(nr::PRCTL, [set, 1, 0, 0, 0, 0]));
        assert!(!installs(nr::PRCTL, [set - 1, 0, 0, 0, 0, 0]));
        assert!(installs(nr::SECCOMP, [1, 0, 0, 0, 0, 0]));
        assert!(!installs(nr::SECCOMP, [2, 0, 0, 0, 0, 0]));
        assert!(!installs(nr::READ, [set, 0, 0, 0, 0, 0]));
    }
}
