//! Requests to move: from `popcorn migrate` and `popcorn checkpoint`, through a file and a signal.
//!
//! The signal only raises the flag; the next migration point looks into the folder (`mailbox`). One request after the
//! other is met, each until it has its final answer or its asker is gone. A new incarnation looks there by itself: a
//! signal that came during the exec needs nobody.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use popcorn_metadata::origin::Origin;
use popcorn_metadata::request::{Id, LARGEST_REQUEST, Reply, Request, Wish};
use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::path::PathBuffer;
use crate::base::refusal::Refusal;
use crate::base::statics::{Slot, Travels};
use crate::base::text::{Bytes, Message};
use crate::kernel::file::{self, OwnedFd, S_IFREG, Stat};
use crate::kernel::lock::Lock;
use crate::kernel::memory::Block;
use crate::kernel::{Errno, clock, errno, process};
use crate::moves::flag;
use crate::moves::mailbox::{Mailbox, Unusable};
use crate::moves::order::Move;
use crate::program::arguments;
use crate::program::identity::isa_named;
use crate::program::{signal_entry, trace};
use crate::{incarnation, refusal, say};

incarnation! {
    /// There may be a request that has no final reply.
    static SIGNALLED: AtomicBool = AtomicBool::new(false);
    /// The request under way, in memory of its own.
    static UNDER_WAY: Slot<Option<&'static mut UnderWay>> = Slot::new(None);
    /// Guards [`UNDER_WAY`].
    static LOCK: Lock = Lock::new();
}

/// The request that the process moves for: the other side answers it.
static MOVES_FOR: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));

/// The request under way. All zeros: there is none.
struct UnderWay {
    id: Option<Id>,
    /// The process that was asked: a copy of it may answer.
    process: u32,
    /// A `deferred` was written.
    deferred: bool,
    length: usize,
    bytes: [u8; LARGEST_REQUEST],
}

impl UnderWay {
    /// What was asked for; it was well-formed when it was read.
    fn wish(&self) -> Option<Wish<'_>> {
        self.id?;
        let request = Request::parse(&self.bytes[..self.length]).ok()?;
        Some(request.wish)
    }
}

extern "C" fn on_signal() {
    SIGNALLED.store(true, Relaxed);
    flag::raise();
}

/// Makes this incarnation listen to requests. A program with more rights than its user listens to nobody.
pub fn listen() {
    if arguments::initial().is_secure() {
        return;
    }
    if let Err(error) = signal_entry::listen(on_signal)
        && trace::on()
    {
        say!("popcorn: this process cannot be asked to move: no signal handler: {error}");
    }
}

/// Has the next migration point look for requests.
pub fn look() {
    on_signal();
}

/// Whether there may be a request that is still to be met.
pub fn is_signalled() -> bool {
    SIGNALLED.load(Relaxed)
}

/// Uses the request; room for it is made when first needed.
fn with<R>(f: impl FnOnce(&mut UnderWay) -> R) -> Result<R, Errno> {
    let _held = LOCK.hold();
    // SAFETY: the lock is held.
    let place = unsafe { UNDER_WAY.get() };
    if place.is_none() {
        let block = Block::new(size_of::<UnderWay>() as u64)?;
        let at = block.start() as *mut UnderWay;
        core::mem::forget(block);
        // SAFETY: the block is as large, zero, and never given back.
        *place = Some(unsafe {
            (&raw mut (*at).id).write(None);
            &mut *at
        });
    }
    match place {
        Some(request) => Ok(f(request)),
        None => Err(Errno(errno::ENOMEM)),
    }
}

/// The request that is still to be met. Out of line, for the sake of small stacks.
#[inline(never)]
pub fn wanted() -> Option<Move> {
    loop {
        match with(next) {
            Ok(Ok(wanted)) => return wanted,
            Ok(Err(reason)) => reply_refused(&reason),
            Err(_) => return None,
        }
    }
}

