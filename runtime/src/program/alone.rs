//! [`Alone`]: proof that nothing else of the program runs.

use core::marker::PhantomData;

use crate::base::statics::Slot;
use crate::kernel::signal::{self, Set};
use crate::program::stop::{Failed, Flag, Stop};
use crate::program::thread_list;

/// No other thread of the program runs, and no signal handler can begin: all signals are blocked. Dropped, it lets
/// the other threads go on, and signals in again.
///
/// What changes the state of the whole program takes a reference to it.
pub struct Alone {
    /// The other threads, which stand still. None if there are none.
    stop: Option<Stop>,
    /// The signal mask to go on with.
    mask: Set,
    /// It is the proof of one thread.
    not_send: PhantomData<*const ()>,
}

impl Alone {
    /// Blocks all signals and brings all other threads to stand still.
    pub fn stop(flag: &dyn Flag) -> Result<Self, Failed> {
        let single = thread_list::count() <= 1;
        let mut alone = Self::with_mask(signal::set_mask(signal::ALL));
        if !single {
            match Stop::begin(flag) {
                Ok(stop) => alone.stop = Some(stop),
                Err(failed) => {
                    signal::set_mask(alone.mask);
                    core::mem::forget(alone);
                    return Err(failed);
                }
            }
        }
        #[cfg(feature = "faults")]
        crate::kernel::faults::begin();
        Ok(alone)
    }

    /// Number of the threads that stand still.
    pub fn others(&self) -> u32 {
        self.stop.as_ref().map_or(0, Stop::threads)
    }

    /// How long it took until they did, nanoseconds.
    pub fn took(&self) -> u64 {
        self.stop.as_ref().map_or(0, Stop::took)
    }

    /// Has the other threads capture their stacks.
    pub fn capture_others(&mut self) {
        self.stop.iter_mut().for_each(Stop::capture);
    }

    /// Waits until the other threads are through with what they were told.
    pub fn wait_for_others(&mut self) {
        self.stop.iter_mut().for_each(Stop::wait);
    }

    /// Has the other threads rebuild their stacks from the records.
    pub fn rebuild_others(&mut self) {
        self.stop.iter_mut().for_each(Stop::rebuild);
    }

    /// In a new incarnation: so many other threads arrive.
    pub fn arrive_with(&mut self, others: u32) {
        self.stop = Some(Stop::arriving(others));
    }

    /// At the start of an incarnation, before anything else runs: signals are as the exec left them, and none has a
    /// handler. Whoever goes on says with which mask, or ends it with [`begin_program`](Self::begin_program).
    ///
    /// # Safety
    /// Called on the kernel's stack, before code of the program has run.
    pub unsafe fn at_start() -> Self {
        Self::with_mask(0)
    }

    /// The program begins, with the signal mask that it was started with, but for the signal of requests.
    pub fn begin_program(self) {
        signal::let_request_in();
        core::mem::forget(self);
    }

    fn with_mask(mask: Set) -> Self {
        Self {
            stop: None,
            mask,
            not_send: PhantomData,
        }
    }

    /// The signal mask that the program has when this ends.
    pub fn mask(&self) -> Set {
        self.mask
    }

    /// Has another mask in force at the end: the program is another by then.
    pub fn set_mask(&mut self, mask: Set) {
        self.mask = mask;
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        #[cfg(feature = "faults")]
        crate::kernel::faults::end();
        drop(self.stop.take());
        signal::set_mask(self.mask);
    }
}

impl<T> Slot<T> {
    /// Uses the value: nothing else does meanwhile.
    pub fn with<R>(&self, _alone: &mut Alone, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: no other thread and no handler runs, and `f` has no `Alone` to come here again.
        f(unsafe { self.get() })
    }
}

impl<T: Copy> Slot<T> {
    /// A copy of the value.
    pub fn read(&self, _alone: &Alone) -> T {
        // SAFETY: no other thread and no handler runs; the reference ends here.
        unsafe { *self.get() }
    }

    pub fn write(&self, _alone: &Alone, value: T) {
        // SAFETY: as above.
        unsafe { *self.get() = value }
    }
}
