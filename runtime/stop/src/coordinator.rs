//! The thread that stops the others: [`Gather`], [`Commit`], [`Collect`]; and, if the process stays, [`Rebuild`],
//! [`CollectWhole`], [`Release`].
//!
//! What one machine ends with is what the next begins with, so a wrong order does not compile.

use crate::machine::{Action, Machine, Outcome, Step, Who};
use crate::state::{Phase, State};
use crate::word::{Word, change, look};

/// Brings all other threads to stand. Begun at a point with all signals blocked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gather {
    at: At,
    others: u32,
    /// How often all are kicked without one more answer before the coordinator gives up, and how often it still may.
    rounds: u8,
    left: u8,
    /// How many had not answered at the last kick.
    missing: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum At {
    Claim,
    Lock,
    Counted,
    Raise,
    CallWaiting,
    Kick,
    Await,
    GiveUp(Failure),
}

/// All other threads stand; nothing of theirs is torn down. They are let go on ([`Release`]) or told to capture their
/// stacks ([`Commit`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Gathered {
    others: u32,
}

/// All other threads were told to capture their stacks; [`Collect`] waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Committed {
    others: u32,
}

/// The stacks of all other threads are records. If the process stays, they [`Rebuild`] them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Stopped {
    others: u32,
}

/// All other threads were told to make stacks of their records; [`CollectWhole`] waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Rebuilding {
    others: u32,
}

/// The stacks of all other threads are whole. [`Release`] lets them go on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Whole {
    others: u32,
}

/// Why the other threads do not stand. The coordinator lets those go on that do ([`Release`]), unless it never was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Another thread stops the program, or lets it go on, right now.
    Busy,
    /// The thread has the list of threads itself: it is in the middle of creating one or of ending.
    Inside,
    /// A thread said that it cannot.
    Refused,
    /// So many threads did not come to a point in time.
    TimedOut(u32),
}

/// How gathering ends.
pub type Outcomes = Result<Gathered, (Failure, Release)>;

impl Gather {
    /// Gives up when this many rounds of kicks brought no answer.
    pub fn new(rounds: u8) -> Self {
        Self {
            at: At::Claim,
            others: 0,
            rounds,
            left: rounds,
            missing: u32::MAX,
        }
    }

    fn go_to<T>(&mut self, at: At) -> Step<T> {
        self.at = at;
        Step::Next
    }

    fn act<T>(&mut self, action: Action, then: At) -> Step<T> {
        self.at = then;
        Step::Do(action)
    }

    fn fail(&self, failure: Failure, release: Release) -> Step<Outcomes> {
        Step::End(Err((failure, release)))
    }

    /// Some have not answered: waits, or, after having done so in vain, kicks again or gives up.
    fn missing(&mut self, now: State, outcome: Outcome) -> Step<Outcomes> {
        if outcome != Outcome::TimedOut {
            return Step::Do(Action::Wait {
                value: now.to_bits(),
                who: Who::Coordinator,
                bounded: true,
            });
        }
        if now.count < self.missing {
            (self.missing, self.left) = (now.count, self.rounds);
        }
        if self.left == 0 {
            return self.go_to(At::GiveUp(Failure::TimedOut(now.count)));
        }
        self.left -= 1;
        self.go_to(At::Kick)
    }
}

impl Machine for Gather {
    type End = Outcomes;

    fn step<W: Word>(&mut self, word: &W, outcome: Outcome) -> Step<Outcomes> {
        match self.at {
            At::Claim => match change(word, State::claim) {
                Ok(_) => self.go_to(At::Lock),
                Err(_) => self.fail(Failure::Busy, Release::nobody()),
            },
            At::Lock => self.act(Action::LockThreads, At::Counted),
            At::Counted => {
                let Outcome::Others(others) = outcome else {
                    return self.fail(Failure::Inside, Release::claimed());
                };
                self.others = others;
                match change(word, |now| now.gather(others)) {
                    Ok(State { count: 0, .. }) => Step::End(Ok(Gathered { others })),
                    _ => self.go_to(At::Raise),
                }
            }
            At::Raise => self.act(Action::RaiseFlag, At::CallWaiting),
            At::CallWaiting => self.act(Action::CallWaiting, At::Kick),
            At::Kick => self.act(Action::Kick, At::Await),
            At::Await => match look(word) {
                State {
                    phase: Phase::Failed,
                    ..
                } => self.go_to(At::GiveUp(Failure::Refused)),
                State { count: 0, .. } => Step::End(Ok(Gathered {
                    others: self.others,
                })),
                now => self.missing(now, outcome),
            },
            At::GiveUp(failure) => {
                let others = self.others;
                match change(word, |now| now.give_up(others)) {
                    Ok(next) => self.fail(failure, Release::given_up(next)),
                    // The last answer came in the last moment. Given up now, nobody would be late, and try again.
                    Err(_) => Step::End(Ok(Gathered { others })),
                }
            }
        }
    }
}

impl Gathered {
    /// How many threads stand beside the coordinator.
    pub fn others(&self) -> u32 {
        self.others
    }
}

/// Tells all who stand to capture their stacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commit(Tell);

/// Tells all who stand to make stacks of their records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rebuild(Tell);

