//! `popcorn migrate`: asks a running process to move, and waits for its answer.
//!
//! The request is a file `<pid>.request` in a directory that only this user can use; a signal makes the
//! runtime read it at the next migration point. It answers in `<pid>.reply`: a first word `moved`,
//! `deferred` (not now, it will be tried again) or `refused`, then what to tell the user.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use popcorn_toolchains::Isa;

use crate::cli::exe::Exe;
use crate::cli::host;
use crate::error::{Error, Result};

/// The signal that the runtime waits for. An emulator maps its guest's real-time signals two up.
const SIGNAL: u32 = 62;
const SIGNAL_UNDER_EMULATOR: u32 = SIGNAL + 2;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It runs as the other ISA now.
    Moved(String),
    /// It will not.
    Refused(String),
    /// Not within the time; the last reason it gave, if any.
    TimedOut(Option<String>),
}

/// Asks `pid` to go on as `isa`, and waits at most `timeout`.
pub fn migrate(pid: u32, isa: &Isa, timeout: Duration) -> Result<Answer> {
    let process = Process::find(pid)?;
    let signal = process.signal()?;
    let emulator = host::emulator(isa)?;
    let dir = request_dir()?;
    let request = dir.join(format!("{pid}.request"));
    let reply = dir.join(format!("{pid}.reply"));
    remove(&reply)?;
    let mut text = format!("to={}\n", isa.name);
    if let Some(emulator) = emulator {
        text.push_str(&format!("emulator={}\n", emulator.display()));
    }
    crate::output::write(&request, text.as_bytes())?;
    // From here on the process may answer at any time.
    if let Err(error) = send(pid, signal) {
        remove(&request)?;
        return Err(error);
    }
    let answer = wait(pid, &reply, timeout);
    remove(&reply)?;
    remove(&request)?;
    answer
}

/// Waits for a final answer.
fn wait(pid: u32, reply: &Path, timeout: Duration) -> Result<Answer> {
    let start = Instant::now();
    let mut reason = None;
    loop {
        match fs::read_to_string(reply) {
            Ok(text) if text.ends_with('\n') => {
                let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
                match word {
                    "moved" => return Ok(Answer::Moved(rest.to_owned())),
                    "refused" => return Ok(Answer::Refused(rest.to_owned())),
                    "deferred" => reason = Some(rest.to_owned()),
                    other => {
                        return Err(Error::Plain(format!(
                            "process {pid} gave an answer that is not understood: {other}"
                        )));
                    }
                }
            }
            Ok(_) => {} // still being written
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(reply)(e)),
        }
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return Err(Error::Plain(format!(
                "process {pid} ended before it answered"
            )));
        }
        if start.elapsed() >= timeout {
            return Ok(Answer::TimedOut(reason));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// A process that popcorn may speak to.
struct Process {
    pid: u32,
    emulated: bool,
}

impl Process {
    /// Makes sure that `pid` is ours and was built by popcorn-cc.
    fn find(pid: u32) -> Result<Process> {
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
        let target = fs::read_link(&exe).map_err(|e| match e.kind() {
            io::ErrorKind::PermissionDenied => Error::usage(
                format!("process {pid} has other groups or privileges than this user, and may not be looked at"),
                "run popcorn with the same user, groups and capabilities as the process",
            ),
            _ => Error::io(&exe)(e),
        })?;
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
                "only such programs can be moved",
            ));
        }
        Ok(Process { pid, emulated })
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
            if catches(&status, signal) {
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

/// Whether `SigCgt` in a `/proc/PID/status` has `signal`.
fn catches(status: &str, signal: u32) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
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
    fn caught_signals_are_read_from_the_mask() {
        let status = "Name:\tx\nSigCgt:\t2000000000000001\n";
        assert!(catches(status, 62) && catches(status, 1));
        assert!(!catches(status, 61) && !catches(status, 64));
        assert!(!catches("", 62));
    }

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
        let reply = dir.path().join("reply");
        let me = std::process::id();
        let ask = |text: &str| {
            fs::write(&reply, text).unwrap();
            wait(me, &reply, Duration::from_millis(10))
        };
        assert_eq!(
            ask("moved 3 frames\n").unwrap(),
            Answer::Moved("3 frames".into())
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
    }
}
