//! Signal dispositions: a copy of every one that the program set is program state, so that handlers are installed
//! again after a hop.

use crate::base::statics::{Slot, Travels};
use crate::kernel::signal::{self, Action, SIG_DFL, SIG_IGN, SIGNALS};
use crate::kernel::{errno, sys};
use crate::program::alone::Alone;
use crate::program::identity;

/// The signal of `popcorn migrate`. It is the runtime's: a program neither sees nor changes it.
pub const MIGRATE_SIGNAL: u32 = popcorn_metadata::request::SIGNAL;

type Table = [Action; SIGNALS];

/// Every disposition that the program set, by signal.
static TABLE: Travels<Slot<Table>> = Travels::new(Slot::new([Action::DEFAULT; SIGNALS]));

#[cfg(not(test))]
fn restorer(_: Action) -> u64 {
    crate::arch::restorer()
}

#[cfg(test)]
fn restorer(action: Action) -> u64 {
    action.restorer
}

/// The program's `rt_sigaction(signal, new, old, 8)`.
pub fn sigaction(args: [i64; 6]) -> i64 {
    let [signal, new, old, size, ..] = args;
    if size != 8 || !(1..SIGNALS as i64).contains(&signal) {
        return -i64::from(errno::EINVAL);
    }
    let signal = signal as u32;
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
        signal::action(signal, new)
    };
    let before = match before {
        Err(error) => return -i64::from(error),
        Ok(before) => before,
    };
    if let Some(new) = new
        && signal != MIGRATE_SIGNAL
        && identity::is_own_process()
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

/// Whether a handler may run in this process. A child that shares no table answers for its parent too.
pub fn any_handler() -> bool {
    // SAFETY: plain words; a handler that is installed meanwhile in another thread is no handler of ours.
    let table = unsafe { TABLE.get() };
    table.iter().any(|action| action.handler > SIG_IGN)
}

/// Takes in what the kernel has changed itself: a handler with `SA_RESETHAND` is gone once it has run.
pub fn ask_kernel(alone: &mut Alone) {
    TABLE.with(alone, |table| {
        for (number, action) in (0..).zip(table).skip(1) {
            let once = action.flags & u64::from(sys::SA_RESETHAND) != 0;
            if once
                && action.handler > SIG_IGN
                && signal::action(number, None).is_ok_and(|now| now.handler == SIG_DFL)
            {
                action.handler = SIG_DFL;
            }
        }
    });
}

/// Installs every disposition of the table again, after an exec.
pub fn reinstall(alone: &mut Alone) {
    TABLE.with(alone, |table| {
        for (number, action) in set(table) {
            // It was accepted before; nothing to do if it is not any more.
            let _ = signal::action(number, Some(action));
        }
    });
}

/// Calls `visit` for every disposition that the program set, with its signal.
pub fn each(alone: &mut Alone, mut visit: impl FnMut(u32, Action)) {
    TABLE.with(alone, |table| {
        set(table).for_each(|(number, action)| visit(number, action))
    });
}

fn set(table: &Table) -> impl Iterator<Item = (u32, Action)> + '_ {
    let numbered = (0..).zip(table).skip(1);
    numbered
        .filter(|(_, action)| **action != Action::DEFAULT)
        .map(|(number, action)| (number, *action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrate_signal_is_ours() {
        let new = Action::IGNORE;
        let mut old = Action { mask: 9, ..new };
        let (new, old_at) = (&raw const new as i64, &raw mut old as i64);
        assert_eq!(sigaction([MIGRATE_SIGNAL.into(), new, old_at, 8, 0, 0]), 0);
        assert_eq!(old, Action::DEFAULT);
        let bad = -i64::from(errno::EINVAL);
        assert_eq!(sigaction([65, new, 0, 8, 0, 0]), bad);
    }
}
