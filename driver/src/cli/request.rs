//! Requests to a running process, and its answers (docs/abi.md, section 11).
//!
//! The request is a file in a folder that only this user can use; a signal makes the runtime look there at the next
//! migration point. The answer is another file there. Both carry an id of ours in their names and texts, so several may
//! ask at once: the process serves one after the other. `deferred` (not now, it will be tried again) and `writing` (a copy
//! of the process is at it) are followed by another answer.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use popcorn_metadata::request::{Answer as Text, Id, Name, Reply, Request as Asked, Role, Wish};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock, inotify};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::cli::exe::Exe;
use crate::cli::interrupt;
use crate::cli::peer::{self, Place, Status};
use crate::error::{Error, Result};

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was done; what the process says of it.
    Done(String),
    /// It will not be.
    Refused(String),
    /// Not within the time; the last reason it gave, if any.
    TimedOut(Option<String>),
}

/// A process, by a descriptor that no other process ever gets.
struct Handle(OwnedFd);

impl Handle {
    fn open(pid: u32) -> rustix::io::Result<Handle> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pidfd_open(pid.ok_or(Errno::SRCH)?, PidfdFlags::empty()).map(Handle)
    }

    fn send(&self, signal: Signal) -> rustix::io::Result<()> {
        pidfd_send_signal(&self.0, signal)
    }

    /// Whether it has ended.
    fn has_ended(&self) -> bool {
        let mut ended = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut ended, Some(&Timespec::default())) == Ok(1)
    }
}

/// A request under way. Dropped, it is taken back.
pub struct Request<'a> {
    process: &'a Process,
    id: Id,
    /// Tells of files that are put into the folder.
    watch: OwnedFd,
    /// The request, which we hold a lock on: it says that we still wait.
    _lock: File,
}

impl Request<'_> {
    /// Waits for a final answer. Time counts until the process begins.
    pub fn wait(&self, timeout: Duration) -> Result<Answer> {
        let pid = self.process.pid;
        let start = Instant::now();
        let (mut reason, mut writer) = (None, None);
        loop {
            // Before the reply is looked for: it was written before the end.
            let ended = match &writer {
                Some(writer) => Handle::has_ended(writer),
                None => self.process.handle.has_ended(),
            };
            match self.reply()? {
                Some(Said::Done(said)) => return Ok(Answer::Done(said)),
                Some(Said::Refused(why)) => return Ok(Answer::Refused(why)),
                Some(Said::Deferred(why)) => reason = Some(why),
                Some(Said::Writing(copy)) if writer.is_none() => {
                    writer = Handle::open(copy).ok();
                    if writer.is_some() {
                        continue;
                    }
                }
                None if self.is_taken_back() => {
                    return Err(Error::Plain(format!(
                        "process {pid} took the request, and could not write its answer{}",
                        peer::why_unwritten(pid)
                    )));
                }
                Some(Said::Writing(_)) | None => {}
            }
            if ended {
                return Err(Error::Plain(match writer {
                    Some(_) => format!("the copy of process {pid} ended before it was written"),
                    None => format!("process {pid} ended before it answered"),
                }));
            }
            if let Err(interrupted) = interrupt::check() {
                // Nobody wants what the copy writes.
                if let Some(writer) = writer {
                    let _ = writer.send(Signal::KILL);
                }
                return Err(interrupted);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if writer.is_none() && left.is_zero() {
                return Ok(Answer::TimedOut(
                    reason.or_else(|| Some(peer::why_silent(pid))),
                ));
            }
            self.rest(writer.as_ref(), left);
        }
    }

    /// Waits for something to happen; not for long, as a signal to us may just have been missed.
    fn rest(&self, writer: Option<&Handle>, left: Duration) {
        const LONGEST: Duration = Duration::from_millis(50);
        let time = if writer.is_some() {
            LONGEST
        } else {
            left.min(LONGEST)
        };
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: time.as_nanos() as _,
        };
        let process = &writer.unwrap_or(&self.process.handle).0;
        let mut events = [
            PollFd::new(&self.watch, PollFlags::IN),
            PollFd::new(process, PollFlags::IN),
        ];
        let _ = poll(&mut events, Some(&time));
        // What is in there is told by the folder itself.
        let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 1024];
        let mut events = inotify::Reader::new(&self.watch, &mut buffer);
        while events.next().is_ok() {}
    }

    /// Whether the process has removed the request without leaving an answer.
    fn is_taken_back(&self) -> bool {
        let is_there = |role| self.process.path(self.id, role).exists();
        // The answer last: it is there before the request is gone.
        ![
            Role::Request,
            Role::TakenRequest,
            Role::Request,
            Role::Reply,
        ]
        .into_iter()
        .any(is_there)
    }

    /// What the process has said so far.
    fn reply(&self) -> Result<Option<Said>> {
        let pid = self.process.pid;
        let path = self.process.path(self.id, Role::Reply);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(&path)(e)),
        };
        let text = Text::parse(&bytes).map_err(|error| {
            Error::Plain(format!(
                "process {pid} gave an answer that is not understood: {error}"
            ))
        })?;
        if text.id != self.id {
            return Err(Error::Plain(format!(
                "process {pid} answered another request"
            )));
        }
        Ok(Some(match text.reply {
            Reply::Deferred { reason } => Said::Deferred(reason.into()),
            Reply::Refused { reason } => Said::Refused(reason.into()),
            Reply::Moved { from, to, figures } => Said::Done(format!("{from} {to} {figures}")),
            Reply::Writing { process } => Said::Writing(process),
            Reply::Written { isa, figures } => Said::Done(format!("{isa} {figures}")),
        }))
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        // In this order: a process that answers now looks whether the request is still there, and removes its reply if
        // not.
        for role in [
            Role::NewRequest,
            Role::Request,
            Role::TakenRequest,
            Role::Reply,
        ] {
            let _ = fs::remove_file(self.process.path(self.id, role));
        }
    }
}

