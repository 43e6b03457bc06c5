//! How long each phase of a compilation took, and each ISA's back end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use popcorn_toolchains::Isa;

/// One phase of one compilation.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    pub phase: &'static str,
    /// The ISA that the phase worked for. `None` if it worked for all of them at once.
    pub isa: Option<&'static Isa>,
    pub took: Duration,
}

/// Collects times. Clones write to the same list, so one clock may serve several compilations, on several
/// threads. The default clock stands still and collects nothing.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Mutex<Vec<Time>>>>);

impl Clock {
    pub fn running() -> Clock {
        Clock(Some(Arc::default()))
    }

    /// What was collected, in the order in which phases ended. A phase that ran twice is there twice.
    pub fn times(&self) -> Vec<Time> {
        let list = self.0.as_deref();
        list.map_or_else(Vec::new, |list| {
            list.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }

    /// Does `work` and notes how long it took.
    pub(crate) fn time<T>(
        &self,
        phase: &'static str,
        isa: Option<&'static Isa>,
        work: impl FnOnce() -> T,
    ) -> T {
        let Some(list) = &self.0 else { return work() };
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(Time { phase, isa, took });
        result
    }
}
