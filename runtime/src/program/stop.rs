//! The stop protocol: one thread, the *coordinator*, brings all others to stand still, and lets them go on.
//!
//! The coordinator is who holds libc's list of threads, so meanwhile no thread begins or ends. Phases, each entered by the
//! coordinator when all threads are through with the one before:
//!
//! * *idle*: the program runs.
//! * *gather*: each thread is to come to a migration point, with all signals blocked and a stack that can be captured.
//!   Nothing is torn down yet: when one cannot, all return from their points (to *idle*).
//! * *capture*: each thread makes records of its own stack.
//! * *rebuild*: each thread makes its stack of the records again. When all stacks are whole: *idle*.
//!
//! A phase and the number of the stop are one word, which threads that stand still wait for. A thread says that it is
//! through with a phase by counting itself.

use core::sync::atomic::{AtomicU32, Ordering::*};

use crate::base::statics::{Slot, Travels};
use crate::base::text::Message;
use crate::incarnation;
use crate::kernel::lock::Lock;
use crate::kernel::signal::{self, MIGRATE_SIGNAL, Set};
use crate::kernel::{clock, futex, process};
use crate::program::thread::{self, Handle};
use crate::program::thread_list::{self, Attempt};

const IDLE: u32 = 0;
const GATHER: u32 = 1;
const CAPTURE: u32 = 2;
const REBUILD: u32 = 3;
const PHASES: u32 = 4;

incarnation! {
    /// The number of the stop, times [`PHASES`], and its phase.
    static STATE: AtomicU32 = AtomicU32::new(IDLE);
    /// Threads that are to count themselves.
    static EXPECTED: AtomicU32 = AtomicU32::new(0);
    /// Those that have, with [`CANNOT`], below the number of the stop: who comes too late for one is not counted in the
    /// next.
    static COUNTED: AtomicU32 = AtomicU32::new(0);
    /// Threads that stand still, and those that are about to go on.
    static STANDING: AtomicU32 = AtomicU32::new(0);
    /// Why a thread cannot stop.
    static REASON: Slot<Message> = Slot::new(Message::new());
    static REASON_LOCK: Lock = Lock::new();
}

/// Numbers of stops. A thread notes the last that it stood still for, and both travel.
static NUMBER: Travels<AtomicU32> = Travels::new(AtomicU32::new(0));

/// Of [`COUNTED`]: a thread cannot stop; the number of those that were counted; where the number of the stop begins.
const CANNOT: u32 = 1 << 15;
const COUNT: u32 = CANNOT - 1;
const NUMBER_SHIFT: u32 = 16;
/// More threads than this do not move together.
const MOST: usize = COUNT as usize;

/// How long the coordinator waits for the next thread, nanoseconds.
const PATIENCE: u64 = 500_000_000;
/// How long until threads that have not come are told again: at first, and at most.
const FIRST_WAIT: u64 = 1_000_000;
const LONGEST_WAIT: u64 = 64_000_000;
/// How long until a coordinator tries again to take the list of threads.
const MOMENT: u64 = 50_000;

/// Why the program could not be stopped.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no allocator to box the reason with"
)]
pub enum Failed {
    /// Another thread is coordinator, or the caller is in the middle of something: nothing to tell anybody.
    Busy,
    /// A thread cannot stop now.
    Cannot(Message),
}

/// Whether threads are to come to a migration point.
pub fn is_wanted() -> bool {
    STATE.load(SeqCst) % PHASES == GATHER
}

/// The calling thread is through with a phase (`add` is 1), or cannot stop, in the stop that `state` is of.
fn count(state: u32, add: u32) {
    let of_this_stop = |counted: u32| counted >> NUMBER_SHIFT == state / PHASES;
    let added = COUNTED.fetch_update(AcqRel, Acquire, |counted| {
        of_this_stop(counted).then_some(counted + add)
    });
    if let Ok(before) = added
        && (add == CANNOT || (before & COUNT) + 1 == EXPECTED.load(Acquire))
    {
        futex::wake(&COUNTED);
    }
}