/// Begins a phase, and wakes those who stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Tell {
    others: u32,
    begun: bool,
    woken: bool,
}

impl Tell {
    fn new(others: u32) -> Self {
        Self {
            others,
            begun: false,
            woken: others == 0,
        }
    }

    fn step<W: Word>(&mut self, word: &W, begin: fn(State, u32) -> Option<State>) -> Step<u32> {
        let others = self.others;
        if !self.begun {
            self.begun = true;
            let _ = change(word, |now| begin(now, others));
            Step::Next
        } else if !self.woken {
            self.woken = true;
            Step::Do(Action::Wake(Who::Standing))
        } else {
            Step::End(others)
        }
    }
}

impl Commit {
    pub fn new(gathered: Gathered) -> Self {
        Self(Tell::new(gathered.others))
    }
}

impl Machine for Commit {
    type End = Committed;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Committed> {
        let step = self.0.step(word, State::commit);
        step.map(|others| Committed { others })
    }
}

impl Rebuild {
    pub fn new(stopped: Stopped) -> Self {
        Self(Tell::new(stopped.others))
    }
}

impl Machine for Rebuild {
    type End = Rebuilding;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Rebuilding> {
        let step = self.0.step(word, State::rebuild);
        step.map(|others| Rebuilding { others })
    }
}

impl Committed {
    /// How many threads there are beside the coordinator.
    pub fn others(&self) -> u32 {
        self.others
    }
}

impl Rebuilding {
    /// In a new incarnation of the program, whose word is [`State::arriving`].
    pub fn arriving(others: u32) -> Self {
        Self { others }
    }

    /// How many threads there are beside the coordinator.
    pub fn others(&self) -> u32 {
        self.others
    }
}

/// Waits until the stacks of all others are records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Collect(u32);

/// Waits until the stacks of all others are whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectWhole(u32);

impl Collect {
    pub fn new(committed: Committed) -> Self {
        Self(committed.others)
    }
}

impl CollectWhole {
    pub fn new(rebuilding: Rebuilding) -> Self {
        Self(rebuilding.others)
    }
}

impl Machine for Collect {
    type End = Stopped;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Stopped> {
        all(word, Stopped { others: self.0 })
    }
}

impl Machine for CollectWhole {
    type End = Whole;

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<Whole> {
        all(word, Whole { others: self.0 })
    }
}

/// The end if all have finished with the phase; else waits.
fn all<W: Word, T>(word: &W, end: T) -> Step<T> {
    match look(word) {
        State { count: 0, .. } => Step::End(end),
        now => Step::Do(Action::Wait {
            value: now.to_bits(),
            who: Who::Coordinator,
            bounded: false,
        }),
    }
}

impl Stopped {
    /// How many threads stand beside the coordinator.
    pub fn others(&self) -> u32 {
        self.others
    }
}

/// Lets all go on that stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "nobody else lets the threads go on"]
pub struct Release {
    at: AtRelease,
    others: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum AtRelease {
    /// It claimed, and could not take the list of threads.
    Unclaim,
    Unlock,
    Release,
    /// The word says already that those go on who stand.
    UnlockThen(Who),
    Wake(Who),
    End,
}

impl Release {
    /// There was no stop.
    fn nobody() -> Self {
        Self {
            at: AtRelease::End,
            others: 0,
        }
    }

    fn claimed() -> Self {
        Self {
            at: AtRelease::Unclaim,
            others: 0,
        }
    }

    fn given_up(next: State) -> Self {
        Self {
            at: AtRelease::UnlockThen(whom(next)),
            others: 0,
        }
    }

    fn standing(others: u32) -> Self {
        Self {
            at: AtRelease::Unlock,
            others,
        }
    }
}

impl From<Gathered> for Release {
    fn from(gathered: Gathered) -> Self {
        Self::standing(gathered.others)
    }
}

impl From<Whole> for Release {
    fn from(whole: Whole) -> Self {
        Self::standing(whole.others)
    }
}

/// Who is to be woken in this state after a stop.
fn whom(next: State) -> Who {
    match next.phase {
        Phase::Release => Who::Standing,
        _ => Who::Next,
    }
}

impl Machine for Release {
    type End = ();

    fn step<W: Word>(&mut self, word: &W, _: Outcome) -> Step<()> {
        let others = self.others;
        match self.at {
            AtRelease::Unclaim => {
                let _ = change(word, |now| {
                    (now.phase == Phase::Claimed).then_some(State::IDLE)
                });
                self.at = AtRelease::Wake(Who::Next);
                Step::Next
            }
            AtRelease::Unlock => {
                self.at = AtRelease::Release;
                Step::Do(Action::UnlockThreads)
            }
            AtRelease::Release => {
                let next = change(word, |now| now.release(others));
                self.at = AtRelease::Wake(whom(next.unwrap_or(State::IDLE)));
                Step::Next
            }
            AtRelease::UnlockThen(who) => {
                self.at = AtRelease::Wake(who);
                Step::Do(Action::UnlockThreads)
            }
            AtRelease::Wake(who) => {
                self.at = AtRelease::End;
                Step::Do(Action::Wake(who))
            }
            AtRelease::End => Step::End(()),
        }
    }
}
