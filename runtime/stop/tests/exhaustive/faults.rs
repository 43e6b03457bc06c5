//! Faults that are put into the protocol's surroundings, to see that the exploration finds each.

use popcorn_stop::{Action, Phase, State, Who};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    None,
    /// A kick between a call's test and the kernel does not end the call.
    Inexact,
    /// A thread that ends passes no point after it has blocked its signals.
    NoLastPoint,
    /// A machine's action is not done; waiting is done without a look at the word.
    Action(&'static str, Kind),
    /// A machine's transition is not stored.
    Store(&'static str, Phase, Phase),
}

/// Actions by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Wait(Who),
    Wake(Who),
    LockThreads,
    UnlockThreads,
    CallWaiting,
    RaiseFlag,
    LowerFlag,
    AskWanted,
    Kick,
}

impl Kind {
    pub fn of(action: Action) -> Self {
        match action {
            Action::Wait { who, .. } => Self::Wait(who),
            Action::Wake(who) => Self::Wake(who),
            Action::LockThreads => Self::LockThreads,
            Action::UnlockThreads => Self::UnlockThreads,
            Action::CallWaiting => Self::CallWaiting,
            Action::RaiseFlag => Self::RaiseFlag,
            Action::LowerFlag => Self::LowerFlag,
            Action::AskWanted => Self::AskWanted,
            Action::Kick => Self::Kick,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Wait(_) => "waits",
            Self::Wake(_) => "wakes",
            Self::LockThreads => "wants the list of threads",
            Self::UnlockThreads => "lets go of the list of threads",
            Self::CallWaiting => "calls those who wait for the list",
            Self::RaiseFlag => "raises the flag",
            Self::LowerFlag => "lowers the flag",
            Self::AskWanted => "looks whether something is wanted",
            Self::Kick => "kicks",
        }
    }
}

impl Fault {
    pub fn loses_action(self, machine: &'static str, action: Action) -> bool {
        seen(Self::Action(machine, Kind::of(action)));
        self == Self::Action(machine, Kind::of(action))
    }

    pub fn skips_last_point(self) -> bool {
        self == Self::NoLastPoint
    }

    pub fn loses_store(self, machine: &'static str, from: u32, to: u32) -> bool {
        if from == to {
            return false;
        }
        let (from, to) = (State::from_bits(from).phase, State::from_bits(to).phase);
        seen(Self::Store(machine, from, to));
        self == Self::Store(machine, from, to)
    }
}

thread_local! {
    /// All places where something could have gone wrong.
    static SEEN: std::cell::RefCell<std::collections::HashSet<Fault>> = std::cell::RefCell::default();
}

fn seen(fault: Fault) {
    SEEN.with_borrow_mut(|seen| {
        seen.insert(fault);
    });
}

/// All places that explorations of this thread have come by.
pub fn places() -> Vec<Fault> {
    let mut places: Vec<Fault> = SEEN.with_borrow(|seen| seen.iter().copied().collect());
    places.sort_by_key(|place| format!("{place:?}"));
    places
}