/// Enters a phase of the stop with this number.
fn enter(number: u32, phase: u32) {
    COUNTED.store(number << NUMBER_SHIFT, SeqCst);
    STATE.store(number * PHASES + phase, SeqCst);
    futex::wake(&STATE);
}

/// Waits until the state is another than `state`; the new one.
fn wait_behind(state: u32) -> u32 {
    loop {
        match STATE.load(Acquire) {
            same if same == state => futex::wait(&STATE, state, None),
            other => return other,
        }
    }
}

/// All other threads stand still, or have been told to. Dropped, it lets them go on.
pub struct Stop {
    threads: u32,
    number: u32,
    /// How long it took until they stood, nanoseconds.
    took: u64,
}

impl Stop {
    /// Brings all other threads to a migration point. All signals are blocked; `raise` has every point call the runtime.
    pub fn begin(raise: fn()) -> Result<Self, Failed> {
        let began = clock::now();
        lock_list()?;
        // Those of the last stop are to get as far as others do.
        while STANDING.load(Acquire) != 0 {
            a_moment();
        }
        let own = thread::own();
        let threads = thread_list::others(own).count().min(MOST) as u32;
        let number = NUMBER.load(Relaxed).wrapping_add(1) % (1 << NUMBER_SHIFT);
        let mut stop = Self {
            threads,
            number,
            took: 0,
        };
        if threads == 0 {
            return Ok(stop);
        }
        NUMBER.store(number, Relaxed);
        EXPECTED.store(threads, Relaxed);
        enter(number, GATHER);
        raise();
        thread_list::wake_waiting();
        // Dropped, it aborts.
        stop.gather(own)?;
        stop.took = clock::now() - began;
        Ok(stop)
    }

    fn gather(&self, own: Handle) -> Result<(), Failed> {
        let (mut wait, mut idle, mut before) = (FIRST_WAIT, 0, 0);
        self.kick(own);
        loop {
            let word = COUNTED.load(Acquire);
            let counted = word & COUNT;
            if word & CANNOT != 0 {
                // SAFETY: written before, and no more in this stop.
                return Err(Failed::Cannot(unsafe { REASON.get().clone() }));
            }
            if counted == self.threads {
                return Ok(());
            }
            if counted != before {
                (before, idle) = (counted, 0);
            }
            if idle >= PATIENCE {
                let missing = self.threads - counted;
                return Err(Failed::Cannot(Message::of(format_args!(
                    "{missing} of its {} threads do not come to a migration point",
                    self.threads + 1
                ))));
            }
            let began = clock::now();
            futex::wait(&COUNTED, word, Some(wait));
            let waited = clock::now() - began;
            idle += waited;
            if waited >= wait {
                self.kick(own);
                wait = (2 * wait).min(LONGEST_WAIT);
            }
        }
    }

    /// Tells every thread that has not come.
    fn kick(&self, own: Handle) {
        let process = process::id();
        for other in thread_list::others(own) {
            if other.stopped_for() != self.number {
                let _ = signal::send_to_thread(process, other.kernel_id(), MIGRATE_SIGNAL);
            }
        }
    }

    /// Number of the others.
    pub fn threads(&self) -> u32 {
        self.threads
    }

    /// How long it took until they stood, nanoseconds.
    pub fn took(&self) -> u64 {
        self.took
    }

    /// Has them capture their stacks. From here on they need their records.
    pub fn capture(&mut self) {
        if self.threads != 0 {
            enter(self.number, CAPTURE);
        }
    }

    /// Waits until all are through with what they were told.
    pub fn wait(&self) {
        loop {
            let word = COUNTED.load(Acquire);
            if word & COUNT == self.threads {
                return;
            }
            futex::wait(&COUNTED, word, None);
        }
    }

    /// Has them rebuild their stacks, if they captured them.
    pub fn rebuild(&mut self) {
        if self.threads != 0 && STATE.load(Relaxed) % PHASES == CAPTURE {
            self.wait();
            enter(self.number, REBUILD);
        }
    }

