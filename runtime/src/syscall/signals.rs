//! Signal dispositions: the kernel's structure per port, and a copy of every disposition that is
//! program state, so that handlers are installed again after a hop.

use super::{EINVAL, forward, nr};
use crate::arch::port;
use crate::cell::Global;

/// The signal of `popcorn migrate`: the last but two of the real-time signals, on every ISA. qemu-user
/// shows a program's real-time signal N to the host as N + 2.
pub const MIGRATE_SIGNAL: i64 = 62;

const SIGNALS: usize = 65;
const SA_RESTORER: u64 = 0x0400_0000;
const SIG_DFL: u64 = 0;
const SIG_SETMASK: i64 = 2;

/// `struct kernel_sigaction` of the base ABI.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    pub handler: u64,
    pub flags: u64,
    pub restorer: u64,
    pub mask: u64,
}

impl Action {
    const DEFAULT: Self = Self {
        handler: SIG_DFL,
        flags: 0,
        restorer: 0,
        mask: 0,
    };

    /// The words of this port's structure.
    fn to_port(self, restorer: bool) -> [u64; 4] {
        if restorer {
            [self.handler, self.flags, self.restorer, self.mask]
        } else {
            [self.handler, self.flags & !SA_RESTORER, self.mask, 0]
        }
    }

    fn from_port(words: [u64; 4], restorer: bool) -> Self {
        let [handler, flags, c, d] = words;
        let (restorer, mask) = if restorer { (c, d) } else { (0, c) };
        Self {
            handler,
            flags,
            restorer,
            mask,
        }
    }
}

/// Every disposition that the program set, by signal.
static TABLE: Global<[Action; SIGNALS]> = Global::new([Action::DEFAULT; SIGNALS]);

/// Installs or queries a disposition at the kernel.
pub fn install(signal: i64, new: Option<Action>) -> Result<Action, i64> {
    let restorer = port().restorer();
    let new = new.map(|action| action.to_port(restorer));
    let mut old = [0u64; 4];
    let at = new.as_ref().map_or(0, |words| words.as_ptr() as i64);
    let out = old.as_mut_ptr() as i64;
    let result = forward(nr::RT_SIGACTION, [signal, at, out, 8, 0, 0]);
    if result < 0 {
        return Err(result);
    }
    Ok(Action::from_port(old, restorer))
}

#[cfg(not(test))]
fn restorer(_: Action) -> u64 {
    crate::arch::restorer()
}

#[cfg(test)]
fn restorer(action: Action) -> u64 {
    action.restorer
}

/// `rt_sigaction(signal, new, old, 8)`.
pub fn sigaction(args: [i64; 6]) -> i64 {
    let [signal, new, old, size, ..] = args;
    if size != 8 || !(1..SIGNALS as i64).contains(&signal) {
        return -EINVAL;
    }
    // SAFETY: the program's structure, if any.
    let new = (new != 0).then(|| unsafe { (new as *const Action).read_unaligned() });
    // One place to return to, so that the unwinder knows a handler's frame.
    let new = new.map(|action| Action {
        restorer: restorer(action),
        ..action
    });
    let before = if signal == MIGRATE_SIGNAL {
        // Ours: the program sees a signal that it cannot change and that was never set.
        Ok(Action::DEFAULT)
    } else {
        install(signal, new)
    };
    match before {
        Err(error) => error,
        Ok(before) => {
            if let Some(new) = new
                && signal != MIGRATE_SIGNAL
                && super::state::is_own_process()
            {
                // SAFETY: one entry of plain words; two threads that race here race in the kernel too.
                unsafe { TABLE.get()[signal as usize] = new };
            }
            if old != 0 {
                // SAFETY: the program's structure.
                unsafe { (old as *mut Action).write_unaligned(before) };
            }
            0
        }
    }
}

/// Whether a handler may run in this process. A child that shares no table answers for its parent too.
pub fn any_handler() -> bool {
    const SIG_IGN: u64 = 1;
    // SAFETY: plain words; a handler that is installed meanwhile in another thread is no handler of ours.
    let table = unsafe { TABLE.get() };
    table.iter().any(|action| action.handler > SIG_IGN)
}

/// Installs every disposition of the table again, after a hop.
pub fn reinstall() {
    for signal in 1..SIGNALS {
        // SAFETY: one thread, no handler runs: signals are blocked.
        let action = unsafe { TABLE.get()[signal] };
        if action != Action::DEFAULT {
            // It was accepted before; nothing to do if it is not any more.
            let _ = install(signal as i64, Some(action));
        }
    }
}

/// Sets this thread's signal mask; returns the one before.
pub fn set_mask(mask: u64) -> u64 {
    let mut old = 0u64;
    let (new, out) = (&raw const mask as i64, &raw mut old as i64);
    forward(nr::RT_SIGPROCMASK, [SIG_SETMASK, new, out, 8, 0, 0]);
    old
}

/// Signals that are pending, one bit per signal from bit 0 for signal 1.
pub fn pending() -> u64 {
    let mut pending = 0u64;
    forward(nr::RT_SIGPENDING, [&raw mut pending as i64, 8, 0, 0, 0, 0]);
    pending
}

/// Every disposition that the program set, with its signal.
pub fn dispositions() -> impl Iterator<Item = (u64, Action)> {
    (1..SIGNALS).filter_map(|signal| {
        // SAFETY: plain words, and there is one thread.
        let action = unsafe { TABLE.get()[signal] };
        (action != Action::DEFAULT).then_some((signal as u64, action))
    })
}

/// This thread's signal mask.
pub fn mask() -> u64 {
    let mut old = 0u64;
    let out = &raw mut old as i64;
    forward(nr::RT_SIGPROCMASK, [SIG_SETMASK, 0, out, 8, 0, 0]);
    old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_of_the_ports() {
        let action = Action {
            handler: 0x1000,
            flags: SA_RESTORER | 4,
            restorer: 0x2000,
            mask: 0xff,
        };
        assert_eq!(
            action.to_port(true),
            [0x1000, SA_RESTORER | 4, 0x2000, 0xff]
        );
        assert_eq!(Action::from_port(action.to_port(true), true), action);
        assert_eq!(action.to_port(false), [0x1000, 4, 0xff, 0]);
        let back = Action::from_port([0x1000, 4, 0xff, 0], false);
        assert_eq!((back.handler, back.mask), (0x1000, 0xff));
    }

    #[test]
    fn the_migrate_signal_is_ours() {
        let new = Action {
            handler: 1,
            ..Action::DEFAULT
        };
        let mut old = Action { mask: 9, ..new };
        let (new, old_at) = (&raw const new as i64, &raw mut old as i64);
        assert_eq!(sigaction([MIGRATE_SIGNAL, new, old_at, 8, 0, 0]), 0);
        assert_eq!(old, Action::DEFAULT);
        assert_eq!(sigaction([65, new, 0, 8, 0, 0]), -EINVAL);
    }
}
