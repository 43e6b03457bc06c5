//! Requests to move: from `popcorn migrate` through a file and a signal, and from the program itself.
//!
//! `popcorn migrate` writes `DIR/<pid>.request` (lines `to=<isa>`, `emulator=<path>`) and sends
//! [`MIGRATE_SIGNAL`]; the answer is `DIR/<pid>.reply`, put there whole by a rename: one line
//! `moved FROM TO FIGURES`, `deferred REASON` or `refused REASON`. `popcorn checkpoint` writes the lines
//! `checkpoint=continue` or `checkpoint=stop`, `output=<path>` and `asker=<pid>` instead; the answer is
//! `DIR/<pid>.<asker>.reply`, and says `written ISA FIGURES` when the image is there. After `deferred` the move is tried
//! again at later migration points, and another reply follows. `DIR` is
//! `${XDG_RUNTIME_DIR:-/tmp}/popcorn-<uid>`, which must be the user's own and closed to others.

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering::Relaxed};

use popcorn_toolchains::{ALL, Isa};

use crate::arch;
use crate::cell::Global;
use crate::config;
use crate::poll::{self, Asker, Job};
use crate::start;
use crate::syscall::signals::{self, Action, MIGRATE_SIGNAL};
use crate::syscall::{EINVAL, forward, nr};
use crate::text::{Line, parse_dec};

const AT_FDCWD: i64 = -100;
const O_CREAT_WRONLY_TRUNC_CLOEXEC: i64 = 0o2001101;
const O_CLOEXEC: i64 = 0o2000000;
const SA_RESTART: u64 = 0x1000_0000;
const SA_RESTORER: u64 = 0x0400_0000;

/// The signal has come and no final reply has been written.
#[unsafe(link_section = ".popcorn.private.signalled")]
static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// What the request file said.
struct Request {
    read: bool,
    to: Option<&'static Isa>,
    emulator: [u8; 256],
    emulator_len: usize,
    /// The image that is wanted.
    checkpoint: Option<Checkpoint>,
    /// A `deferred` was written.
    deferred: bool,
    /// The process that the request was made to: a copy of it may answer. 0: this one.
    pid: u64,
}

/// A request of `popcorn checkpoint`.
#[derive(Clone)]
pub struct Checkpoint {
    /// The process ends when the image is safe.
    pub stop: bool,
    /// Where the image goes.
    pub output: Line,
    /// Process id of `popcorn checkpoint`.
    pub asker: u64,
}

const NO_REQUEST: Request = Request {
    read: false,
    to: None,
    emulator: [0; 256],
    emulator_len: 0,
    checkpoint: None,
    deferred: false,
    pid: 0,
};

#[unsafe(link_section = ".popcorn.private.request")]
static REQUEST: Global<Request> = Global::new(NO_REQUEST);

/// Program state: the ISA that `popcorn_migrate` named, plus one; 0: none. Then its result.
static ASKED: AtomicI32 = AtomicI32::new(0);
static RESULT: AtomicI64 = AtomicI64::new(0);

extern "C" fn on_signal(_signal: i32) {
    SIGNALLED.store(true, Relaxed);
    poll::raise_flag();
}

/// Makes this incarnation listen to `popcorn migrate`.
pub fn install_handler() {
    let action = Action {
        handler: on_signal as *const () as u64,
        flags: SA_RESTART | SA_RESTORER,
        restorer: arch::restorer(),
        mask: 0,
    };
    if signals::install(MIGRATE_SIGNAL, Some(action)).is_err() && crate::syscall::state::tracing() {
        let mut line = Line::new();
        line.str("popcorn: this process cannot be asked to move: no signal handler")
            .print();
    }
}

/// The request of `popcorn migrate` or `popcorn checkpoint` that is still to be met.
pub fn pending() -> Option<Job> {
    if SIGNALLED.load(Relaxed) {
        signalled()
    } else {
        None
    }
}

