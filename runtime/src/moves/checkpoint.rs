//! A checkpoint: a copy of the process writes the image while the process goes on.
//!
//! At a migration point the process forks. The copy captures its own stack, as for a hop, writes the image
//! to the file that `popcorn checkpoint` has opened, answers, and exits without running a handler. The
//! process itself captures nothing and returns from the poll. The copy is not its child but its
//! grandchild, by way of a go-between that is gone before the process goes on, so no wait of the
//! program's sees it; and while the go-between lives `SIGCHLD` is ignored, so no handler does.
//!
//! With `stop` the process waits until `popcorn checkpoint` has made sure of the image and ended it, or
//! has given up.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use popcorn_metadata::origin::Origin;

use crate::arch::{self, Context};
use crate::base::refusal::Refusal;
use crate::base::statics::Slot;
use crate::base::text::{Message, Tenths};
use crate::image::open_files::OpenFiles;
use crate::image::process::ProcessState;
use crate::image::sink::Sink;
use crate::image::write::{self, Journey};
use crate::kernel::file::OwnedFd;
use crate::kernel::memory::{self, PAGE};
use crate::kernel::signal::{self, Action};
use crate::kernel::{Errno, clock, errno, process, sys};
use crate::moves::order::Move;
use crate::moves::{credentials, hop, outcome, request, schedule};
use crate::program::alone::Alone;
use crate::program::{attributes, identity, segments, timers};
use crate::stack::capture;
use crate::stack::capturing::Stopped;
use crate::{incarnation, refusal};

/// What the copy needs to finish.
struct Copy {
    files: OpenFiles,
    process: ProcessState,
    /// The image, with the contents of files that have no path.
    image: Sink,
    /// What it goes into.
    _output: OwnedFd,
    shared: &'static Shared,
}

incarnation! {
    static COPY: Slot<Option<Copy>> = Slot::new(None);
}

/// A page that process and copy share.
#[repr(C)]
struct Shared {
    /// How long the process stood still, nanoseconds; 0: not known yet.
    pause: AtomicU64,
    /// Error of the go-between's fork.
    error: AtomicU32,
}

impl Shared {
    fn new() -> Result<&'static Self, Errno> {
        let prot = memory::PROT_READ | memory::PROT_WRITE;
        let flags = memory::MAP_SHARED | memory::MAP_ANONYMOUS;
        let page = memory::map(0, PAGE, prot, flags, -1, 0)?;
        // SAFETY: a page of zeros that stays mapped as long as anybody uses it.
        Ok(unsafe { &*(page as *const Self) })
    }

    fn release(&self) {
        memory::unmap(&raw const *self as u64, PAGE);
    }
}

/// Begins a checkpoint at a poll whose caller has `context`. In the process: 0, after the copy was made or
/// the request refused. In the copy: the record for the caller to fill.
pub fn begin(context: &Context, mut alone: Alone, wanted: Move) -> u64 {
    let began = clock::now();
    let copy = match prepare(&mut alone) {
        Ok(copy) => copy,
        Err(refusal) => {
            outcome::refused(wanted, &refusal);
            return 0;
        }
    };
    let shared = copy.shared;
    // Only this thread is in the copy; of the others it has the records.
    alone.capture_others();
    alone.wait_for_others();
    match fork(shared) {
        Ok(Side::Copy) => {
            identity::own_process();
            request::reply_writing();
            // Others wait for the end of files that the process closes.
            copy.files.numbers().for_each(crate::kernel::file::close);
            COPY.with(&mut alone, |place| *place = Some(copy));
            record(context, alone)
        }
        Ok(Side::Process) => {
            drop(copy);
            if request::stops() {
                request::wait_for_end();
            } else {
                request::forget();
            }
            shared.pause.store((clock::now() - began).max(1), Relaxed);
            shared.release();
            0
        }
        Err(refusal) => {
            shared.release();
            outcome::refused(wanted, &refusal);
            0
        }
    }
}

