//! A thread at a migration point with the flag up: what is it to be?

use core::sync::atomic::Ordering;

use crate::machine::{Action, Machine, Outcome, Step, Who};
use crate::state::{Phase, State};
use crate::word::{Word, change, look};

/// What a thread at a point is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Something is wanted and nobody stops the program: it may [`Gather`](crate::Gather) the others. Afterwards it is at
    /// a point again, unless the stop failed: something else may be wanted.
    Coordinate,
    /// The program is being stopped: it [`Stand`](crate::Stand)s or [`Refuse`](crate::Refuse)s.
    Stand,
    /// Nothing: it goes on.
    GoOn,
}

/// Finds out the role. Nothing wanted lowers the flag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Point(At);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum At {
    Look,
    Idle,
    Busy,
    Lowered,
    AskAgain,
    Asked,
    Raised,
}

impl Point {
    pub const REACHED: Self = Self(At::Look);
}

impl Machine for Point {
    type End = Role;

    fn step<W: Word>(&mut self, word: &W, outcome: Outcome) -> Step<Role> {
        match self.0 {
            At::Look => match look(word) {
                State {
                    phase: Phase::Gather,
                    ..
                } => Step::End(Role::Stand),
                // The stop is about to call all threads, this one too: it need not wait for that.
                State {
                    phase: Phase::Claimed,
                    ..
                } => Step::End(Role::GoOn),
                State {
                    phase: Phase::Idle, ..
                } => {
                    self.0 = At::Idle;
                    Step::Do(Action::AskWanted)
                }
                _ => {
                    self.0 = At::Busy;
                    Step::Do(Action::AskWanted)
                }
            },
            At::Idle => match outcome {
                Outcome::Wanted(true) => Step::End(Role::Coordinate),
                _ => {
                    self.0 = At::Lowered;
                    Step::Do(Action::LowerFlag)
                }
            },
            // A stop ends. Who wants something waits for that, since nobody would call it again.
            At::Busy => match (outcome, look(word)) {
                (Outcome::Wanted(true), now)
                    if matches!(now.phase, Phase::Failed | Phase::Release) =>
                {
                    self.0 = At::Look;
                    wait(now)
                }
                (Outcome::Wanted(true), _) => {
                    self.0 = At::Look;
                    Step::Next
                }
                _ => Step::End(Role::GoOn),
            },
            // Both may have come in between.
            At::Lowered => {
                word.fence(Ordering::SeqCst);
                match look(word).phase {
                    Phase::Claimed | Phase::Gather => {
                        self.0 = At::Raised;
                        Step::Do(Action::RaiseFlag)
                    }
                    _ => {
                        self.0 = At::AskAgain;
                        Step::Next
                    }
                }
            }
            At::AskAgain => {
                self.0 = At::Asked;
                Step::Do(Action::AskWanted)
            }
            At::Asked => match outcome {
                Outcome::Wanted(true) => {
                    self.0 = At::Raised;
                    Step::Do(Action::RaiseFlag)
                }
                _ => Step::End(Role::GoOn),
            },
            At::Raised => {
                self.0 = At::Look;
                Step::Next
            }
        }
    }
}

fn wait<T>(now: State) -> Step<T> {
    Step::Do(Action::Wait {
        value: now.to_bits(),
        who: Who::Next,
        bounded: false,
    })
}

/// In the child of a fork, which has one thread: it has inherited no stop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Forked;

impl Machine for Forked {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        let _ = change(word, |_| Some(State::IDLE));
        Step::End(())
    }
}