/// Out of line, for the sake of small stacks.
#[inline(never)]
fn signalled() -> Option<Job> {
    // SAFETY: one thread at a time is here.
    let request = unsafe { REQUEST.get() };
    if !request.read {
        *request = NO_REQUEST;
        if let Err(reason) = read(request) {
            match reason {
                Some(reason) => reply_refused(&reason),
                None => SIGNALLED.store(false, Relaxed),
            }
            return None;
        }
        request.read = true;
        request.pid = forward(nr::GETPID, [0; 6]) as u64;
    }
    Some(Job {
        asker: match request.checkpoint {
            Some(_) => Asker::Checkpoint,
            None => Asker::Command,
        },
        to: request.to,
    })
}

/// The image that is wanted.
pub fn checkpoint() -> Option<Checkpoint> {
    // SAFETY: there is one thread.
    unsafe { REQUEST.get() }.checkpoint.clone()
}

/// Whether the process is to end when its image is safe.
pub fn stops() -> bool {
    checkpoint().is_some_and(|request| request.stop)
}

/// Waits until `popcorn checkpoint` has ended this process, or has taken its request back, or is gone.
pub fn wait_for_end(asker: u64) {
    const ESRCH: i64 = 3;
    let moment = [0i64, 1_000_000];
    let waits = || {
        let there = path(".request").is_some_and(|mut path| {
            let at = path.as_c_str() as i64;
            forward(nr::FACCESSAT, [AT_FDCWD, at, 0, 0, 0, 0]) == 0
        });
        there && forward(nr::KILL, [asker as i64, 0, 0, 0, 0, 0]) != -ESRCH
    };
    while waits() {
        forward(nr::NANOSLEEP, [moment.as_ptr() as i64, 0, 0, 0, 0, 0]);
    }
    forget();
}

/// The emulator that the request names.
pub fn emulator() -> Option<&'static [u8]> {
    // SAFETY: there is one thread.
    let request = unsafe { REQUEST.get() };
    (request.read && request.emulator_len > 0).then(|| &request.emulator[..request.emulator_len])
}

/// Path of a file of this process, `.request` or `.reply`; `None` if the folder is not to be trusted.
fn path(suffix: &str) -> Option<Line> {
    let uid = forward(nr::GETUID, [0; 6]) as u64;
    let base = start::initial().var(b"XDG_RUNTIME_DIR=");
    let mut path = Line::new();
    path.bytes(base.filter(|b| !b.is_empty()).unwrap_or(b"/tmp"))
        .str("/popcorn-")
        .dec(uid);
    // struct stat of the base ABI: mode and uid in words 3 and 4.
    const S_IFMT: u64 = 0o170000;
    const S_IFDIR: u64 = 0o040000;
    let mut stat = [0u64; 18];
    let found = forward(
        nr::LSTAT,
        [path.as_c_str() as i64, stat.as_mut_ptr() as i64, 0, 0, 0, 0],
    );
    let (mode, owner) = (stat[3] & 0xffff_ffff, stat[3] >> 32);
    if found < 0 || mode & S_IFMT != S_IFDIR || mode & 0o077 != 0 || owner != uid {
        return None;
    }
    // SAFETY: there is one thread.
    let pid = match unsafe { REQUEST.get() }.pid {
        0 => forward(nr::GETPID, [0; 6]) as u64,
        pid => pid,
    };
    path.str("/").dec(pid).str(suffix);
    Some(path)
}

/// Where a reply is written, and where it goes then.
struct Place {
    new: Line,
    place: Line,
}

/// Where the reply to the request at hand goes.
fn reply_place() -> Option<Place> {
    Some(Place {
        new: reply_path(".new")?,
        place: reply_path("")?,
    })
}

fn reply_path(suffix: &str) -> Option<Line> {
    let mut name = Line::new();
    if let Some(request) = checkpoint() {
        name.str(".").dec(request.asker);
    }
    name.str(".reply").str(suffix);
    path(core::str::from_utf8(name.as_bytes()).unwrap_or_default())
}

