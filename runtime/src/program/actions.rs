//! The program's signal dispositions, as it set them: program state. The kernel has others: its handler is the runtime's
//! for every handler of the program.

use crate::base::statics::{Slot, Travels};
use crate::kernel::lock::Lock;
use crate::kernel::signal::{self, Action, SIG_DFL, SIG_IGN, SIGNALS};
use crate::kernel::sys;
use crate::program::alone::Alone;
use crate::program::filter;

type Table = [Action; SIGNALS];

/// By signal.
static TABLE: Travels<Slot<Table>> = Travels::new(Slot::new([Action::DEFAULT; SIGNALS]));
/// Held by whoever changes the table, and the kernel's dispositions with it.
static LOCK: Travels<Lock> = Travels::new(Lock::new());

/// Calls `f` while no other thread changes dispositions. No handler runs meanwhile, which might want to change them.
pub fn locked<R>(f: impl FnOnce() -> R) -> R {
    undisturbed(|| {
        let _held = LOCK.hold();
        f()
    })
}

/// Calls `f` while no handler runs on this thread.
pub fn undisturbed<R>(f: impl FnOnce() -> R) -> R {
    if filter::is_installed() {
        // It may forbid the calls.
        return f();
    }
    let mask = signal::set_mask(signal::ALL);
    let result = f();
    signal::set_mask(mask);
    result
}

fn entry(signal: u32) -> &'static mut Action {
    // SAFETY: plain words. Who writes them holds the lock; a handler that reads them while another thread writes sees
    // what a signal a moment earlier or later would have seen.
    unsafe { &mut TABLE.get()[signal as usize] }
}

/// The disposition of a signal, which is below [`SIGNALS`].
pub fn of(signal: u32) -> Action {
    *entry(signal)
}

/// Another disposition. The lock is held.
pub fn set(signal: u32, action: Action) {
    *entry(signal) = action;
}

/// What a signal that has arrived is to run. A handler that runs once is gone then, as it is in the kernel.
pub fn due(signal: u32) -> Action {
    let entry = entry(signal);
    let action = *entry;
    if action.has_handler() && action.flags & u64::from(sys::SA_RESETHAND) != 0 {
        entry.handler = SIG_DFL;
    }
    action
}

/// Whether a handler may run in this process. A child that shares no table answers for its parent too.
pub fn any_handler() -> bool {
    // SAFETY: plain words; a handler that is installed meanwhile in another thread is no handler of ours.
    let table = unsafe { TABLE.get() };
    table.iter().any(|action| action.handler > SIG_IGN)
}

/// Calls `visit` for every disposition that the program set, with its signal.
pub fn each(alone: &mut Alone, mut visit: impl FnMut(u32, Action)) {
    TABLE.with(alone, |table| {
        let numbered = (0..).zip(table.iter()).skip(1);
        numbered
            .filter(|(_, action)| **action != Action::DEFAULT)
            .for_each(|(number, action)| visit(number, *action));
    });
}
