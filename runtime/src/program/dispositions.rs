//! The program's `rt_sigaction`, and the kernel's dispositions after a hop.

use crate::kernel::errno;
use crate::kernel::signal::{self, Action, MIGRATE_SIGNAL, SIGNALS};
use crate::program::alone::Alone;
use crate::program::signal_entry::{self, for_kernel};
use crate::program::{actions, identity};

/// The program's `rt_sigaction(signal, new, old, 8)`.
pub fn sigaction(args: [i64; 6]) -> i64 {
    let [signal, new, old, size, ..] = args;
    if size != 8 || !(1..SIGNALS as i64).contains(&signal) {
        return -i64::from(errno::EINVAL);
    }
    // SAFETY: the program's structure, if any.
    let new = (new != 0).then(|| unsafe { (new as *const Action).read_unaligned() });
    let before = match change(signal as u32, new) {
        Err(error) => return -i64::from(error),
        Ok(before) => before,
    };
    if old != 0 {
        // SAFETY: the program's structure.
        unsafe { (old as *mut Action).write_unaligned(before) };
    }
    0
}

fn change(signal: u32, new: Option<Action>) -> crate::kernel::Result<Action> {
    if signal == MIGRATE_SIGNAL {
        // Ours: the program sees a signal that it cannot change and that was never set.
        return Ok(Action::DEFAULT);
    }
    let Some(new) = new else {
        return signal::action(signal, None).map(|kernels| as_program_set_it(signal, kernels));
    };
    if !identity::is_own_process() {
        return of_child(signal, new);
    }
    actions::locked(|| {
        let before = actions::of(signal);
        // First, since from then on the kernel may call the handler.
        actions::set(signal, new);
        match signal::action(signal, Some(for_kernel(new))) {
            Ok(kernels) => Ok(merged(before, kernels)),
            Err(error) => {
                actions::set(signal, before);
                Err(error)
            }
        }
    })
}

/// A child that shares our memory until it execs has dispositions of its own, and our table is not of them: its handlers
/// are the kernel's.
fn of_child(signal: u32, new: Action) -> crate::kernel::Result<Action> {
    let kernels = Action {
        handler: new.handler,
        ..for_kernel(new)
    };
    signal::action(signal, Some(kernels)).map(|before| as_program_set_it(signal, before))
}

fn as_program_set_it(signal: u32, kernels: Action) -> Action {
    merged(actions::of(signal), kernels)
}

/// The kernel knows whether there is a handler: one may have run for the only time, and what was ignored at the start is
/// in no table.
fn merged(table: Action, kernels: Action) -> Action {
    if signal_entry::is_ours(kernels) {
        return table;
    }
    Action {
        handler: kernels.handler,
        ..table
    }
}

/// Installs every disposition again, after an exec.
pub fn reinstall(alone: &mut Alone) {
    actions::each(alone, |number, action| {
        // It was accepted before; nothing to do if it is not any more.
        let _ = signal::action(number, Some(for_kernel(action)));
    });
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
