//! A thread that finds itself at a point while another stops the program.

use crate::machine::{Action, Machine, Outcome, Step, Who};
use crate::state::{Phase, State};
use crate::word::{Word, change, look};

/// What a thread that stood does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stood {
    /// It stood, and the stop was given up: it goes on.
    GoOn,
    /// The stop had been given up before it answered: it is at a point as if it had just come. If all were late, nobody
    /// else would take up what is wanted.
    TooLate,
    /// It captures its stack, and is then [`Captured`].
    Capture,
}

/// The thread's stack was checked, and all its signals are blocked: it stands until it is told what to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stand(AtStand);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum AtStand {
    Answer,
    Wait,
    Leave(Leave),
}

impl Stand {
    pub const READY: Self = Self(AtStand::Answer);
}

impl Machine for Stand {
    type End = Stood;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Stood> {
        match &mut self.0 {
            AtStand::Answer => match change(word, State::ready) {
                Ok(now) => {
                    self.0 = AtStand::Wait;
                    wake_at_zero(now, Who::Coordinator)
                }
                Err(_) => Step::End(Stood::TooLate),
            },
            AtStand::Wait => match look(word) {
                State {
                    phase: Phase::Commit,
                    ..
                } => Step::End(Stood::Capture),
                State {
                    phase: Phase::Release,
                    ..
                } => {
                    self.0 = AtStand::Leave(Leave::new());
                    Step::Next
                }
                now => stand(now),
            },
            AtStand::Leave(leave) => match leave.step(word, Outcome::Done) {
                Step::Next => Step::Next,
                Step::Do(action) => Step::Do(action),
                Step::End(()) => Step::End(Stood::GoOn),
            },
        }
    }
}

/// The thread cannot stop: whoever called is told at once. What is in the way is to be noted before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refuse(bool);

impl Refuse {
    pub const NOW: Self = Self(false);
}

impl Machine for Refuse {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        if !self.0 && change(word, State::refuse).is_ok() {
            self.0 = true;
            return Step::Do(Action::Wake(Who::Coordinator));
        }
        Step::End(())
    }
}

/// The thread's stack is records. The machine ends when the thread is to resume from them (which it is not if the
/// process moves: then the thread ends here); then it [`Leave`]s.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Captured(bool);

impl Captured {
    pub const DONE: Self = Self(false);
}

impl Machine for Captured {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        if !self.0 {
            self.0 = true;
            return match change(word, State::captured) {
                Ok(now) => wake_at_zero(now, Who::Coordinator),
                Err(_) => Step::Next,
            };
        }
        match look(word) {
            State {
                phase: Phase::Release,
                ..
            } => Step::End(()),
            now => stand(now),
        }
    }
}

/// The thread's stack is whole, and it goes on. The last to leave ends the stop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Leave(bool);

impl Leave {
    #[allow(clippy::new_without_default, reason = "it stands for an event")]
    pub const fn new() -> Self {
        Self(false)
    }
}

impl Machine for Leave {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        if !self.0 {
            self.0 = true;
            if change(word, State::leave) == Ok(State::IDLE) {
                return Step::Do(Action::Wake(Who::Next));
            }
        }
        Step::End(())
    }
}

fn wake_at_zero<T>(now: State, who: Who) -> Step<T> {
    match now.count {
        0 => Step::Do(Action::Wake(who)),
        _ => Step::Next,
    }
}

fn stand<T>(now: State) -> Step<T> {
    Step::Do(Action::Wait {
        value: now.to_bits(),
        who: Who::Standing,
        bounded: false,
    })
}