enum Said {
    Deferred(String),
    Refused(String),
    Writing(u32),
    Done(String),
}

/// A process that popcorn may speak to.
pub struct Process {
    pid: u32,
    handle: Handle,
    emulated: bool,
    place: Place,
}

impl Process {
    /// Makes sure that `pid` is ours and was built by popcorn-cc.
    pub fn find(pid: u32) -> Result<Process> {
        let handle = Handle::open(pid).map_err(|error| match error {
            Errno::SRCH | Errno::INVAL => peer::gone(pid),
            error => Error::Plain(format!("process {pid} cannot be spoken to: {error}")),
        })?;
        let status = Status::of(pid)?;
        peer::check_rights(pid, &status)?;
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let exe = proc.join("exe");
        let target = fs::read_link(&exe).map_err(|e| unreadable(pid, &e))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let emulated = name.starts_with("qemu-") || Exe::check(&exe).is_err();
        if emulated && !peer::is_popcorn_under_emulator(&proc) {
            return Err(Error::usage(
                format!("process {pid} ({name}) was not built by popcorn-cc"),
                "only such programs can be moved or checkpointed",
            ));
        }
        let place = Place::of(pid, &status)?;
        make_folder(&place.folder)?;
        Ok(Process {
            pid,
            handle,
            emulated,
            place,
        })
    }

    /// Whether the process knows others, us for one, under the numbers that we know.
    pub fn shares_pids(&self) -> bool {
        self.place.shares_pids
    }

    /// Ends it.
    pub fn end(&self) -> rustix::io::Result<()> {
        self.handle.send(Signal::KILL)
    }

