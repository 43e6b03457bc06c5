//! The stop protocol in this process: the machines of `popcorn-stop` on a word of the incarnation's, its futex, libc's
//! list of threads and the signal that kicks. `docs/stop.md` describes the protocol.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering::*, fence};

pub use popcorn_stop::Role;

use popcorn_stop::{
    Action, Captured, Collect, CollectWhole, Commit, Committed, Failure, Forked, Gather, Gathered,
    Leave, MOST_THREADS, Outcome, Phase, Point, Rebuild, Rebuilding, Rebuilt, Refuse, Stand, State,
    Stood, Stopped, System, Whole, run,
};

use crate::base::statics::Slot;
use crate::base::text::Message;
use crate::incarnation;
use crate::kernel::lock::Lock;
use crate::kernel::signal::{self, MIGRATE_SIGNAL, Set};
use crate::kernel::{clock, futex, process};
use crate::program::thread;
use crate::program::thread_list::{self, Attempt};

incarnation! {
    /// The state of the protocol.
    static WORD: AtomicU32 = AtomicU32::new(State::IDLE.to_bits());
    /// Why a thread cannot stop.
    static REASON: Slot<Message> = Slot::new(Message::new());
    static REASON_LOCK: Lock = Lock::new();
}

/// How long the coordinator waits for one more thread before it kicks again, nanoseconds: at first, and at most, since it
/// doubles; and how often it kicks again. In all, half a second without an answer.
const FIRST_WAIT: u64 = 1_000_000;
const LONGEST_WAIT: u64 = 128_000_000;
const ROUNDS: u8 = 9;
/// How often a coordinator lets others come first.
const POLITE: u32 = 20;
/// How long until a coordinator tries again to take the list of threads.
const MOMENT: u64 = 50_000;

/// Why the program could not be stopped.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no allocator, and it is cold"
)]
pub enum Failed {
    /// Another thread is coordinator: the caller is at a point as if it had just come.
    Busy,
    /// The caller is in the middle of libc's own business with threads: nothing to tell anybody.
    Inside,
    /// A thread cannot stop now.
    Cannot(Message),
}

fn phase() -> Phase {
    State::from_bits(WORD.load(Acquire)).phase
}

/// Whether threads are to come to a migration point.
fn is_wanted() -> bool {
    phase() == Phase::Gather
}

/// Whether a thread is about to call all others to points, or does: the flag stays up.
pub fn is_beginning() -> bool {
    matches!(phase(), Phase::Claimed | Phase::Gather)
}

/// What a thread at a point is to do.
pub fn role(flag: &dyn Flag) -> Role {
    run(Point::REACHED, &Here::at_point(flag))
}

/// The flag that points read, and what there may be to do at one.
pub trait Flag {
    fn raise(&self);
    fn lower(&self);
    /// Whether something is wanted of this point.
    fn is_wanted(&self) -> bool;
}

/// This process, as the protocol's machines see it.
struct Here<'a> {
    flag: Option<&'a dyn Flag>,
    /// How long the next wait of a coordinator is, if it is bounded.
    wait: Cell<u64>,
}

impl<'a> Here<'a> {
    fn new() -> Self {
        Self {
            flag: None,
            wait: Cell::new(FIRST_WAIT),
        }
    }

    fn at_point(flag: &'a dyn Flag) -> Self {
        Self {
            flag: Some(flag),
            ..Self::new()
        }
    }
}

impl System for Here<'_> {
    type Word = AtomicU32;

    fn word(&self) -> &AtomicU32 {
        &WORD
    }

    fn act(&self, action: Action) -> Outcome {
        match action {
            Action::Wait {
                value,
                who,
                bounded,
            } => {
                let time = bounded.then_some(self.wait.get());
                if !futex::wait(&WORD, value, who as u32, time) {
                    self.wait.set((2 * self.wait.get()).min(LONGEST_WAIT));
                    return Outcome::TimedOut;
                }
            }
            Action::Wake(who) => futex::wake(&WORD, who as u32),
            Action::LockThreads if !lock_list() => {}
            Action::LockThreads => {
                let others = thread_list::others(thread::own()).count() as u32;
                return Outcome::Others(others.min(MOST_THREADS));
            }
            Action::UnlockThreads => thread_list::unlock(),
            Action::CallWaiting => thread_list::wake_waiting(),
            Action::RaiseFlag => self.flag.iter().for_each(|flag| flag.raise()),
            Action::LowerFlag => self.flag.iter().for_each(|flag| flag.lower()),
            Action::AskWanted => {
                return Outcome::Wanted(self.flag.is_some_and(|flag| flag.is_wanted()));
            }
            Action::Kick => kick(),
        }
        Outcome::Done
    }
}

/// Has every other thread look at the flag, unless it says that it stands.
fn kick() {
    // A thread that came too late takes back that it stands, and then looks at the word.
    fence(SeqCst);
    let process = process::id();
    for other in thread_list::others(thread::own()) {
        if !other.stands() {
            let _ = signal::send_to_thread(process, other.kernel_id(), MIGRATE_SIGNAL);
        }
    }
}

/// How far this thread is as coordinator.
enum At {
    Gathered(Gathered),
    Committed(Committed),
    Stopped(Stopped),
    Rebuilding(Rebuilding),
    Whole(Whole),
    /// Between two of them.
    Nowhere,
}

/// All other threads stand still, or have been told to. Dropped, it lets them go on.
pub struct Stop {
    at: At,
    others: u32,
    /// How long it took until they stood, nanoseconds.
    took: u64,
}

