//! The process that is spoken to, as its kernel shows it: whose it is, what it calls itself, where it looks for requests.
//!
//! It may be in other namespaces than we are: then its folder is found through `/proc/PID/root`, under the user and
//! process ids that hold there.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use popcorn_metadata::request::{DEFAULT_BASE, Folder, SIGNAL};

use crate::error::{Error, Result};

/// What `/proc/PID/status` says.
pub struct Status(String);

impl Status {
    pub fn of(pid: u32) -> Result<Status> {
        let path = PathBuf::from(format!("/proc/{pid}/status"));
        fs::read_to_string(&path)
            .map(Status)
            .map_err(|e| match e.kind() {
                io::ErrorKind::NotFound => gone(pid),
                _ => Error::io(&path)(e),
            })
    }

    /// The words behind `NAME:`.
    fn field(&self, name: &str) -> impl Iterator<Item = &str> {
        let line = self.0.lines().find_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.strip_prefix(':')
        });
        line.unwrap_or("").split_whitespace()
    }

    fn numbers(&self, name: &str) -> Vec<u32> {
        self.field(name).filter_map(|n| n.parse().ok()).collect()
    }

    fn mask(&self, name: &str) -> u64 {
        let mask = self.field(name).next();
        mask.and_then(|m| u64::from_str_radix(m, 16).ok())
            .unwrap_or(0)
    }

    /// Whether a set of signals holds the one of requests.
    fn has_signal(&self, set: &str) -> bool {
        self.mask(set) >> (SIGNAL - 1) & 1 == 1
    }

    /// Whether it catches the signal of requests.
    pub fn listens(&self) -> bool {
        self.has_signal("SigCgt")
    }

    pub fn is_stopped(&self) -> bool {
        matches!(self.field("State").next(), Some("T" | "t"))
    }

    /// The process id in its innermost namespace.
    fn own_pid(&self, pid: u32) -> u32 {
        self.numbers("NSpid").last().copied().unwrap_or(pid)
    }
}

/// There is no such process.
pub fn gone(pid: u32) -> Error {
    Error::usage(
        format!("there is no process {pid}"),
        "`pgrep -a NAME` lists processes",
    )
}

/// Our effective user id.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Refuses a process that may not be asked: another user's, or one with other rights than this user.
pub fn check_rights(pid: u32, status: &Status) -> Result<()> {
    let user = user();
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let owner = fs::metadata(&proc).map_err(|_| gone(pid))?.uid();
    let (users, groups) = (status.numbers("Uid"), status.numbers("Gid"));
    let (Some(&real), Some(&effective)) = (users.first(), users.get(1)) else {
        return Err(Error::Plain(format!(
            "the kernel does not say whose process {pid} is"
        )));
    };
    let more_rights = || {
        Error::usage(
            format!("process {pid} runs with more rights than its user, and answers no requests"),
            "setuid and setgid programs, and those with file capabilities, cannot be moved or checkpointed",
        )
    };
    let differ = effective != real || groups.first() != groups.get(1);
    let raised = status.mask("CapPrm") & !Status::of(std::process::id())?.mask("CapPrm") != 0;
    let is_secure = is_secure(&proc).unwrap_or(real == user && (differ || raised));
    if is_secure {
        return Err(more_rights());
    }
    if real == user && effective != user {
        return Err(Error::usage(
            format!(
                "process {pid} acts for another user (real user {real}, effective user {effective})"
            ),
            "requests come from the same effective user only",
        ));
    }
    if effective != user {
        return Err(Error::usage(
            format!("process {pid} belongs to another user"),
            "run popcorn as that user",
        ));
    }
    if owner != user {
        return Err(Error::usage(
            format!(
                "process {pid} may not be looked at: it gave up privileges, or closed itself (PR_SET_DUMPABLE)"
            ),
            "such a process cannot be moved: an exec would open it",
        ));
    }
    Ok(())
}

/// What the auxiliary vector says of its program, if it may be read.
fn is_secure(proc: &Path) -> Option<bool> {
    const AT_SECURE: u64 = 23;
    let auxv = fs::read(proc.join("auxv")).ok()?;
    let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(0);
    let mut pairs = auxv.chunks_exact(16);
    pairs.find_map(|pair| (word(&pair[..8]) == AT_SECURE).then(|| word(&pair[8..]) != 0))
}

/// Where a process is, and how it is called there.
#[derive(Debug)]
pub struct Place {
    /// What it calls itself.
    pub pid: u32,
    /// Its folder of requests, as we reach it.
    pub folder: PathBuf,
    /// Whether it knows processes under the numbers that we know.
    pub shares_pids: bool,
}

