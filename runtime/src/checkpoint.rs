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

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::Context;
use crate::capture::{self, Capture, now};
use crate::cell::Global;
use crate::kept::Kept;
use crate::poll::{self, Job};
use crate::request::{self, Checkpoint};
use crate::syscall::signals::{self, Action};
use crate::syscall::{EBUSY, forward, nr, state};
use crate::text::Line;
use crate::{hop, image, memory};

const AT_FDCWD: i64 = -100;
const O_WRONLY_CLOEXEC: i64 = 0o2000001;
const SIGCHLD: i64 = 17;
const SIG_IGN: u64 = 1;
const PAGE: i64 = 4096;

/// What the copy needs to finish.
struct Copy {
    kept: Kept,
    file: i64,
    shared: &'static Shared,
}

#[unsafe(link_section = ".popcorn.private.checkpoint")]
static COPY: Global<Option<Copy>> = Global::new(None);

/// A page that process and copy share.
#[repr(C)]
struct Shared {
    /// How long the process stood still, nanoseconds; 0: not known yet.
    pause: AtomicU64,
    /// Error of the go-between's fork.
    error: AtomicU64,
}

fn reason(text: &str) -> Line {
    let mut line = Line::new();
    line.str(text);
    line
}

/// Begins a checkpoint at a poll whose caller has `context`. In the process: 0, after the copy was made or
/// the request refused. In the copy: the record for the caller to fill.
pub fn begin(context: &Context, job: Job, request: Checkpoint) -> u64 {
    let began = now();
    let mask = signals::set_mask(u64::MAX);
    let result = prepare(&request).and_then(|copy| {
        let (file, shared) = (copy.file, copy.shared);
        // SAFETY: there is one thread.
        let place = unsafe { COPY.get() };
        *place = Some(copy);
        let side = fork(shared);
        if !matches!(side, Ok(Side::Copy)) {
            // The process has no use for them.
            if let Some(copy) = place.take() {
                copy.kept.free();
            }
            close(file);
        }
        Ok((side?, shared))
    });
    match result {
        Ok((Side::Copy, _)) => return record(context, job, mask),
        Ok((Side::Process, shared)) => {
            if request.stop {
                request::wait_for_end(request.asker);
            } else {
                request::forget();
            }
            shared.pause.store((now() - began).max(1), Relaxed);
            release(shared);
        }
        Err(reason) => poll::refused(job, &reason, EBUSY),
    }
    signals::set_mask(mask);
    0
}

fn close(fd: i64) {
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
}

fn release(shared: &Shared) {
    memory::unmap_private(&raw const *shared as u64, PAGE as u64);
}

/// Does everything that can fail.
fn prepare(request: &Checkpoint) -> Result<Copy, Line> {
    hop::check_state()?;
    let program = hop::program_file()?;
    adopts_nobody()?;
    let mut path = request.output.clone();
    let at = path.as_c_str() as i64;
    let file = forward(nr::OPENAT, [AT_FDCWD, at, O_WRONLY_CLOEXEC, 0, 0, 0]);
    if file < 0 {
        let mut line = reason("the image file cannot be opened: error ");
        line.dec(file.unsigned_abs());
        return Err(line);
    }
    const MAP_SHARED_ANONYMOUS: i64 = 0x21;
    let prot = memory::PROT_READ | memory::PROT_WRITE;
    let page = forward(nr::MMAP, [0, PAGE, prot, MAP_SHARED_ANONYMOUS, -1, 0]);
    if page < 0 {
        close(file);
        return Err(reason("no memory for the process image"));
    }
    // SAFETY: a page of zeros that stays mapped as long as anybody uses it.
    let shared = unsafe { &*(page as *const Shared) };
    match Kept::gather(&[file, program]) {
        Ok(kept) => Ok(Copy { kept, file, shared }),
        Err(reason) => {
            close(file);
            release(shared);
            Err(reason)
        }
    }
}