/// Reads the request file. `Err(None)`: there is none.
fn read(request: &mut Request) -> Result<(), Option<Line>> {
    let mut path = path(".request").ok_or(None)?;
    let at = path.as_c_str() as i64;
    let fd = forward(nr::OPENAT, [AT_FDCWD, at, O_CLOEXEC, 0, 0, 0]);
    if fd < 0 {
        return Err(None);
    }
    let mut text = [0u8; 1024];
    let out = text.as_mut_ptr() as i64;
    let length = forward(nr::READ, [fd, out, text.len() as i64, 0, 0, 0]);
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
    parse(&text[..length.max(0) as usize], request).map_err(Some)
}

fn parse(text: &[u8], request: &mut Request) -> Result<(), Line> {
    for line in text.split(|&b| b == b'\n') {
        if let Some(name) = line.strip_prefix(b"to=") {
            request.to = config::isa_named(name);
            if request.to.is_none() {
                let mut reason = Line::new();
                reason.str("unknown ISA `").bytes(name).str("`");
                return Err(reason);
            }
        } else if let Some(path) = line.strip_prefix(b"emulator=")
            && let Some(room) = request.emulator.get_mut(..path.len())
        {
            room.copy_from_slice(path);
            request.emulator_len = path.len();
        } else if let Some(how) = line.strip_prefix(b"checkpoint=") {
            request.checkpoint = Some(Checkpoint {
                stop: how == b"stop",
                output: Line::new(),
                asker: 0,
            });
        } else if let Some(wanted) = &mut request.checkpoint {
            if let Some(path) = line.strip_prefix(b"output=") {
                wanted.output.bytes(path);
            } else if let Some(pid) = line.strip_prefix(b"asker=") {
                wanted.asker = parse_dec(pid).unwrap_or(0);
            }
        }
    }
    if request.to.is_some() || request.checkpoint.is_some() {
        return Ok(());
    }
    let mut reason = Line::new();
    reason.str("the request names no ISA");
    Err(reason)
}

/// Puts a reply where `popcorn migrate` looks for it, whole or not at all.
fn reply(at: Option<Place>, text: &Line) {
    let Some(mut at) = at else { return };
    let (new, place) = (at.new.as_c_str() as i64, at.place.as_c_str() as i64);
    let flags = O_CREAT_WRONLY_TRUNC_CLOEXEC;
    let fd = forward(nr::OPENAT, [AT_FDCWD, new, flags, 0o600, 0, 0]);
    if fd < 0 {
        return;
    }
    let bytes = text.as_bytes();
    let at = bytes.as_ptr() as i64;
    let written = forward(nr::WRITE, [fd, at, bytes.len() as i64, 0, 0, 0]);
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
    if written == bytes.len() as i64 {
        forward(nr::RENAME, [new, place, 0, 0, 0, 0]);
    }
}

fn reply_with(at: Option<Place>, word: &str, reason: &Line) {
    let mut line = Line::new();
    line.str(word).str(" ").bytes(reason.as_bytes()).str("\n");
    reply(at, &line);
}

/// The request is answered, or somebody else will: forget it.
pub fn forget() {
    SIGNALLED.store(false, Relaxed);
    if let Some(mut path) = path(".request") {
        forward(nr::UNLINK, [path.as_c_str() as i64, 0, 0, 0, 0, 0]);
    }
    // SAFETY: there is one thread.
    unsafe { *REQUEST.get() = NO_REQUEST };
}

pub fn reply_deferred(reason: &Line) {
    // SAFETY: there is one thread.
    let request = unsafe { REQUEST.get() };
    if !request.deferred {
        request.deferred = true;
        reply_with(reply_place(), "deferred", reason);
    }
}

pub fn reply_refused(reason: &Line) {
    let place = reply_place();
    // Before the answer: another request may follow it at once.
    forget();
    reply_with(place, "refused", reason);
}

