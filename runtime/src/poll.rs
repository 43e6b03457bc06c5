//! Migration points: what a poll does once the flag is up.
//!
//! The flag is up while there may be something to do: in `POPCORN_HOP` mode until the last hop, and
//! from a request until it has been answered.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32};

use popcorn_toolchains::Isa;

use crate::arch::{self, Context};
use crate::cell::Global;
use crate::config::{self, Hops};
use crate::start::Initial;
use crate::syscall::{EBUSY, ENOMEM, state};
use crate::text::Line;
use crate::{capture, checkpoint, gaps, hop, request, unwind};

/// The flag that compiled code reads at every migration point.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(link_section = ".popcorn.private.flag")]
#[allow(non_upper_case_globals)]
pub static __popcorn_flag: AtomicI32 = AtomicI32::new(0);

/// Polls to let pass before the stack is looked at again, and how many the next failure adds.
#[unsafe(link_section = ".popcorn.private.skip")]
static SKIP: AtomicU32 = AtomicU32::new(0);
#[unsafe(link_section = ".popcorn.private.penalty")]
static PENALTY: AtomicU32 = AtomicU32::new(0);
const MOST_SKIPPED: u32 = 255;

/// One of several threads refuses what is asked for.
#[unsafe(link_section = ".popcorn.private.refusing")]
static REFUSING: AtomicBool = AtomicBool::new(false);
/// Program state: it has been said that the program has threads and therefore does not hop.
static SAID: AtomicBool = AtomicBool::new(false);

/// Program state.
struct Counts {
    mode: Hops,
    /// Migration points passed since the last hop.
    since: u64,
    /// Hops done, of any kind.
    hops: u64,
}

impl Counts {
    /// Whether `POPCORN_HOP` asks for more hops.
    fn more(&self) -> bool {
        self.mode.every != 0 && self.hops < self.mode.max
    }

    /// Counts a migration point; whether there is to be a hop by now, if there is to be one at all.
    fn due(&mut self) -> bool {
        self.since += 1;
        self.since >= self.mode.every
    }
}

static COUNTS: Global<Counts> = Global::new(Counts {
    mode: Hops::NONE,
    since: 0,
    hops: 0,
});

/// Who asked for a move or an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// `POPCORN_HOP`.
    Mode,
    /// `popcorn migrate`, through its request file.
    Command,
    /// `popcorn_migrate`, in the program.
    Program,
    /// `popcorn checkpoint`, through its request file: an image is to be written.
    Checkpoint,
    /// `popcorn restore`: a process comes out of an image.
    Restore,
}

impl Asker {
    /// The inverse of `as u64`.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Command,
            2 => Self::Program,
            3 => Self::Checkpoint,
            4 => Self::Restore,
            _ => Self::Mode,
        }
    }
}

/// A move to make.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    pub asker: Asker,
    /// `None`: resume in this process.
    pub to: Option<&'static Isa>,
}

impl Job {
    /// The ISA to become by an `execve`; `None`: resume in this process. A mode that names the ISA that
    /// runs already wants the whole way.
    pub fn exec(&self) -> Option<&'static Isa> {
        self.to
            .filter(|to| to.id != arch::isa().id || self.asker == Asker::Mode)
    }
}

/// At the start of a program: the mode, the signal of `popcorn migrate`.
pub fn start(initial: &Initial) {
    let mode = config::fresh(initial);
    // SAFETY: nothing else runs yet.
    unsafe { COUNTS.get().mode = mode };
    gaps::start(initial);
    arrive();
}

/// At the start of an incarnation: raises the flag if the mode asks for more hops, or every point counts.
pub fn arrive() {
    request::install_handler();
    // SAFETY: nothing else runs yet.
    let counts = unsafe { COUNTS.get() };
    if counts.more() || gaps::on() {
        __popcorn_flag.store(1, Relaxed);
    }
}

/// Raises the flag: there is a request.
pub fn raise_flag() {
    __popcorn_flag.store(1, Relaxed);
}

/// The number of the next hop, from 1.
pub fn next_hop() -> u64 {
    // SAFETY: read by the only thread there is.
    unsafe { COUNTS.get().hops + 1 }
}

/// Counts a hop as done. Before the image is written, so that it is in there.
pub fn count_hop() {
    // SAFETY: as above.
    let counts = unsafe { COUNTS.get() };
    counts.hops += 1;
    counts.since = 0;
}

/// Takes a hop back that did not come about; not tried again before as many points have passed.
pub fn uncount_hop() {
    // SAFETY: as above.
    unsafe { COUNTS.get().hops -= 1 };
}

/// `__popcorn_poll`, from assembly with its caller's context: 0 to go on, or the record to fill.
///
/// # Safety
/// The context is the caller's, below frames that the stack map describes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_poll_slow(context: &Context) -> u64 {
    if capture::is_active() {
        // A signal handler, in the middle of a capture.
        return 0;
    }
    let threads = state::threads();
    if threads > 1 {
        refuse_threads(threads);
        return 0;
    }
    alone(context)
}

