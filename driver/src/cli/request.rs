//! Requests to a running process, and its answers (docs/abi.md, section 11).
//!
//! The request is a file `<pid>.request` in a directory that only this user can use; a signal makes the
//! runtime read it at the next migration point. The answer is another file there, one line: a word, then
//! what to tell the user. `deferred` (not now, it will be tried again) and `writing` (a copy of the process
//! is at it) are followed by another answer.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cli::exe::Exe;
use crate::cli::interrupt;
use crate::error::{Error, Result};

/// The signal that the runtime waits for. An emulator maps its guest's real-time signals two up.
const SIGNAL: u32 = 62;
const SIGNAL_UNDER_EMULATOR: u32 = SIGNAL + 2;

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

/// A request under way.
pub struct Request {
    pid: u32,
    request: PathBuf,
    reply: PathBuf,
}

impl Request {
    /// Waits for a final answer: `done` or `refused`. Time counts until the process begins.
    pub fn wait(&self, done: &str, timeout: Duration) -> Result<Answer> {
        let pid = self.pid;
        let start = Instant::now();
        let (mut reason, mut writer) = (None, None);
        loop {
            let mut alive = exists(writer.unwrap_or(pid));
            match fs::read_to_string(&self.reply) {
                Ok(text) if text.ends_with('\n') => {
                    let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
                    match word {
                        "refused" => return Ok(Answer::Refused(rest.to_owned())),
                        "deferred" => reason = Some(rest.to_owned()),
                        "writing" => {
                            alive |= writer.is_none();
                            writer = rest.parse().ok();
                        }
                        word if word == done => return Ok(Answer::Done(rest.to_owned())),
                        other => {
                            return Err(Error::Plain(format!(
                                "process {pid} gave an answer that is not understood: {other}"
                            )));
                        }
                    }
                }
                Ok(_) => {} // still being written
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(Error::io(&self.reply)(e)),
            }
            if !alive {
                return Err(Error::Plain(match writer {
                    Some(_) => format!("the copy of process {pid} ended before it was written"),
                    None => format!("process {pid} ended before it answered"),
                }));
            }
            if let Err(interrupted) = interrupt::check() {
                // Nobody wants what the copy writes.
                if let Some(writer) = writer {
                    let _ = end(writer);
                }
                return Err(interrupted);
            }
            if writer.is_none() && start.elapsed() >= timeout {
                return Ok(Answer::TimedOut(reason));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // What cannot be removed is not ours any more.
        let _ = remove(&self.request);
        let _ = remove(&self.reply);
    }
}

/// Kills a process.
pub fn end(pid: u32) -> rustix::io::Result<()> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(number.ok_or(rustix::io::Errno::SRCH)?, Signal::KILL)
}

/// Whether there is such a process, and it has not ended.
fn exists(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
}

/// A process that popcorn may speak to.
pub struct Process {
    pid: u32,
    emulated: bool,
    /// What its request file is called after.
    dir: PathBuf,
}

impl Process {
    /// Makes sure that `pid` is ours and was built by popcorn-cc.
    pub fn find(pid: u32) -> Result<Process> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let Ok(meta) = fs::metadata(&proc) else {
            return Err(Error::usage(
                format!("there is no process {pid}"),
                "`pgrep -a NAME` lists processes",
            ));
        };
        if meta.uid() != uid()? {
            return Err(Error::usage(
                format!("process {pid} belongs to another user"),
                "run popcorn as that user",
            ));
        }
        let exe = proc.join("exe");
        let target = fs::read_link(&exe).map_err(|e| unreadable(pid, &e))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let emulated = name.starts_with("qemu-");
        let ours = if emulated {
            is_popcorn_under_emulator(&proc)
        } else {
            Exe::open(&exe).is_ok()
        };
        if !ours {
            return Err(Error::usage(
                format!("process {pid} ({name}) was not built by popcorn-cc"),
                "only such programs can be moved or checkpointed",
            ));
        }
        Ok(Process {
            pid,
            emulated,
            dir: request_dir()?,
        })
    }