/// The same in the copy of a process, whose request it is not to forget.
pub fn reply_failed(reason: &Line) {
    reply_with(reply_place(), "refused", reason);
}

/// In the copy of a process that is to be written: it has begun.
pub fn reply_writing() {
    let mut line = Line::new();
    line.str("writing ")
        .dec(forward(nr::GETPID, [0; 6]) as u64)
        .str("\n");
    reply(reply_place(), &line);
}

/// In the copy of a process that was to be written: it is.
pub fn reply_written(figures: &Line) {
    let mut line = Line::new();
    line.str("written ")
        .str(arch::isa().name)
        .str(" ")
        .bytes(figures.as_bytes())
        .str("\n");
    reply(reply_place(), &line);
}

/// In the incarnation that was moved to.
pub fn reply_moved(from: &str, to: &str, figures: &Line) {
    let place = reply_place();
    forget();
    let mut line = Line::new();
    line.str("moved ")
        .str(from)
        .str(" ")
        .str(to)
        .str(" ")
        .bytes(figures.as_bytes())
        .str("\n");
    reply(place, &line);
}

/// The ISA that the program asked for.
pub fn asked_by_program() -> Option<&'static Isa> {
    let asked = ASKED.load(Relaxed) - 1;
    u16::try_from(asked).ok().and_then(Isa::by_id)
}

pub fn program_failed(errno: i64) {
    if ASKED.swap(0, Relaxed) != 0 {
        RESULT.store(-errno, Relaxed);
    }
}

pub fn program_moved() {
    ASKED.store(0, Relaxed);
    RESULT.store(0, Relaxed);
}

/// For `popcorn_migrate`: 1 if the caller is to poll now, 0 if the program is there already, -errno.
///
/// # Safety
/// `name` is a C string or null.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_ask(name: *const u8) -> i64 {
    // SAFETY: by contract.
    let name = (!name.is_null()).then(|| unsafe { start::c_bytes(name) });
    match name.and_then(config::isa_named) {
        None => -EINVAL,
        Some(isa) if isa.id == arch::isa().id => 0,
        Some(isa) => {
            RESULT.store(-crate::syscall::EBUSY, Relaxed);
            ASKED.store(i32::from(isa.id) + 1, Relaxed);
            1
        }
    }
}

/// What became of it: 0 or -errno.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_asked() -> i64 {
    ASKED.store(0, Relaxed);
    RESULT.load(Relaxed)
}

/// The names as C strings: program state may point to them.
static NAMES: [[u8; 16]; ALL.len()] = {
    let mut names = [[0; 16]; ALL.len()];
    let mut i = 0;
    while i < ALL.len() {
        let name = ALL[i].name.as_bytes();
        let mut j = 0;
        while j < name.len() {
            names[i][j] = name[j];
            j += 1;
        }
        i += 1;
    }
    names
};

/// The name of the ISA that the program runs on now.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn popcorn_current_isa() -> *const u8 {
    NAMES[usize::from(arch::isa().id)].as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_files() {
        let mut request = NO_REQUEST;
        let isa = popcorn_toolchains::ALL[2];
        let text = format!("to={}\nemulator=/opt/q emu\n", isa.name);
        parse(text.as_bytes(), &mut request).unwrap();
        assert_eq!(request.to.unwrap().id, isa.id);
        assert_eq!(&request.emulator[..request.emulator_len], b"/opt/q emu");
        let reason = parse(b"to=vax\n", &mut request).unwrap_err();
        assert_eq!(reason.as_bytes(), b"unknown ISA `vax`");
        let mut request = NO_REQUEST;
        let text = b"checkpoint=stop\noutput=/proc/7/fd/3\nasker=7\n";
        parse(text, &mut request).unwrap();
        let wanted = request.checkpoint.unwrap();
        assert!(wanted.stop && wanted.asker == 7);
        assert_eq!(wanted.output.as_bytes(), b"/proc/7/fd/3");
        let mut empty = NO_REQUEST;
        assert!(parse(b"", &mut empty).is_err());
    }
}