/// Does everything that can fail.
fn prepare(alone: &mut Alone) -> Result<Copy, Refusal> {
    credentials::check_checkpoint()?;
    hop::check_state(alone)?;
    segments::check_checkpoint()?;
    let program = identity::program_file()?;
    if attributes::adopts_orphans() {
        // They go to the nearest process that wants them: that must not be this one.
        return Err(refusal!(errno::EBUSY, "it adopts orphaned processes"));
    }
    let output = request::open_output()?;
    let files = OpenFiles::gather(alone, &[output.get(), program])?;
    let process = ProcessState::gather()?;
    timers::check(false)?;
    timers::note(alone);
    let mut image = Sink::new(output.get(), true)?;
    files.write_contents(&mut image)?;
    let shared =
        Shared::new().map_err(|e| refusal!(e.0, "no memory for the process image: {e}"))?;
    request::hand_over()?;
    Ok(Copy {
        files,
        process,
        image,
        _output: output,
        shared,
    })
}

enum Side {
    Process,
    Copy,
}

/// Makes the copy. All signals are blocked.
fn fork(shared: &Shared) -> Result<Side, Refusal> {
    let failed = |e: Errno| refusal!(e.0, "it cannot be copied: fork failed: {e}");
    // Ignoring it drops one that is pending.
    let pending = signal::contains(signal::pending(), sys::SIGCHLD);
    let before = signal::action(sys::SIGCHLD, Some(Action::IGNORE)).map_err(failed)?;
    let between = process::fork();
    if between == Ok(0) {
        match process::fork() {
            Ok(0) => return Ok(Side::Copy),
            Err(error) => shared.error.store(error.0, Relaxed),
            Ok(_) => {}
        }
        process::exit(0);
    }
    if let Ok(between) = between {
        // Nobody's status is kept while the signal is ignored: this returns when the go-between is gone.
        process::wait_for(between);
    }
    // It was accepted before.
    let _ = signal::action(sys::SIGCHLD, Some(before));
    if pending {
        let _ = process::kill(process::id(), sys::SIGCHLD);
    }
    between.map_err(failed)?;
    match shared.error.load(Relaxed) {
        0 => Ok(Side::Process),
        error => Err(failed(Errno(error))),
    }
}

/// In the copy: begins the capture.
fn record(context: &Context, alone: Alone) -> u64 {
    match capture::begin(context, alone, true, finish) {
        Ok(record) => record,
        Err((_alone, refusal)) => fail(&refusal),
    }
}

fn fail(refusal: &Refusal) -> ! {
    request::reply_refused(&refusal.text);
    process::exit(1)
}

/// In the copy: every frame is a record. Writes, answers, and is gone.
fn finish(mut stopped: Stopped) -> ! {
    let Some(copy) = COPY.with(&mut stopped.alone, Option::take) else {
        process::exit(1);
    };
    let journey = Journey {
        sequence: schedule::hops_done(),
        origin: Origin::Restore as u64,
        to: arch::isa(),
    };
    let (files, state) = (&copy.files, &copy.process);
    match write::checkpoint(copy.image, &mut stopped, &journey, files, state) {
        Ok(bytes) => {
            let (frames, size) = (stopped.totals().frames, Tenths(bytes, 1_000_000));
            let figures = if request::stops() {
                Message::of(format_args!("{frames} frames, {size} MB"))
            } else {
                let pause = Tenths(pause(copy.shared), 1_000_000);
                Message::of(format_args!("{frames} frames, {size} MB, pause {pause} ms"))
            };
            request::reply_written(&figures);
            process::exit(0)
        }
        Err(refusal) => fail(&refusal),
    }
}

/// Waits a while for the process to say how long it stood still.
fn pause(shared: &Shared) -> u64 {
    const MOMENT: u64 = 200_000;
    for _ in 0..5000 {
        let pause = shared.pause.load(Relaxed);
        if pause != 0 {
            return pause;
        }
        clock::sleep(MOMENT);
    }
    0
}