impl Place {
    pub fn of(pid: u32, status: &Status) -> Result<Place> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let same = |name: &str| {
            let link = Path::new("ns").join(name);
            let ours = fs::read_link(Path::new("/proc/self").join(&link));
            ours.is_ok_and(|ours| fs::read_link(proc.join(&link)).is_ok_and(|its| its == ours))
        };
        let base = base(&proc)?;
        let root = fs::read_link(proc.join("root"));
        let base = if same("mnt") && root.is_ok_and(|root| root == Path::new("/")) {
            base
        } else {
            let inside = base.strip_prefix("/").unwrap_or(&base);
            proc.join("root").join(inside)
        };
        let user = if same("user") {
            user()
        } else {
            user_inside(&proc)
        };
        Ok(Place {
            pid: status.own_pid(pid),
            folder: base.join(Folder { user }.to_string()),
            shares_pids: same("pid"),
        })
    }
}

/// `XDG_RUNTIME_DIR` as the process was started with it, or `/tmp`.
fn base(proc: &Path) -> Result<PathBuf> {
    let path = proc.join("environ");
    let environment = fs::read(&path).map_err(Error::io(&path))?;
    let value = environment
        .split(|&b| b == 0)
        .find_map(|var| var.strip_prefix(b"XDG_RUNTIME_DIR="));
    Ok(match value {
        Some(value @ [b'/', ..]) => OsString::from_vec(value.to_vec()).into(),
        _ => DEFAULT_BASE.into(),
    })
}

/// What our user is called in the process's user namespace.
fn user_inside(proc: &Path) -> u32 {
    let user = user();
    let map = fs::read_to_string(proc.join("uid_map")).unwrap_or_default();
    let inside = map.lines().find_map(|line| {
        let numbers: Vec<u32> = line
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        let [inside, outside, count] = numbers[..] else {
            return None;
        };
        let at = user.checked_sub(outside).filter(|&at| at < count)?;
        inside.checked_add(at)
    });
    inside.unwrap_or(user)
}

/// Whether a process is called otherwise than the file that it runs: an emulator in which the program has begun.
pub fn is_named(pid: u32, status: &Status) -> bool {
    /// The kernel cuts names.
    const LONGEST: usize = 15;
    let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let file = exe.file_name().unwrap_or_default().to_string_lossy();
    let file: String = file.chars().take(LONGEST).collect();
    status.field("Name").next().is_some_and(|name| name != file)
}

/// Why a process has said nothing in time.
pub fn why_silent(pid: u32) -> String {
    let Ok(status) = Status::of(pid) else {
        return "it has ended".into();
    };
    if status.is_stopped() {
        return "it is stopped; continue it (SIGCONT)".into();
    }
    if let Some((open, limit)) = descriptors(pid)
        && open >= limit
    {
        return format!(
            "it has no file descriptor free to read the request with ({open} are open, its limit is {limit})"
        );
    }
    if status.has_signal("SigBlk") && (status.has_signal("ShdPnd") || status.has_signal("SigPnd")) {
        return format!("it blocks the signal of requests ({SIGNAL}, SIGSTKFLT)");
    }
    "it passed no migration point, perhaps it waits in a system call".into()
}

/// How many descriptors a process has open, and may have.
fn descriptors(pid: u32) -> Option<(u64, u64)> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    Some((open, limit(pid, "Max open files")?))
}

/// Why a process cannot write an answer, as far as one sees: what follows a statement.
pub fn why_unwritten(pid: u32) -> String {
    match limit(pid, "Max file size") {
        Some(limit) => format!(": files that it writes may have {limit} bytes at most (ulimit -f)"),
        None => String::new(),
    }
}

/// A soft limit of a process; `None` if there is none.
fn limit(pid: u32, name: &str) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How long ago a process began, in seconds.
pub fn age(pid: u32) -> Option<f64> {
    // The kernel shows ticks of a hundredth of a second, whatever its own are.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit(')').next()?;
    // The 22nd of all, of which two are gone.
    let began: f64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    Some(uptime - began / TICKS)
}

/// Whether an emulator's process runs one of our images: they come out of memory files of that name, and the program's
/// own file is handed on in the environment.
pub fn is_popcorn_under_emulator(proc: &Path) -> bool {
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
            .is_ok_and(|to| to.as_os_str().as_bytes().starts_with(b"/memfd:popcorn"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read() {
        let text = "Name:\tx\nState:\tT (stopped)\nUid:\t1\t2\t3\t4\nNSpid:\t70\t7\nSigCgt:\t0000000000008000\n";
        let status = Status(text.into());
        assert!(status.listens() && status.is_stopped());
        assert_eq!((status.own_pid(70), status.own_pid(1)), (7, 7));
        assert_eq!(status.numbers("Uid"), [1, 2, 3, 4]);
        let empty = Status(String::new());
        assert!(!empty.listens() && empty.own_pid(9) == 9);
    }

    #[test]
    fn our_own_place() {
        let pid = std::process::id();
        let status = Status::of(pid).unwrap();
        check_rights(pid, &status).unwrap();
        let place = Place::of(pid, &status).unwrap();
        let folder = format!("popcorn-{}", user());
        assert!(place.shares_pids && place.pid == pid);
        assert!(place.folder.ends_with(folder) && !place.folder.starts_with("/proc"));
    }
}