/// Orphans go to the nearest process that wants them: that must not be this one.
fn adopts_nobody() -> Result<(), Line> {
    const PR_GET_CHILD_SUBREAPER: i64 = 37;
    let mut adopts = 0i32;
    let out = &raw mut adopts as i64;
    forward(nr::PRCTL, [PR_GET_CHILD_SUBREAPER, out, 0, 0, 0, 0]);
    if adopts != 0 || forward(nr::GETPID, [0; 6]) == 1 {
        return Err(reason("it adopts orphaned processes"));
    }
    Ok(())
}

enum Side {
    Process,
    Copy,
}

/// Makes the copy. All signals are blocked.
fn fork(shared: &Shared) -> Result<Side, Line> {
    let failed = |error: i64| {
        let mut line = reason("it cannot be copied: fork failed with error ");
        line.dec(error.unsigned_abs());
        line
    };
    let ignore = Action {
        handler: SIG_IGN,
        flags: 0,
        restorer: 0,
        mask: 0,
    };
    // Ignoring it drops one that is pending.
    let pending = signals::pending() >> (SIGCHLD - 1) & 1 != 0;
    let before = signals::install(SIGCHLD, Some(ignore)).map_err(failed)?;
    let between = forward(nr::FORK, [0; 6]);
    if between == 0 {
        match forward(nr::FORK, [0; 6]) {
            0 => return Ok(Side::Copy),
            error @ ..0 => shared.error.store(error.unsigned_abs(), Relaxed),
            _ => {}
        }
        exit(0);
    }
    // Nobody's status is kept while the signal is ignored: this returns when the go-between is gone.
    while between > 0 && forward(nr::WAIT4, [between, 0, 0, 0, 0, 0]) == -crate::syscall::EINTR {}
    let _ = signals::install(SIGCHLD, Some(before));
    if pending {
        let pid = forward(nr::GETPID, [0; 6]);
        forward(nr::KILL, [pid, SIGCHLD, 0, 0, 0, 0]);
    }
    let error = shared.error.load(Relaxed) as i64;
    match (between, error) {
        (..0, _) => Err(failed(between)),
        (_, 0) => Ok(Side::Process),
        _ => Err(failed(error)),
    }
}

fn exit(status: i64) -> ! {
    loop {
        forward(nr::EXIT_GROUP, [status, 0, 0, 0, 0, 0]);
    }
}

/// In the copy: lets go of what is the process's, and begins the capture.
fn record(context: &Context, job: Job, mask: u64) -> u64 {
    state::own_process();
    request::reply_writing();
    // SAFETY: there is one thread.
    if let Some(copy) = unsafe { COPY.get() } {
        // Others wait for the end of files that the process closes.
        copy.kept.descriptors().for_each(|fd| close(fd.fd.into()));
    }
    match capture::begin(context, job) {
        Ok(record) => {
            capture::go_on_with(mask);
            record
        }
        Err(reason) => {
            request::reply_failed(&reason);
            exit(1)
        }
    }
}

/// In the copy: every frame is a record. Writes, answers, and is gone.
pub fn finish(capture: &Capture) -> ! {
    // SAFETY: there is one thread.
    let Some(copy) = (unsafe { COPY.get() }) else {
        exit(1);
    };
    hop::keep_fp();
    match image::write_checkpoint(copy.file, capture, &copy.kept) {
        Ok(bytes) => {
            let mut figures = Line::new();
            figures
                .dec(capture.frames)
                .str(" frames, ")
                .tenths(bytes, 1_000_000)
                .str(" MB");
            if !request::stops() {
                let pause = pause(copy.shared);
                figures.str(", pause ").tenths(pause, 1_000_000).str(" ms");
            }
            request::reply_written(&figures);
            exit(0)
        }
        Err(reason) => {
            request::reply_failed(&reason);
            exit(1)
        }
    }
}

/// Waits a while for the process to say how long it stood still.
fn pause(shared: &Shared) -> u64 {
    let moment = [0i64, 200_000];
    for _ in 0..5000 {
        let pause = shared.pause.load(Relaxed);
        if pause != 0 {
            return pause;
        }
        forward(nr::NANOSLEEP, [moment.as_ptr() as i64, 0, 0, 0, 0, 0]);
    }
    0
}
