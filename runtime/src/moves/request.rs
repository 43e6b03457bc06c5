//! Requests to move: from `popcorn migrate` and `popcorn checkpoint`, through a file and a signal.
//!
//! `popcorn migrate` writes `DIR/<pid>.request` (lines `to=<isa>`, `emulator=<path>`) and sends
//! [`MIGRATE_SIGNAL`]; the answer is `DIR/<pid>.reply`, put there whole by a rename: one line
//! `moved FROM TO FIGURES`, `deferred REASON` or `refused REASON`. `popcorn checkpoint` writes the lines
//! `checkpoint=continue` or `checkpoint=stop`, `output=<path>` and `asker=<pid>` instead; the answer is
//! `DIR/<pid>.<asker>.reply`, and says `written ISA FIGURES` when the image is there. After `deferred` the move is tried
//! again at later migration points, and another reply follows. `DIR` is
//! `${XDG_RUNTIME_DIR:-/tmp}/popcorn-<uid>`, which must be the user's own and closed to others.

use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use popcorn_metadata::origin::Origin;
use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::path::{PATH_MAX, PathBuffer};
use crate::base::statics::Slot;
use crate::base::text::{Bytes, Message, parse_dec};
use crate::kernel::file::{self, OwnedFd, Stat};
use crate::kernel::lock::Lock;
use crate::kernel::memory::Block;
use crate::kernel::signal::{self, Action};
use crate::kernel::{Errno, clock, errno, process, sys};
use crate::moves::flag;
use crate::moves::order::Move;
use crate::program::arguments;
use crate::program::dispositions::MIGRATE_SIGNAL;
use crate::program::identity::isa_named;
use crate::program::trace;
use crate::{incarnation, say};

incarnation! {
    /// The signal has come and no final reply has been written.
    static SIGNALLED: AtomicBool = AtomicBool::new(false);
    /// The request that was read, in memory of its own.
    static REQUEST: Slot<Option<&'static mut Request>> = Slot::new(None);
    /// Guards [`REQUEST`].
    static LOCK: Lock = Lock::new();
}

/// What the request file said. All zeros is a request that was not read.
struct Request {
    read: bool,
    /// Id of the ISA to go to, plus one; 0: none.
    to: u16,
    emulator: [u8; PATH_MAX],
    emulator_len: usize,
    checkpoint: bool,
    /// The process ends when its image is safe.
    stop: bool,
    /// Where the image goes.
    output: PathBuffer,
    /// Process id of `popcorn checkpoint`.
    asker: u64,
    /// A `deferred` was written.
    deferred: bool,
    /// The process that the request was made to: a copy of it may answer.
    pid: i32,
}

extern "C" fn on_signal(_signal: i32) {
    SIGNALLED.store(true, Relaxed);
    flag::raise();
}

/// Makes this incarnation listen to requests.
pub fn listen() {
    let action = Action {
        handler: on_signal as *const () as u64,
        flags: (sys::SA_RESTART | sys::SA_RESTORER).into(),
        restorer: arch::restorer(),
        mask: 0,
    };
    if let Err(error) = signal::action(MIGRATE_SIGNAL, Some(action))
        && trace::on()
    {
        say!("popcorn: this process cannot be asked to move: no signal handler: {error}");
    }
}

/// Whether there is a request that is still to be met.
pub fn is_signalled() -> bool {
    SIGNALLED.load(Relaxed)
}

/// Uses the request; it is made when first needed.
fn with<R>(f: impl FnOnce(&mut Request) -> R) -> Result<R, Errno> {
    let _held = LOCK.hold();
    // SAFETY: the lock is held.
    let place = unsafe { REQUEST.get() };
    if place.is_none() {
        let block = Block::new(size_of::<Request>() as u64)?;
        // SAFETY: the block is as large, zero, and never given back.
        *place = Some(unsafe { &mut *(block.start() as *mut Request) });
        core::mem::forget(block);
    }
    match place {
        Some(request) => Ok(f(request)),
        None => Err(Errno(errno::ENOMEM)),
    }
}

/// The request that is still to be met. Out of line, for the sake of small stacks.
#[inline(never)]
pub fn wanted() -> Option<Move> {
    let wanted = with(|request| {
        if !request.read {
            read(request)?;
        }
        Ok(Move {
            origin: match request.checkpoint {
                true => Origin::Checkpoint,
                false => Origin::Command,
            },
            to: request.to.checked_sub(1).and_then(Isa::by_id),
        })
    });
    match wanted {
        Ok(Ok(wanted)) => Some(wanted),
        Ok(Err(Some(reason))) => {
            reply_refused(&reason);
            None
        }
        Ok(Err(None)) | Err(_) => {
            SIGNALLED.store(false, Relaxed);
            None
        }
    }
}

