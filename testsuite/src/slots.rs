//! A bound on how many of something go on at once.

use std::sync::{Condvar, Mutex};

/// A number of things that may go on at once.
pub struct Slots {
    free: Mutex<usize>,
    given: Condvar,
}

impl Slots {
    pub fn new(free: usize) -> Slots {
        Slots {
            free: Mutex::new(free),
            given: Condvar::new(),
        }
    }

    pub fn take(&self) -> Slot<'_> {
        let mut free = self.free.lock().expect("no panic");
        while *free == 0 {
            free = self.given.wait(free).expect("no panic");
        }
        *free -= 1;
        Slot(self)
    }
}

pub struct Slot<'a>(&'a Slots);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().expect("no panic") += 1;
        self.0.given.notify_one();
    }
}