impl Stop {
    /// Brings all other threads to a migration point. All signals are blocked.
    pub fn begin(flag: &dyn Flag) -> Result<Self, Failed> {
        let began = clock::now();
        let here = Here::at_point(flag);
        match run(Gather::new(ROUNDS), &here) {
            Ok(gathered) => Ok(Self {
                others: gathered.others(),
                at: At::Gathered(gathered),
                took: clock::now() - began,
            }),
            Err((failure, release)) => {
                let failed = match failure {
                    Failure::Busy => Failed::Busy,
                    Failure::Inside => Failed::Inside,
                    Failure::Refused => {
                        let _held = REASON_LOCK.hold();
                        // SAFETY: the lock is held.
                        Failed::Cannot(unsafe { REASON.get().clone() })
                    }
                    Failure::TimedOut(missing) => Failed::Cannot(Message::of(format_args!(
                        "{missing} of its {} threads do not come to a migration point",
                        thread_list::count()
                    ))),
                };
                run(release, &here);
                Err(failed)
            }
        }
    }

    /// Number of the others.
    pub fn threads(&self) -> u32 {
        self.others
    }

    /// How long it took until they stood, nanoseconds.
    pub fn took(&self) -> u64 {
        self.took
    }

    /// Has them capture their stacks. From here on they need their records.
    pub fn capture(&mut self) {
        self.next(|at| match at {
            At::Gathered(gathered) => At::Committed(run(Commit::new(gathered), &Here::new())),
            at => at,
        });
    }

    /// Waits until all are through with what they were told.
    pub fn wait(&mut self) {
        self.next(|at| match at {
            At::Committed(committed) => At::Stopped(run(Collect::new(committed), &Here::new())),
            At::Rebuilding(them) => At::Whole(run(CollectWhole::new(them), &Here::new())),
            at => at,
        });
    }

    /// Has them rebuild their stacks, if they captured them.
    pub fn rebuild(&mut self) {
        if matches!(self.at, At::Committed(_)) {
            self.wait();
        }
        self.next(|at| match at {
            At::Stopped(stopped) => At::Rebuilding(run(Rebuild::new(stopped), &Here::new())),
            at => at,
        });
    }

    fn next(&mut self, step: impl FnOnce(At) -> At) {
        self.at = step(core::mem::replace(&mut self.at, At::Nowhere));
    }

    /// In a new incarnation: as many threads as arrive are going to rebuild their stacks.
    pub fn arriving(threads: u32) -> Self {
        WORD.store(State::arriving(threads).to_bits(), Release);
        Self {
            at: At::Rebuilding(Rebuilding::arriving(threads)),
            others: threads,
            took: 0,
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.rebuild();
        self.wait();
        let release = match core::mem::replace(&mut self.at, At::Nowhere) {
            At::Gathered(gathered) => gathered.into(),
            At::Whole(whole) => whole.into(),
            _ => return,
        };
        run::<popcorn_stop::Release, _>(release, &Here::new());
    }
}

/// Takes the list of threads. False if this thread has it: a point in libc's own code.
fn lock_list() -> bool {
    if thread::is_ending() {
        return false;
    }
    let mut left = POLITE;
    loop {
        match thread_list::try_lock(left > 0) {
            Attempt::Taken => return true,
            Attempt::Own => return false,
            Attempt::Busy => a_moment(),
        }
        left = left.saturating_sub(1);
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
}

/// What became of a thread that was to stand.
pub enum Park {
    /// It is to capture its stack.
    Capture(Parked),
    /// It goes on.
    GoOn,
    /// The stop was given up before it came: it is at a point as if nobody had wanted it there.
    TooLate,
}

/// At a migration point, with [`Role::Stand`]: `check` says whether the thread can stop here.
pub fn park(check: impl FnOnce() -> Result<(), Message>) -> Park {
    let mask = signal::set_mask(signal::ALL);
    if let Err(reason) = check() {
        cannot(reason);
        signal::set_mask(mask);
        return Park::GoOn;
    }
    thread::set_stands(true);
    match run(Stand::READY, &Here::new()) {
        Stood::Capture => Park::Capture(Parked { mask }),
        Stood::Leave => {
            drop(Parked { mask });
            Park::GoOn
        }
        Stood::TooLate => {
            thread::set_stands(false);
            // Whoever calls next may have seen that it stands; it sees what was called for then.
            fence(SeqCst);
            signal::set_mask(mask);
            Park::TooLate
        }
    }
}

/// The calling thread cannot stop.
#[cold]
fn cannot(reason: Message) {
    let _held = REASON_LOCK.hold();
    if is_wanted() {
        // SAFETY: the lock is held.
        unsafe { *REASON.get() = reason };
        run(Refuse::NOW, &Here::new());
    }
}

impl Parked {
    /// The signal mask that the thread has when it goes on.
    pub fn mask(&self) -> Set {
        self.mask
    }

    /// A thread that arrives in a new incarnation, and goes on with this mask.
    pub fn arriving(mask: Set) -> Self {
        Self { mask }
    }

    /// The stack is records. Returns when it is to be a stack again.
    pub fn captured(&mut self) {
        run(Captured::DONE, &Here::new());
    }

    /// The stack is whole again. Returns when all are.
    pub fn whole(self) {
        run(Rebuilt::DONE, &Here::new());
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        // Before it leaves: whoever stops the program next is to kick it.
        thread::set_stands(false);
        run(Leave::new(), &Here::new());
        signal::set_mask(self.mask);
    }
}

/// In a forked child: there is one thread, and no stop.
pub fn forked() {
    let inherited = phase() != Phase::Idle;
    run(Forked, &Here::new());
    thread::set_stands(false);
    if inherited {
        // Whoever held it is not here.
        thread_list::unlock();
    }
}
