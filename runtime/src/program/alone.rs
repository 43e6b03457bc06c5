//! [`Alone`]: proof that nothing else of the program runs.

use core::marker::PhantomData;

use crate::base::statics::Slot;
use crate::kernel::signal::{self, Set};
use crate::program::thread;

/// No other thread of the program runs, and no signal handler can begin: all signals are blocked. Dropped, it lets
/// signals in again.
///
/// What changes the state of the whole program takes a reference to it.
pub struct Alone {
    /// The signal mask to go on with.
    mask: Set,
    /// It is the proof of one thread.
    not_send: PhantomData<*const ()>,
}

/// The program has this many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(pub i64);

impl Alone {
    /// Blocks all signals, if the calling thread is the only one.
    pub fn stop() -> Result<Self, Threads> {
        match thread::count() {
            ..=1 => {
                #[cfg(feature = "faults")]
                crate::kernel::faults::begin();
                Ok(Self::with_mask(signal::set_mask(signal::ALL)))
            }
            threads => Err(Threads(threads)),
        }
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