/// Looks whether the asker still waits, or else for another request. The error is what to tell the asker.
fn next(request: &mut UnderWay) -> Result<Option<Move>, Message> {
    // What comes from here on is for the next look.
    SIGNALLED.store(false, Relaxed);
    let mailbox = match Mailbox::open() {
        Ok(mailbox) => mailbox,
        Err(error) => {
            request.id = None;
            if error.0 != errno::ENOENT && trace::on() {
                say!("popcorn: requests cannot be read: {error}");
            }
            return Ok(None);
        }
    };
    request.id = request
        .id
        .filter(|&id| mailbox.is_wanted(request.process, id));
    if request.id.is_none() {
        take(request, &mailbox)?;
    }
    let Some(Id(id)) = request.id else {
        return Ok(None);
    };
    // There may be more of them when this one is met.
    SIGNALLED.store(true, Relaxed);
    let to = match request.wish() {
        None => return Err(Message::of(format_args!("the request cannot be read"))),
        Some(Wish::Checkpoint { .. }) => None,
        Some(Wish::Move { isa, .. }) => {
            let unknown = || Message::of(format_args!("unknown ISA `{}`", Bytes(isa)));
            Some(isa_named(isa).ok_or_else(unknown)?)
        }
    };
    MOVES_FOR.store(id, Relaxed);
    let origin = match to {
        Some(_) => Origin::Command,
        None => Origin::Checkpoint,
    };
    Ok(Some(Move { origin, to }))
}

/// Takes a request out of the folder, if there is one.
fn take(request: &mut UnderWay, mailbox: &Mailbox) -> Result<(), Message> {
    request.process = process::id() as u32;
    request.deferred = false;
    while let Some(id) = mailbox.find(request.process) {
        let read = mailbox.read(request.process, id, &mut request.bytes);
        let refused = match read.map(|bytes| (bytes.len(), Request::parse(bytes))) {
            Ok((length, Ok(parsed))) if parsed.id == id => {
                request.length = length;
                request.id = Some(id);
                return Ok(());
            }
            Ok((_, Ok(_))) => Message::of(format_args!("the request is another's")),
            Ok((_, Err(error))) => {
                Message::of(format_args!("the request is not understood: {error}"))
            }
            Err(Unusable::Refuse(reason)) => Message::of(format_args!("{reason}")),
            Err(Unusable::Discard) => {
                mailbox.remove(request.process, id);
                continue;
            }
        };
        request.id = Some(id);
        SIGNALLED.store(true, Relaxed);
        return Err(refused);
    }
    Ok(())
}

/// Calls `f` with the emulator that the request names.
pub fn with_emulator<R>(f: impl FnOnce(Option<&[u8]>) -> R) -> R {
    // SAFETY: nobody else uses the request while a move is prepared: it is this thread's.
    let request = unsafe { UNDER_WAY.get() };
    match request.as_ref().and_then(|request| request.wish()) {
        Some(Wish::Move { emulator, .. }) => f(emulator),
        _ => f(None),
    }
}

/// Opens the file that the image is to go to: the asker's, and this user's alone.
pub fn open_output() -> Result<OwnedFd, Refusal> {
    use core::fmt::Write;
    let wish = with(|request| match request.wish() {
        Some(Wish::Checkpoint {
            asker, descriptor, ..
        }) => Some((asker, descriptor)),
        _ => None,
    });
    let Ok(Some((asker, descriptor))) = wish else {
        return Err(refusal!(errno::EINVAL, "the request names no file"));
    };
    let cannot = |error: Errno| refusal!(error.0, "the image file cannot be opened: {error}");
    let too_long = |_| cannot(Errno(errno::ENAMETOOLONG));
    let user = process::effective_user();
    let mut path = PathBuffer::new();
    let _ = write!(path, "/proc/{asker}");
    let owner = Stat::at(path.as_c_str().map_err(too_long)?).map_err(cannot)?;
    if owner.uid != user {
        let text = "whoever asks is another user, or has other rights";
        return Err(refusal!(errno::EPERM, "{text}"));
    }
    let _ = write!(path, "/fd/{descriptor}");
    let flags = file::O_WRONLY | file::O_CLOEXEC | file::O_NOCTTY | file::O_NONBLOCK;
    let file = file::open(path.as_c_str().map_err(too_long)?, flags, 0).map_err(cannot)?;
    let stat = Stat::of(file.get()).map_err(cannot)?;
    if stat.kind() != S_IFREG || stat.uid != user || stat.mode & 0o077 != 0 {
        let text = "the image file is not a regular file of this user's alone";
        return Err(refusal!(errno::EPERM, "{text}"));
    }
    Ok(file)
}