/// Calls `f` with the emulator that the request names.
pub fn with_emulator<R>(f: impl FnOnce(Option<&[u8]>) -> R) -> R {
    // SAFETY: nobody else uses the request while a move is prepared: it is this thread's.
    let request = unsafe { REQUEST.get() };
    let emulator = request
        .as_ref()
        .filter(|request| request.read && request.emulator_len > 0)
        .map(|request| &request.emulator[..request.emulator_len]);
    f(emulator)
}

/// Opens the file that the image is to go to.
pub fn open_output() -> Result<OwnedFd, Errno> {
    with(|request| {
        let path = request.output.as_c_str();
        let path = path.map_err(|_| Errno(errno::ENAMETOOLONG))?;
        file::open(path, file::O_WRONLY | file::O_CLOEXEC, 0)
    })?
}

/// Whether the process is to end when its image is safe.
pub fn stops() -> bool {
    with(|request| request.checkpoint && request.stop).unwrap_or(false)
}

/// Waits until `popcorn checkpoint` has ended this process, or has taken its request back, or is gone.
pub fn wait_for_end() {
    const MOMENT: u64 = 1_000_000;
    let asker = with(|request| request.asker).unwrap_or(0) as i32;
    let is_wanted = || {
        let (Some(folder), Ok(name)) = (folder(), name(".request")) else {
            return false;
        };
        let there = name
            .as_c_str()
            .is_ok_and(|name| file::exists_at(folder.get(), name));
        there && process::exists(asker)
    };
    while is_wanted() {
        clock::sleep(MOMENT);
    }
    forget();
}

/// The folder of requests and replies; `None` if there is none that is to be trusted.
fn folder() -> Option<OwnedFd> {
    let uid = process::effective_user();
    let base = arguments::initial().var("XDG_RUNTIME_DIR");
    let mut path = PathBuffer::new();
    path.push(base.filter(|b| !b.is_empty()).unwrap_or(b"/tmp"));
    let _ = write!(path, "/popcorn-{uid}");
    let flags = file::O_RDONLY | file::O_DIRECTORY | file::O_NOFOLLOW | file::O_CLOEXEC;
    let folder = file::open(path.as_c_str().ok()?, flags, 0).ok()?;
    let stat = Stat::of(folder.get()).ok()?;
    (stat.mode & 0o077 == 0 && stat.uid == uid).then_some(folder)
}

/// Name of a file of this process in the folder.
fn name(suffix: &str) -> Result<Name, Errno> {
    let pid = with(|request| request.pid)?;
    let pid = if pid == 0 { process::id() } else { pid };
    Ok(Name::of(pid, None, suffix))
}

/// A short file name.
struct Name {
    bytes: [u8; 64],
    len: usize,
}

impl Name {
    fn of(pid: i32, asker: Option<u64>, suffix: &str) -> Self {
        let mut name = Self {
            bytes: [0; 64],
            len: 0,
        };
        // Two numbers and a suffix fit.
        let _ = match asker {
            Some(asker) => write!(name, "{pid}.{asker}{suffix}"),
            None => write!(name, "{pid}{suffix}"),
        };
        name
    }

    fn as_c_str(&self) -> Result<&core::ffi::CStr, Errno> {
        let name = core::ffi::CStr::from_bytes_with_nul(&self.bytes[..=self.len]);
        name.map_err(|_| Errno(errno::ENAMETOOLONG))
    }
}

