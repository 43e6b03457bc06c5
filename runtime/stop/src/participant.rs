//! A thread that finds itself at a point while another stops the program.

use crate::machine::{Action, Machine, Outcome, Step, Who};
use crate::state::{Phase, State};
use crate::word::{Word, change, look};

/// What a thread that stood does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stood {
    /// The stop was given up: it [`Leave`]s.
    Leave,
    /// The stop had been given up before it answered: it is at a point as if it had just come. If all were late, nobody
    /// else would take up what is wanted.
    TooLate,
    /// It captures its stack, and is then [`Captured`].
    Capture,
}

/// The thread's stack was checked, and all its signals are blocked: it stands until it is told what to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stand(bool);

impl Stand {
    pub const READY: Self = Self(false);
}

impl Machine for Stand {
    type End = Stood;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Stood> {
        if !self.0 {
            self.0 = true;
            return match change(word, State::ready) {
                Ok(now) => wake_at_zero(now),
                Err(_) => Step::End(Stood::TooLate),
            };
        }
        let now = look(word);
        match now.phase {
            Phase::Commit => Step::End(Stood::Capture),
            Phase::Release => Step::End(Stood::Leave),
            _ => stand(now),
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

/// The thread's stack is records. The machine ends when it is to make a stack of them again and to say that it is
/// [`Rebuilt`]. If the process moves, the thread ends here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Captured(bool);

impl Captured {
    pub const DONE: Self = Self(false);
}

impl Machine for Captured {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        finish(&mut self.0, word, State::captured, Phase::Rebuild)
    }
}

/// The thread's stack is whole again. The machine ends when the thread is to [`Leave`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rebuilt(bool);

impl Rebuilt {
    pub const DONE: Self = Self(false);
}

impl Machine for Rebuilt {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        finish(&mut self.0, word, State::rebuilt, Phase::Release)
    }
}

/// Says that the thread has finished with a phase, and stands until another begins.
fn finish<W: Word>(
    said: &mut bool,
    word: &W,
    finished: fn(State) -> Option<State>,
    next: Phase,
) -> Step<()> {
    if !*said {
        *said = true;
        return match change(word, finished) {
            Ok(now) => wake_at_zero(now),
            Err(_) => Step::Next,
        };
    }
    match look(word) {
        now if now.phase == next => Step::End(()),
        now => stand(now),
    }
}

/// The thread goes on. The last to leave ends the stop.
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

fn wake_at_zero<T>(now: State) -> Step<T> {
    match now.count {
        0 => Step::Do(Action::Wake(Who::Coordinator)),
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