/// Whether the process is to end when its image is safe.
pub fn stops() -> bool {
    let wish = with(|request| matches!(request.wish(), Some(Wish::Checkpoint { stop: true, .. })));
    wish.unwrap_or(false)
}

/// Waits until `popcorn checkpoint` has ended this process, or has taken its request back, or is gone.
pub fn wait_for_end() {
    const MOMENT: u64 = 1_000_000;
    let is_wanted = || {
        let id = with(|request| Some((request.process, request.id?)));
        match (Mailbox::open(), id) {
            (Ok(mailbox), Ok(Some((process, id)))) => mailbox.is_wanted(process, id),
            _ => false,
        }
    };
    while is_wanted() {
        clock::sleep(MOMENT);
    }
    forget();
}

/// A copy of the process is to answer the request: it is not to be found again.
pub fn hand_over() -> Result<(), Refusal> {
    let at = with(|request| Some((request.process, request.id?)));
    let handed = match at {
        Ok(Some((process, id))) => {
            Mailbox::open().and_then(|mailbox| mailbox.hand_over(process, id))
        }
        _ => Err(Errno(errno::ENOENT)),
    };
    handed.map_err(|e| refusal!(e.0, "the request cannot be taken: {e}"))
}

/// Somebody else answers the request from here on, or nobody is to.
pub fn forget() {
    let _ = with(|request| request.id = None);
}

/// Answers the request at hand; whoever waits for an answer that cannot be written waits until his time is up. A final
/// answer ends the request.
fn put(reply: Reply, is_final: bool) {
    let at = with(|request| Some((request.process, request.id?)));
    let Ok(Some((process, id))) = at else {
        return;
    };
    let done = Mailbox::open().and_then(|mailbox| {
        let done = mailbox.put(process, id, reply);
        if is_final {
            mailbox.remove(process, id);
        }
        done
    });
    if is_final {
        forget();
    }
    if let Err(error) = done
        && trace::on()
    {
        say!("popcorn: a request cannot be answered: {error}");
    }
}

/// Not at this point; another answer follows.
#[inline(never)]
pub fn reply_deferred(reason: &Message) {
    let first = with(|request| !core::mem::replace(&mut request.deferred, true));
    if first == Ok(true) {
        let reason = reason.as_str();
        put(Reply::Deferred { reason }, false);
    }
}

#[inline(never)]
pub fn reply_refused(reason: &Message) {
    let reason = reason.as_str();
    put(Reply::Refused { reason }, true);
}

/// In the copy of a process that is to be written: it has begun.
pub fn reply_writing() {
    let process = process::id() as u32;
    put(Reply::Writing { process }, false);
}

/// In the copy of a process that was to be written: it is. The process itself, if it waits, has the request until the
/// asker takes it back.
pub fn reply_written(figures: &Message) {
    let (isa, figures) = (arch::isa().name, figures.as_str());
    put(Reply::Written { isa, figures }, !stops());
}

/// In the incarnation that was moved to.
pub fn reply_moved(from: &Isa, to: &Isa, figures: &Message) {
    let id = Id(MOVES_FOR.load(Relaxed));
    let _ = with(|request| {
        request.process = process::id() as u32;
        request.id = Some(id);
    });
    let (from, to, figures) = (from.name, to.name, figures.as_str());
    put(Reply::Moved { from, to, figures }, true);
}