    /// Makes a request.
    pub fn ask(&self, wish: Wish<'_>) -> Result<Request<'_>> {
        self.await_listener()?;
        let id = Id(std::hash::RandomState::new().build_hasher().finish());
        let (new, place) = (
            self.path(id, Role::NewRequest),
            self.path(id, Role::Request),
        );
        let folder = &self.place.folder;
        let no_watch = |e: Errno| Error::io(folder)(e.into());
        let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)
            .map_err(no_watch)?;
        inotify::add_watch(&watch, folder, inotify::WatchFlags::MOVED_TO).map_err(no_watch)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .map_err(Error::io(&new))?;
        let lock = file.try_clone().map_err(Error::io(&new))?;
        let request = Request {
            process: self,
            id,
            watch,
            _lock: lock,
        };
        file.write_all(&Asked { id, wish }.to_bytes())
            .map_err(Error::io(&new))?;
        flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| Error::io(&new)(e.into()))?;
        fs::rename(&new, &place).map_err(Error::io(&place))?;
        // From here on the process may answer at any time.
        self.handle.send(Signal::STKFLT).map_err(|e| match e {
            Errno::SRCH => Error::Plain(format!("process {} has ended", self.pid)),
            e => Error::Plain(format!("cannot signal process {}: {e}", self.pid)),
        })?;
        Ok(request)
    }

    fn path(&self, id: Id, role: Role) -> PathBuf {
        let process = self.place.pid;
        let name = Name { process, id, role };
        self.place.folder.join(name.to_string())
    }

    /// Waits until the process catches the signal: one that has just begun does not yet, and would be ended by it.
    /// In the middle of a hop the signal is blocked, whether it is caught or not.
    fn await_listener(&self) -> Result<()> {
        /// Emulators catch every signal from their first moment, and the program a moment later.
        const EMULATOR_STARTS: f64 = 0.3;
        let is_ready = || -> Result<bool> {
            let status = Status::of(self.pid)?;
            // The program gives the process its name when it listens.
            let has_begun = || {
                peer::is_named(self.pid, &status)
                    || peer::age(self.pid).is_none_or(|age| age > EMULATOR_STARTS)
            };
            Ok(status.listens() && (!self.emulated || has_begun()))
        };
        let start = Instant::now();
        while !is_ready()? {
            interrupt::check()?;
            if start.elapsed() > Duration::from_secs(1) {
                let pid = self.pid;
                return Err(Error::usage(
                    format!("process {pid} does not listen for requests"),
                    "it is still starting, has installed a seccomp filter, or was built by another version of popcorn-cc",
                ));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// A process without a readable file: a zombie, or one that may not be looked at.
fn unreadable(pid: u32, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Error::usage(
            format!(
                "process {pid} has other groups or privileges than this user, and may not be looked at"
            ),
            "run popcorn with the same user, groups and capabilities as the process",
        );
    }
    Error::usage(
        format!("the program of process {pid} cannot be read: {error}"),
        "it has ended, or it is not this user's to look at",
    )
}

/// Makes the folder of requests if need be; refused if somebody else made it.
fn make_folder(folder: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(Error::io(folder)(e)),
        _ => {}
    }
    let meta = fs::symlink_metadata(folder).map_err(Error::io(folder))?;
    if !meta.is_dir() || meta.uid() != peer::user() || meta.mode() & 0o077 != 0 {
        return Err(Error::usage(
            format!(
                "{}: not a directory that only this user can use",
                folder.display()
            ),
            "remove it",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_process_is_refused() {
        let error = Process::find(std::process::id()).err().unwrap().to_string();
        assert!(error.contains("was not built by popcorn-cc"), "{error}");
        let error = Process::find(u32::MAX).err().unwrap().to_string();
        assert!(error.contains("no process"), "{error}");
    }

    #[test]
    fn answers_are_understood() {
        let dir = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let process = Process {
            pid,
            handle: Handle::open(pid).unwrap(),
            emulated: false,
            place: Place {
                pid,
                folder: dir.path().to_owned(),
                shares_pids: true,
            },
        };
        let id = Id(7);
        let request = Request {
            process: &process,
            id,
            watch: inotify::init(inotify::CreateFlags::NONBLOCK).unwrap(),
            _lock: tempfile::tempfile().unwrap(),
        };
        let ask = |id: Id, reply: Reply<'_>| {
            let text = Text { id, reply }.to_string();
            fs::write(process.path(request.id, Role::Reply), text).unwrap();
            request.wait(Duration::from_millis(10))
        };
        let moved = Reply::Moved {
            from: "a",
            to: "b",
            figures: "3 frames",
        };
        assert_eq!(ask(id, moved).unwrap(), Answer::Done("a b 3 frames".into()));
        let reason = "two threads";
        let refused = ask(id, Reply::Refused { reason }).unwrap();
        assert_eq!(refused, Answer::Refused(reason.into()));
        let deferred = ask(id, Reply::Deferred { reason }).unwrap();
        assert_eq!(deferred, Answer::TimedOut(Some(reason.into())));
        let error = ask(Id(8), moved).unwrap_err().to_string();
        assert!(error.contains("another request"), "{error}");
        let path = process.path(id, Role::Reply);
        fs::write(path, "moved\n").unwrap();
        assert!(request.wait(Duration::from_millis(10)).is_err());
        drop(request);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