    /// In a new incarnation: as many threads as arrive are going to rebuild their stacks.
    pub fn arriving(threads: u32) -> Self {
        let number = NUMBER.load(Relaxed);
        EXPECTED.store(threads, Relaxed);
        STANDING.store(threads, Relaxed);
        enter(number, REBUILD);
        Self {
            threads,
            number,
            took: 0,
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.rebuild();
        if self.threads != 0 {
            if STATE.load(Relaxed) % PHASES == REBUILD {
                self.wait();
            }
            enter(self.number, IDLE);
        }
        thread_list::unlock();
    }
}

/// Takes the list of threads, and with it the role of the coordinator.
fn lock_list() -> Result<(), Failed> {
    loop {
        match thread_list::try_lock() {
            Attempt::Taken => return Ok(()),
            // A point in libc's own code.
            Attempt::Own => return Err(Failed::Busy),
            Attempt::Busy if is_wanted() => return Err(Failed::Busy),
            Attempt::Busy => a_moment(),
        }
    }
}

/// Waits a moment. Whoever has the list of threads may want every thread to run libc's handler.
fn a_moment() {
    let all = signal::set_mask(signal::ALL & !(1 << (SIGSYNCCALL - 1)));
    clock::sleep(MOMENT);
    signal::set_mask(all);
}

/// The signal by which libc has all threads change their user, among others.
const SIGSYNCCALL: u32 = 34;

/// A thread that stands still: all signals are blocked. Dropped, it goes on.
pub struct Parked {
    /// The signal mask to go on with.
    mask: Set,
    state: u32,
    /// It was counted as one that stands.
    stands: bool,
}

/// At a migration point while [`is_wanted`]: `check` says whether the thread can stop here. Returns with a value when it
/// is to capture its stack.
pub fn park(check: impl FnOnce() -> Result<(), Message>) -> Option<Parked> {
    let mask = signal::set_mask(signal::ALL);
    let state = STATE.load(SeqCst);
    let mut parked = Parked {
        mask,
        state,
        stands: false,
    };
    if state % PHASES != GATHER {
        return None;
    }
    if let Err(reason) = check() {
        cannot(state, reason);
        return None;
    }
    thread::set_stopped_for(state / PHASES);
    STANDING.fetch_add(1, AcqRel);
    parked.stands = true;
    count(state, 1);
    parked.state = wait_behind(state);
    (parked.state == state - GATHER + CAPTURE).then_some(parked)
}

/// The calling thread cannot stop for the stop that `state` is of.
#[cold]
fn cannot(state: u32, reason: Message) {
    let _held = REASON_LOCK.hold();
    if STATE.load(SeqCst) == state && COUNTED.load(Acquire) & CANNOT == 0 {
        // SAFETY: the lock is held, and nobody reads it yet.
        unsafe { *REASON.get() = reason };
        count(state, CANNOT);
    }
}

impl Parked {
    /// The signal mask that the thread has when it goes on.
    pub fn mask(&self) -> Set {
        self.mask
    }

    /// A thread that arrives in a new incarnation, and goes on with this mask.
    pub fn arriving(mask: Set) -> Self {
        let state = STATE.load(Acquire);
        Self {
            mask,
            state,
            stands: true,
        }
    }

    /// The stack is records. Returns when it is to be a stack again.
    pub fn captured(&mut self) {
        count(self.state, 1);
        self.state = wait_behind(self.state);
    }

    /// The stack is whole again. Returns when all are.
    pub fn whole(self) {
        count(self.state, 1);
        wait_behind(self.state);
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        if self.stands {
            STANDING.fetch_sub(1, AcqRel);
        }
        signal::set_mask(self.mask);
    }
}

/// In a forked child: there is one thread, and no stop.
pub fn forked() {
    STANDING.store(0, Relaxed);
    if STATE.swap(NUMBER.load(Relaxed) * PHASES, Relaxed) % PHASES != IDLE {
        // Whoever held it is not here.
        thread_list::unlock();
    }
}
