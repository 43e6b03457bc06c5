//! What a thread does, as a machine: each step uses the word at most once, and then says what is to be done outside.
//!
//! The same machines run in programs ([`run`]) and under the checkers, which choose whose step comes next.

use crate::word::Word;

/// Who waits on the word. The values are bits of a futex's set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Who {
    /// The coordinator, for the last of those whom it waits for.
    Coordinator = 1,
    /// A thread that stands.
    Standing = 2,
    /// A thread that wants to be the next coordinator.
    Next = 4,
}

/// What is to be done outside the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Wait to be woken, unless the word is no longer this. The coordinator's wait may be bounded.
    Wait {
        value: u32,
        who: Who,
        bounded: bool,
    },
    /// Wake all of these.
    Wake(Who),
    /// Take the list of threads, so that none begins or ends, and the last that ended is gone for the kernel, too; say
    /// how many others there are.
    LockThreads,
    UnlockThreads,
    /// Send those to a point who wait for the list of threads.
    CallWaiting,
    /// Raise the flag that points read.
    RaiseFlag,
    LowerFlag,
    /// Say whether something is wanted of a point.
    AskWanted,
    /// Make every other thread that has not answered look at the flag.
    Kick,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    /// The wait reached its bound.
    TimedOut,
    /// The number of threads but the caller.
    Others(u32),
    Wanted(bool),
}

/// What a machine's step leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step<T> {
    /// Another step.
    Next,
    /// An action, whose outcome is for the step after.
    Do(Action),
    /// The end.
    End(T),
}

impl<T> Step<T> {
    /// The same, with another end.
    pub fn map<U>(self, end: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Next => Step::Next,
            Self::Do(action) => Step::Do(action),
            Self::End(value) => Step::End(end(value)),
        }
    }
}

/// A part of the protocol that a thread goes through.
pub trait Machine {
    type End;

    /// One step, after an action with this outcome.
    fn step<W: Word>(&mut self, word: &W, outcome: Outcome) -> Step<Self::End>;
}

/// The machine's surroundings: what a process is to it.
pub trait System {
    type Word: Word;

    fn word(&self) -> &Self::Word;
    fn act(&self, action: Action) -> Outcome;
}

/// Runs a machine to its end.
pub fn run<M: Machine, S: System>(mut machine: M, system: &S) -> M::End {
    let mut outcome = Outcome::Done;
    loop {
        match machine.step(system.word(), outcome) {
            Step::Next => outcome = Outcome::Done,
            Step::Do(action) => outcome = system.act(action),
            Step::End(end) => return end,
        }
    }
}
