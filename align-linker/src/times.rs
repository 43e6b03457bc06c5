//! How long the phases of a link took.

use std::time::{Duration, Instant};

use popcorn_toolchains::Isa;

/// One phase.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    /// Its name.
    pub phase: &'static str,
    /// The ISA that it worked for. `None` if it worked for all of them at once.
    pub isa: Option<&'static Isa>,
    /// How long.
    pub took: Duration,
}

/// Phases that follow each other.
pub(crate) struct Times {
    times: Vec<Time>,
    last: Instant,
}

impl Times {
    /// The first phase begins.
    pub(crate) fn start() -> Self {
        Self {
            times: Vec::new(),
            last: Instant::now(),
        }
    }

    /// A phase has ended, and the next begins.
    pub(crate) fn lap(&mut self, phase: &'static str) {
        let took = self.last.elapsed();
        self.last = Instant::now();
        self.times.push(Time {
            phase,
            isa: None,
            took,
        });
    }

    /// A phase has ended that worked for one ISA beside the other.
    pub(crate) fn pass(
        &mut self,
        parts: impl Iterator<Item = (&'static str, &'static Isa, Duration)>,
    ) {
        self.last = Instant::now();
        self.times.extend(parts.map(|(phase, isa, took)| Time {
            phase,
            isa: Some(isa),
            took,
        }));
    }

    /// All, in their order.
    pub(crate) fn all(self) -> Vec<Time> {
        self.times
    }
}