    /// Makes a request; the answer will be in the file `<pid><suffix>.reply`. Dropped, it is taken back.
    pub fn ask(&self, text: &str, suffix: &str) -> Result<Request> {
        let signal = self.signal()?;
        let file = |name: String| self.dir.join(name);
        let request = Request {
            pid: self.pid,
            request: file(format!("{}.request", self.pid)),
            reply: file(format!("{}{suffix}.reply", self.pid)),
        };
        remove(&request.reply)?;
        crate::output::write(&request.request, text.as_bytes())?;
        // From here on the process may answer at any time.
        send(self.pid, signal)?;
        Ok(request)
    }

    /// The signal to send. A process that does not catch it would be killed by it.
    fn signal(&self) -> Result<u32> {
        let signal = if self.emulated {
            SIGNAL_UNDER_EMULATOR
        } else {
            SIGNAL
        };
        let path = PathBuf::from(format!("/proc/{}/status", self.pid));
        let start = Instant::now();
        loop {
            let status = fs::read_to_string(&path).map_err(Error::io(&path))?;
            if interrupt::in_mask(&status, "SigCgt:", signal) {
                return Ok(signal);
            }
            // It may have begun, or be in the middle of a hop.
            if start.elapsed() > Duration::from_secs(1) {
                return Err(Error::usage(
                    format!(
                        "process {} does not listen for requests (signal {signal} is not caught)",
                        self.pid
                    ),
                    "it is still starting, or has changed the handler itself",
                ));
            }
            thread::sleep(Duration::from_millis(5));
        }
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

/// Whether an emulator's process runs one of our images: they come out of memory files of that name, and
/// the program's own file is handed on in the environment.
fn is_popcorn_under_emulator(proc: &Path) -> bool {
    let environ = fs::read(proc.join("environ")).unwrap_or_default();
    if environ
        .split(|b| *b == 0)
        .any(|var| var.starts_with(b"POPCORN_PROG="))
    {
        return true;
    }
    let fds = fs::read_dir(proc.join("fd"));
    fds.into_iter().flatten().flatten().any(|entry| {
        fs::read_link(entry.path())
            .is_ok_and(|to| to.to_string_lossy().starts_with("/memfd:popcorn"))
    })
}

/// Our user id.
fn uid() -> Result<u32> {
    let own = Path::new("/proc/self");
    Ok(fs::metadata(own).map_err(Error::io(own))?.uid())
}

/// `${XDG_RUNTIME_DIR:-/tmp}/popcorn-<uid>`, made if need be; refused if somebody else made it.
fn request_dir() -> Result<PathBuf> {
    let uid = uid()?;
    let base = std::env::var_os("XDG_RUNTIME_DIR")
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let dir = base.join(format!("popcorn-{uid}"));
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(Error::io(&dir)(e)),
        _ => {}
    }
    let meta = fs::symlink_metadata(&dir).map_err(Error::io(&dir))?;
    if !meta.is_dir() || meta.uid() != uid || meta.mode() & 0o077 != 0 {
        return Err(Error::usage(
            format!(
                "{}: not a directory that only this user can use",
                dir.display()
            ),
            "remove it",
        ));
    }
    Ok(dir)
}

/// Sends a signal. The shell does it, as the standard library has no call for it.
fn send(pid: u32, signal: u32) -> Result<()> {
    let output = Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\""])
        .args([signal.to_string(), pid.to_string()])
        .output()
        .map_err(|source| Error::Tool {
            tool: "sh".into(),
            source,
            help: "a shell is needed to send a signal".into(),
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Plain(format!(
        "cannot signal process {pid}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path)(e)),
        _ => Ok(()),
    }
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
        let request = Request {
            pid: std::process::id(),
            request: dir.path().join("request"),
            reply: dir.path().join("reply"),
        };
        let ask = |text: &str| {
            fs::write(&request.reply, text).unwrap();
            request.wait("moved", Duration::from_millis(10))
        };
        assert_eq!(
            ask("moved 3 frames\n").unwrap(),
            Answer::Done("3 frames".into())
        );
        assert_eq!(
            ask("refused two threads\n").unwrap(),
            Answer::Refused("two threads".into())
        );
        assert_eq!(
            ask("deferred in a signal handler\n").unwrap(),
            Answer::TimedOut(Some("in a signal handler".into()))
        );
        assert_eq!(ask("mov").unwrap(), Answer::TimedOut(None));
        assert!(ask("what\n").is_err());
        let error = ask("writing 4294967294\n").unwrap_err().to_string();
        assert!(error.contains("ended before it was written"), "{error}");
    }
}
