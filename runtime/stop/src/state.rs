//! The state of the protocol, and its transitions. Everything that threads tell each other is in this one word.

/// How far a stop is. What the count beside it counts depends on the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Phase {
    /// Nobody stops the program.
    Idle,
    /// There is a coordinator, which takes the list of threads: none begins or ends until it lets go of it.
    Claimed,
    /// All other threads are to come to a point and to stand there. Counted: those that have not answered.
    Gather,
    /// A thread said that it cannot stop: the coordinator is about to let all go on. Counted: those that have not
    /// answered.
    Failed,
    /// All others stand, and make records of their stacks. Counted: those that have not finished.
    Commit,
    /// They make stacks of their records again, and stand. Counted: those that have not finished. So does a program that
    /// arrives in a new process.
    Rebuild,
    /// Those that stood go on. Counted: those that have not left yet.
    Release,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::Idle,
        Self::Claimed,
        Self::Gather,
        Self::Failed,
        Self::Commit,
        Self::Rebuild,
        Self::Release,
    ];
}

/// The word, taken apart: a phase and a number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub phase: Phase,
    pub count: u32,
}

const PHASE_BITS: u32 = 3;
/// A kernel has room for 2^22 threads.
pub const MOST_THREADS: u32 = (1 << (u32::BITS - PHASE_BITS)) - 1;

const fn state(phase: Phase, count: u32) -> State {
    State { phase, count }
}

impl State {
    pub const IDLE: Self = state(Phase::Idle, 0);

    pub const fn to_bits(self) -> u32 {
        self.count << PHASE_BITS | self.phase as u32
    }

    pub fn from_bits(bits: u32) -> Self {
        let phase = Phase::ALL.get((bits & ((1 << PHASE_BITS) - 1)) as usize);
        // Only `to_bits` makes words.
        state(*phase.unwrap_or(&Phase::Idle), bits >> PHASE_BITS)
    }

    /// A thread becomes the coordinator.
    pub fn claim(self) -> Option<Self> {
        (self == Self::IDLE).then_some(state(Phase::Claimed, 0))
    }

    /// The coordinator has the list of threads: all others are called.
    pub fn gather(self, others: u32) -> Option<Self> {
        (self.phase == Phase::Claimed).then_some(state(Phase::Gather, others))
    }

    /// A thread stands at a point, and its stack can be captured.
    pub fn ready(self) -> Option<Self> {
        self.one_less(Phase::Gather)
    }

    /// A thread cannot stop.
    pub fn refuse(self) -> Option<Self> {
        (self.phase == Phase::Gather && self.count > 0).then_some(state(Phase::Failed, self.count))
    }

    /// All have answered: from here on there is no way back but through records.
    pub fn commit(self, others: u32) -> Option<Self> {
        (self == state(Phase::Gather, 0)).then_some(state(Phase::Commit, others))
    }

    /// A thread's stack is records.
    pub fn captured(self) -> Option<Self> {
        self.one_less(Phase::Commit)
    }

    /// Not all have answered: those that have go on.
    pub fn give_up(self, others: u32) -> Option<Self> {
        let missing = matches!(self.phase, Phase::Gather | Phase::Failed) && self.count > 0;
        missing.then(|| Self::release_of(others - self.count))
    }

    /// The process stays, with what it was stopped for done or not: all make stacks of their records.
    pub fn rebuild(self, others: u32) -> Option<Self> {
        (self == state(Phase::Commit, 0)).then_some(Self::arriving(others))
    }

    /// A thread's stack is whole again.
    pub fn rebuilt(self) -> Option<Self> {
        self.one_less(Phase::Rebuild)
    }

    /// All stand, with whole stacks, and go on.
    pub fn release(self, others: u32) -> Option<Self> {
        let all = matches!(self.phase, Phase::Gather | Phase::Rebuild) && self.count == 0;
        all.then(|| Self::release_of(others))
    }

    /// A thread that stood goes on.
    pub fn leave(self) -> Option<Self> {
        let after = self.one_less(Phase::Release)?;
        Some(Self::release_of(after.count))
    }

    /// In a new incarnation of the program: so many other threads arrive, and make stacks of their records.
    pub const fn arriving(others: u32) -> Self {
        state(Phase::Rebuild, others)
    }

    /// So many threads still have to leave.
    fn release_of(standing: u32) -> Self {
        match standing {
            0 => Self::IDLE,
            _ => state(Phase::Release, standing),
        }
    }

    fn one_less(self, phase: Phase) -> Option<Self> {
        (self.phase == phase && self.count > 0).then(|| state(phase, self.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        for phase in Phase::ALL {
            for count in [0, 1, MOST_THREADS] {
                let there = state(phase, count);
                assert_eq!(State::from_bits(there.to_bits()), there);
            }
        }
        assert_eq!(State::IDLE.to_bits(), 0);
    }
}