impl Write for Name {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes[..63].get_mut(self.len..end);
        room.ok_or(core::fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Reads the request file. `Err(None)`: there is none.
fn read(request: &mut Request) -> Result<(), Option<Message>> {
    // SAFETY: all zeros is a request that was not read.
    *request = unsafe { core::mem::zeroed() };
    let none = |_| None;
    let folder = folder().ok_or(None)?;
    let pid = process::id();
    let name = Name::of(pid, None, ".request");
    let flags = file::O_RDONLY | file::O_NOFOLLOW | file::O_CLOEXEC;
    let file =
        file::open_at(folder.get(), name.as_c_str().map_err(none)?, flags, 0).map_err(none)?;
    let mut text = [0u8; 1024];
    let length = file::read_to_end(file.get(), &mut text).map_err(none)?;
    request.pid = pid;
    parse(&text[..length], request).map_err(Some)?;
    request.read = true;
    Ok(())
}

fn parse(text: &[u8], request: &mut Request) -> Result<(), Message> {
    for line in text.split(|&b| b == b'\n') {
        if let Some(name) = line.strip_prefix(b"to=") {
            let Some(isa) = isa_named(name) else {
                return Err(Message::of(format_args!("unknown ISA `{}`", Bytes(name))));
            };
            request.to = isa.id + 1;
        } else if let Some(path) = line.strip_prefix(b"emulator=")
            && let Some(room) = request.emulator.get_mut(..path.len())
        {
            room.copy_from_slice(path);
            request.emulator_len = path.len();
        } else if let Some(how) = line.strip_prefix(b"checkpoint=") {
            request.checkpoint = true;
            request.stop = how == b"stop";
        } else if let Some(path) = line.strip_prefix(b"output=") {
            request.output.push(path);
        } else if let Some(pid) = line.strip_prefix(b"asker=") {
            request.asker = parse_dec(pid).unwrap_or(0);
        }
    }
    if request.to != 0 || request.checkpoint {
        return Ok(());
    }
    Err(Message::of(format_args!("the request names no ISA")))
}

/// Where the reply to the request at hand goes.
struct ReplyPlace {
    folder: OwnedFd,
    new: Name,
    place: Name,
}

impl ReplyPlace {
    fn find() -> Option<Self> {
        let (pid, asker) = with(|request| {
            let asker = request.checkpoint.then_some(request.asker);
            (request.pid, asker)
        })
        .ok()?;
        let pid = if pid == 0 { process::id() } else { pid };
        Some(Self {
            folder: folder()?,
            new: Name::of(pid, asker, ".reply.new"),
            place: Name::of(pid, asker, ".reply"),
        })
    }

    /// Puts a reply where it is looked for, whole or not at all.
    fn put(&self, text: &Message) -> Result<(), Errno> {
        let folder = self.folder.get();
        let (new, place) = (self.new.as_c_str()?, self.place.as_c_str()?);
        let flags = file::O_CREAT | file::O_WRONLY | file::O_TRUNC | file::O_CLOEXEC;
        let file = file::open_at(folder, new, flags | file::O_NOFOLLOW, 0o600)?;
        file::write_all_at(file.get(), text.as_bytes(), 0)?;
        file::write_all_at(file.get(), b"\n", text.as_bytes().len() as u64)?;
        file::rename_at(folder, new, place)
    }
}

/// Whoever waits for an answer that cannot be written waits until his time is up.
fn put(place: Option<ReplyPlace>, text: &Message) {
    let done = place.map_or(Err(Errno(errno::ENOENT)), |place| place.put(text));
    if let Err(error) = done
        && trace::on()
    {
        say!("popcorn: a request cannot be answered: {error}");
    }
}

/// The request is answered, or somebody else will: forget it.
pub fn forget() {
    SIGNALLED.store(false, Relaxed);
    if let (Some(folder), Ok(name)) = (folder(), name(".request"))
        && let Ok(name) = name.as_c_str()
    {
        // Taken back already, if it is not there.
        let _ = file::unlink_at(folder.get(), name);
    }
    // SAFETY: all zeros is a request that was not read.
    let _ = with(|request| *request = unsafe { core::mem::zeroed() });
}

/// Not at this point; another answer follows.
#[inline(never)]
pub fn reply_deferred(reason: &Message) {
    let first = with(|request| !core::mem::replace(&mut request.deferred, true));
    if first == Ok(true) {
        put(
            ReplyPlace::find(),
            &Message::of(format_args!("deferred {reason}")),
        );
    }
}

#[inline(never)]
pub fn reply_refused(reason: &Message) {
    let place = ReplyPlace::find();
    // Before the answer: another request may follow it at once.
    forget();
    put(place, &Message::of(format_args!("refused {reason}")));
}

/// The same in the copy of a process, whose request it is not to forget.
pub fn reply_failed(reason: &Message) {
    put(
        ReplyPlace::find(),
        &Message::of(format_args!("refused {reason}")),
    );
}

/// In the copy of a process that is to be written: it has begun.
pub fn reply_writing() {
    let text = Message::of(format_args!("writing {}", process::id()));
    put(ReplyPlace::find(), &text);
}

/// In the copy of a process that was to be written: it is.
pub fn reply_written(figures: &Message) {
    let isa = arch::isa().name;
    let text = Message::of(format_args!("written {isa} {figures}"));
    put(ReplyPlace::find(), &text);
}

/// In the incarnation that was moved to.
pub fn reply_moved(from: &str, to: &str, figures: &Message) {
    let place = ReplyPlace::find();
    forget();
    put(
        place,
        &Message::of(format_args!("moved {from} {to} {figures}")),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Box<Request> {
        // SAFETY: all zeros is a request that was not read.
        unsafe { Box::new(core::mem::zeroed()) }
    }

    #[test]
    fn request_files() {
        let mut request = empty();
        let isa = popcorn_toolchains::ALL[2];
        let text = format!("to={}\nemulator=/opt/q emu\n", isa.name);
        parse(text.as_bytes(), &mut request).unwrap();
        assert_eq!(request.to, isa.id + 1);
        assert_eq!(&request.emulator[..request.emulator_len], b"/opt/q emu");
        let reason = parse(b"to=vax\n", &mut request).unwrap_err();
        assert_eq!(reason.as_bytes(), b"unknown ISA `vax`");
        let mut request = empty();
        let text = b"checkpoint=stop\noutput=/proc/7/fd/3\nasker=7\n";
        parse(text, &mut request).unwrap();
        assert!(request.checkpoint && request.stop && request.asker == 7);
        assert_eq!(request.output.as_bytes(), b"/proc/7/fd/3");
        assert!(parse(b"", &mut empty()).is_err());
    }
}
