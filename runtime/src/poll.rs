//! Migration points: what a poll does once the flag is up.
//!
//! The flag is up while there may be something to do: in `POPCORN_HOP` mode until the last hop, and
//! from a request until it has been answered.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};

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

/// Program state.
struct Counts {
    mode: Hops,
    /// Migration points passed since the last hop.
    since: u64,
    /// Migration points passed, in `POPCORN_HOP` mode.
    points: u64,
    /// Hops done, of any kind.
    hops: u64,
}

static COUNTS: Global<Counts> = Global::new(Counts {
    mode: Hops::NONE,
    since: 0,
    points: 0,
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
    if (counts.mode.every != 0 && counts.hops < counts.mode.max) || gaps::on() {
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
    let mode = &counts.mode;
    if mode.every == 0 || counts.hops >= mode.max {
        __popcorn_flag.store(gaps::on().into(), Relaxed);
        return None;
    }
    counts.points += 1;
    counts.since += 1;
    (counts.since >= mode.every).then(|| Job {
        asker: Asker::Mode,
        to: mode.next(arch::isa()),
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

fn refuse_threads(threads: i64) {
    let mut reason = Line::new();
    reason
        .str("the program has ")
        .dec(threads as u64)
        .str(" threads");
    let program = request::asked_by_program().map(|to| Job {
        asker: Asker::Program,
        to: Some(to),
    });
    for job in [request::pending(), program].into_iter().flatten() {
        refused(job, &reason, EBUSY);
    }
}