/// The only thread is at a migration point. Out of line: this takes more stack than other threads have.
#[inline(never)]
fn alone(context: &Context) -> u64 {
    gaps::point(context.pc);
    // SAFETY: there is one thread, and handlers that poll do so one inside the other.
    let counts = unsafe { COUNTS.get() };
    let Some(job) = job(counts) else {
        return 0;
    };
    let skip = SKIP.load(Relaxed);
    if skip > 0 && job.asker != Asker::Program {
        SKIP.store(skip - 1, Relaxed);
        return 0;
    }
    if !unwind::begin_walk() {
        // A signal handler, in the middle of a longjmp.
        return 0;
    }
    let record = begin(context, job);
    if record == 0 {
        unwind::end_walk();
    }
    record
}

/// Begins a capture, if nothing is in its way: the first record, or 0. The walk goes on with it.
fn begin(context: &Context, job: Job) -> u64 {
    if let Err(obstacle) = unwind::check(context) {
        let penalty = PENALTY.load(Relaxed);
        SKIP.store(penalty, Relaxed);
        PENALTY.store((2 * penalty + 1).min(MOST_SKIPPED), Relaxed);
        let mut reason = Line::new();
        obstacle.reason(&mut reason);
        deferred(job, &reason);
        return 0;
    }
    PENALTY.store(0, Relaxed);
    if job.asker == Asker::Checkpoint {
        return match request::checkpoint() {
            Some(request) => checkpoint::begin(context, job, request),
            None => 0,
        };
    }
    if let Some(to) = job.exec()
        && let Err(reason) = hop::prepare(to)
    {
        refused(job, &reason, hop::errno());
        return 0;
    }
    match capture::begin(context, job) {
        Ok(record) => record,
        Err(reason) => {
            refused(job, &reason, ENOMEM);
            0
        }
    }
}

/// What is to be done at this point, if anything.
fn job(counts: &mut Counts) -> Option<Job> {
    if let Some(to) = request::asked_by_program() {
        return Some(Job {
            asker: Asker::Program,
            to: Some(to),
        });
    }
    if let Some(job) = request::pending() {
        return Some(job);
    }
    if !counts.more() {
        __popcorn_flag.store(gaps::on().into(), Relaxed);
        return None;
    }
    counts.due().then(|| Job {
        asker: Asker::Mode,
        to: counts.mode.next(arch::isa()),
    })
}

/// The move is still to be made, at a later point.
fn deferred(job: Job, reason: &Line) {
    match job.asker {
        Asker::Command | Asker::Checkpoint => request::reply_deferred(reason),
        Asker::Program => request::program_failed(EBUSY),
        Asker::Mode | Asker::Restore => {}
    }
    trace(job, "is deferred: ", reason);
}

/// The move will not be made.
pub fn refused(job: Job, reason: &Line, errno: i64) {
    match job.asker {
        Asker::Command | Asker::Checkpoint => request::reply_refused(reason),
        Asker::Program => request::program_failed(errno),
        // SAFETY: there is one thread.
        Asker::Mode => unsafe { COUNTS.get().since = 0 },
        Asker::Restore => {}
    }
    trace(job, "is refused: ", reason);
}

fn trace(job: Job, verdict: &str, reason: &Line) {
    if state::tracing() {
        let mut line = Line::new();
        line.str("popcorn: ");
        match job.asker {
            Asker::Checkpoint => line.str("checkpoint "),
            _ => line
                .str("move to ")
                .str(job.to.map_or("self", |isa| isa.name))
                .str(" "),
        };
        line.str(verdict).bytes(reason.as_bytes()).print();
    }
}

/// One of several threads is here: whatever is asked for is refused. That some threads' stacks are small is
/// why what rarely happens is in functions of its own.
fn refuse_threads(threads: i64) {
    if let Some(to) = request::asked_by_program() {
        let asker = Asker::Program;
        refuse_for_threads(
            Job {
                asker,
                to: Some(to),
            },
            threads,
        );
    }
    if REFUSING.swap(true, Acquire) {
        return;
    }
    if let Some(job) = request::pending() {
        refuse_for_threads(job, threads);
    }
    // SAFETY: `REFUSING` lets one thread in here, and elsewhere there is one.
    let counts = unsafe { COUNTS.get() };
    if counts.more() && counts.due() && !SAID.swap(true, Relaxed) {
        say_threads_stay(threads);
    }
    REFUSING.store(false, Release);
}

fn threads_exist(threads: i64) -> Line {
    let mut reason = Line::new();
    reason
        .str("the program has ")
        .dec(threads as u64)
        .str(" threads");
    reason
}

#[cold]
#[inline(never)]
fn refuse_for_threads(job: Job, threads: i64) {
    refused(job, &threads_exist(threads), EBUSY);
}

/// What `POPCORN_HOP` asks for is refused once for all.
#[cold]
#[inline(never)]
fn say_threads_stay(threads: i64) {
    let mut line = Line::new();
    line.str("popcorn: ")
        .bytes(threads_exist(threads).as_bytes())
        .str(": it does not hop while there is more than one")
        .print();
}
