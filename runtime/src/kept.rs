//! What the kernel keeps for a process and a checkpoint has to: open descriptors, working directory,
//! timers, masks. Gathered before the process is copied, since the copy shares file offsets with it; and
//! given back to a process that is restored.
//!
//! What could not be opened again is an error that names the descriptor, before anything is written; but
//! what the program was started with, a restored one may be started with again.

use popcorn_metadata::image::{Checkpoint, FD_GIVEN, Fd, Process, Timer};

use crate::cell::Global;
use crate::syscall::{forward, nr, signals, state};
use crate::text::Line;
use crate::{descriptors, memory, start};

const AT_FDCWD: i64 = -100;
/// Descriptors that a checkpoint has room for.
const MOST: usize = 4096;
/// Bytes of all paths and arguments that it has room for.
const TEXT: usize = 1 << 20;
const PATH: usize = 4096;
/// Standard input, output and error: a restored process has those of whoever restores it.
const STANDARD: i64 = 2;
const ITIMERS: u64 = 3;

const S_IFMT: u64 = 0o170000;
const S_IFIFO: u64 = 0o010000;
const S_IFCHR: u64 = 0o020000;
const S_IFDIR: u64 = 0o040000;
const S_IFREG: u64 = 0o100000;
const S_IFSOCK: u64 = 0o140000;

impl File {
    fn of(fd: i64) -> Self {
        // struct stat of the base ABI.
        let mut stat = [0u64; 18];
        forward(nr::FSTAT, [fd, stat.as_mut_ptr() as i64, 0, 0, 0, 0]);
        Self {
            fd,
            device: stat[0],
            inode: stat[1],
            links: stat[2],
            mode: stat[3] & 0xffff_ffff,
        }
    }
}

/// The sections of an image that this module fills, in memory of its own.
pub struct Kept {
    at: u64,
    fds: usize,
    text: usize,
    process: Process,
    timers: [Timer; ITIMERS as usize],
    timer_count: usize,
}

/// One descriptor as it is now.
#[derive(Clone, Copy)]
struct File {
    fd: i64,
    device: u64,
    inode: u64,
    links: u64,
    mode: u64,
}

/// Descriptors that the program was started with, by number, device and inode; no more than these are
/// remembered. Program state.
static GIVEN: Global<[(i64, u64, u64); 16]> = Global::new([(0, 0, 0); 16]);

/// At the start of a program: remembers what it was given beside standard input, output and error.
pub fn note_given() {
    // SAFETY: nothing else runs yet.
    let mut free = unsafe { GIVEN.get() }.iter_mut();
    descriptors::each(|fd| {
        if fd <= STANDARD || fd == i64::from(state::program_fd()) {
            return true;
        }
        let file = File::of(fd);
        free.next()
            .map(|place| *place = (fd, file.device, file.inode))
            .is_some()
    });
}

fn was_given(file: &File) -> bool {
    // SAFETY: written at the start only.
    unsafe { GIVEN.get() }.contains(&(file.fd, file.device, file.inode))
}

const FDS_BYTES: usize = MOST * Fd::SIZE;
const FILES_BYTES: usize = MOST * size_of::<File>();
const ROOM: usize = FDS_BYTES + FILES_BYTES + TEXT;

fn refusal(fd: i64, what: &str, path: &[u8], why: &str) -> Line {
    let mut line = Line::new();
    line.str("descriptor ").dec(fd as u64).str(what);
    // Room for the reason stays.
    line.bytes(&path[..path.len().min(300)]).str(why);
    line
}

fn reason(text: &str) -> Line {
    let mut line = Line::new();
    line.str(text);
    line
}

impl Kept {
    /// Gathers all there is; `ours` are descriptors that are not the program's. All signals are blocked,
    /// and `mask` is the mask from before.
    pub fn gather(ours: &[i64]) -> Result<Self, Line> {
        childless()?;
        let at = memory::private(ROOM as u64, memory::PROT_READ | memory::PROT_WRITE);
        if at < 0 {
            return Err(reason("no memory for the process image"));
        }
        let mut kept = Self {
            at: at as u64,
            fds: 0,
            text: 0,
            process: Process::default(),
            timers: [Timer::default(); ITIMERS as usize],
            timer_count: 0,
        };
        match kept.fill(ours) {
            Ok(()) => Ok(kept),
            Err(reason) => {
                kept.free();
                Err(reason)
            }
        }
    }

    fn fill(&mut self, ours: &[i64]) -> Result<(), Line> {
        let mut found = Ok(());
        let complete = descriptors::each(|fd| {
            if !ours.contains(&fd) {
                found = self.descriptor(fd);
            }
            found.is_ok()
        });
        found?;
        if !complete {
            return Err(reason("the open descriptors cannot be listed"));
        }
        self.process()?;
        for which in 0..ITIMERS {
            let mut words = [0u64; 4];
            let out = words.as_mut_ptr() as i64;
            forward(nr::GETITIMER, [which as i64, out, 0, 0, 0, 0]);
            let [interval_s, interval, value_s, value] = words;
            if value_s | value != 0 {
                self.timers[self.timer_count] = Timer {
                    which,
                    value: value_s * 1_000_000 + value,
                    interval: interval_s * 1_000_000 + interval,
                };
                self.timer_count += 1;
            }
        }
        Ok(())
    }

    /// Gives the memory back.
    pub fn free(&self) {
        memory::unmap_private(self.at, ROOM as u64);
    }

    /// Appends a text; its offset and length.
    fn add(&mut self, bytes: &[u8]) -> Result<(u32, u32), Line> {
        if bytes.len() > TEXT - self.text {
            return Err(reason("its paths and arguments are too long"));
        }
        let at = self.text;
        let to = (self.at as usize + FDS_BYTES + FILES_BYTES + at) as *mut u8;
        // SAFETY: inside the block, checked above.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        self.text += bytes.len();
        Ok((at as u32, bytes.len() as u32))
    }

    fn process(&mut self) -> Result<(), Line> {
        let mut link = [0; PATH];
        let mut path = Line::new();
        path.str("/proc/self/fd/").dec(state::program_fd() as u64);
        let program = read_link(path.as_c_str(), &mut link);
        (self.process.program, self.process.program_length) = self.add(program)?;
        let mut link = [0; PATH];
        let directory = read_link(c"/proc/self/cwd".as_ptr().cast(), &mut link);
        if directory.is_empty() || directory.ends_with(b" (deleted)") {
            return Err(reason("its working directory has been removed"));
        }
        (self.process.directory, self.process.directory_length) = self.add(directory)?;
        self.process.arguments = self.text as u32;
        for argument in start::initial().args() {
            self.add(argument)?;
            self.add(b"\0")?;
        }
        self.process.arguments_length = self.text as u32 - self.process.arguments;
        let mask = forward(nr::UMASK, [0; 6]);
        forward(nr::UMASK, [mask, 0, 0, 0, 0, 0]);
        self.process.umask = mask as u32;
        let out = &raw mut self.process.pending as i64;
        forward(nr::RT_SIGPENDING, [out, 8, 0, 0, 0, 0]);
        self.process.pid = forward(nr::GETPID, [0; 6]) as u64;
        let mut now = [0u64; 2];
        forward(nr::CLOCK_GETTIME, [0, now.as_mut_ptr() as i64, 0, 0, 0, 0]);
        self.process.time = now[0];
        Ok(())
    }

    /// The descriptors that were looked at.
    fn files(&self) -> &[File] {
        let at = (self.at as usize + FDS_BYTES) as *const File;
        // SAFETY: inside the block; as many were written.
        unsafe { core::slice::from_raw_parts(at, self.fds) }
    }

    fn descriptor(&mut self, fd: i64) -> Result<(), Line> {
        if self.fds == MOST {
            return Err(reason("it has too many open descriptors"));
        }
        let file = File::of(fd);
        let mut link = [0; PATH];
        let mut path = Line::new();
        path.str("/proc/self/fd/").dec(fd as u64);
        let path = read_link(path.as_c_str(), &mut link);
        if path.starts_with(b"/memfd:popcorn-") {
            // What this incarnation runs from.
            return Ok(());
        }
        let same = self
            .files()
            .iter()
            .find(|other| is_same(other, &file, path))
            .map_or(-1, |other| other.fd as i32);
        let flags = forward(nr::FCNTL, [fd, F_GETFL, 0, 0, 0, 0]);
        let marks = forward(nr::FCNTL, [fd, descriptors::F_GETFD, 0, 0, 0, 0]);
        let mut fd_flags = (marks & descriptors::FD_CLOEXEC) as u32;
        if fd <= STANDARD {
            fd_flags |= FD_GIVEN;
        } else if same < 0
            && let Err(reason) = can_reopen(&file, path)
        {
            if !was_given(&file) {
                return Err(reason);
            }
            fd_flags |= FD_GIVEN;
        }
        let (at, length) = self.add(path)?;
        let place = (self.at as usize + FDS_BYTES) as *mut File;
        // SAFETY: inside the block: one of `MOST`.
        unsafe { *place.add(self.fds) = file };
        let saved = Fd {
            fd: fd as i32,
            flags: flags as u32,
            fd_flags,
            mode: (file.mode & S_IFMT) as u32,
            offset: seek(fd, 0, SEEK_CUR).max(0) as u64,
            path: at,
            path_length: length,
            same_as: same,
        };
        let to = (self.at as usize + self.fds * Fd::SIZE) as *mut [u8; Fd::SIZE];
        // SAFETY: inside the block: one of `MOST`.
        unsafe { *to = saved.to_bytes() };
        self.fds += 1;
        Ok(())
    }

    /// Number of descriptors.
    pub fn count(&self) -> u64 {
        self.fds as u64
    }

    /// The descriptors, one after the other; the paths lie `shift` bytes after the start of the section.
    pub fn descriptors(&self) -> impl Iterator<Item = Fd> + '_ {
        (0..self.fds).filter_map(|i| {
            let at = (self.at as usize + i * Fd::SIZE) as *const [u8; Fd::SIZE];
            // SAFETY: written by `descriptor`.
            Fd::from_bytes(unsafe { &*at })
        })
    }

    /// The texts that descriptors and process refer to.
    pub fn text(&self) -> &[u8] {
        let at = (self.at as usize + FDS_BYTES + FILES_BYTES) as *const u8;
        // SAFETY: as many were written.
        unsafe { core::slice::from_raw_parts(at, self.text) }
    }

    /// What there is to say of the process; places in its texts.
    pub fn of_process(&self) -> &Process {
        &self.process
    }

    /// Its interval timers.
    pub fn timers(&self) -> &[Timer] {
        &self.timers[..self.timer_count]
    }
}

const F_GETFL: i64 = 3;
const SEEK_SET: i64 = 0;
const SEEK_CUR: i64 = 1;

fn seek(fd: i64, offset: i64, whence: i64) -> i64 {
    forward(nr::LSEEK, [fd, offset, whence, 0, 0, 0])
}

/// What a link points to: empty if that cannot be read.
fn read_link(path: *const u8, link: &mut [u8; PATH]) -> &[u8] {
    let (at, out) = (path as i64, link.as_mut_ptr() as i64);
    let length = forward(nr::READLINKAT, [AT_FDCWD, at, out, PATH as i64, 0, 0]);
    &link[..length.max(0) as usize]
}

/// The kernel tells children only to their parent.
fn childless() -> Result<(), Line> {
    const P_ALL: i64 = 0;
    const WNOHANG_WEXITED_WNOWAIT: i64 = 1 | 4 | 0x0100_0000;
    const WALL: i64 = 0x4000_0000;
    const ECHILD: i64 = 10;
    let mut info = [0u64; 16];
    let (out, options) = (info.as_mut_ptr() as i64, WNOHANG_WEXITED_WNOWAIT | WALL);
    match forward(nr::WAITID, [P_ALL, 0, out, options, 0, 0]) {
        error if error == -ECHILD => Ok(()),
        _ => Err(reason("it has child processes")),
    }
}

/// Whether two descriptors are one open file. Pipes, sockets and terminals are taken for one if they lead
/// to the same place: they have no offset.
fn is_same(a: &File, b: &File, path: &[u8]) -> bool {
    if (a.device, a.inode, a.mode & S_IFMT) != (b.device, b.inode, b.mode & S_IFMT) {
        return false;
    }
    match b.mode & S_IFMT {
        S_IFREG | S_IFDIR => shares_offset(a.fd, b.fd),
        S_IFIFO | S_IFSOCK => true,
        S_IFCHR => path.starts_with(b"/dev/pts/") || path.starts_with(b"/dev/tty"),
        _ => false,
    }
}

/// Whether two descriptors of one file share their offset: asks the kernel, or where it does not say
/// moves one of them and looks at the other.
fn shares_offset(a: i64, b: i64) -> bool {
    const KCMP_FILE: i64 = 0;
    let pid = forward(nr::GETPID, [0; 6]);
    let order = forward(nr::KCMP, [pid, pid, KCMP_FILE, a, b, 0]);
    if order >= 0 {
        return order == 0;
    }
    let (at, other) = (seek(a, 0, SEEK_CUR), seek(b, 0, SEEK_CUR));
    if at != other {
        return false;
    }
    seek(a, at + 1, SEEK_SET);
    let moved = seek(b, 0, SEEK_CUR) == at + 1;
    seek(a, at, SEEK_SET);
    moved
}

/// Whether the file can be opened again by its path.
fn can_reopen(file: &File, path: &[u8]) -> Result<(), Line> {
    let fd = file.fd;
    let what = match file.mode & S_IFMT {
        S_IFREG if path.starts_with(b"/memfd:") => " is a memory file, ",
        S_IFREG | S_IFDIR if file.links == 0 => " is a deleted file, ",
        S_IFREG | S_IFDIR | S_IFCHR => {
            let mut name = [0; PATH + 1];
            name[..path.len()].copy_from_slice(path);
            let mut stat = [0u64; 18];
            let (at, out) = (name.as_ptr() as i64, stat.as_mut_ptr() as i64);
            let found = forward(nr::STAT, [at, out, 0, 0, 0, 0]) >= 0;
            if path.len() < PATH && found && (stat[0], stat[1]) == (file.device, file.inode) {
                return Ok(());
            }
            return Err(refusal(fd, " is ", path, ", which has another name now"));
        }
        S_IFIFO => " is a pipe, ",
        S_IFSOCK => " is a socket, ",
        _ => " is no file, ",
    };
    Err(refusal(fd, what, path, ": it cannot be opened again"))
}

/// Gives a restored process its descriptors, in place of those it came with. `ours` are two of ours,
/// which may have to move.
pub fn reopen(checkpoint: &Checkpoint, ours: &mut [i64; 2]) -> Result<(), Line> {
    let highest = checkpoint.descriptors().map(|(fd, _)| fd.fd).max();
    for fd in ours.iter_mut() {
        let lowest = i64::from(highest.unwrap_or(0)) + 1;
        if *fd < lowest.max(crate::hop::HIGH) {
            let moved = state::duplicate_high(*fd, lowest.max(crate::hop::HIGH));
            if moved < 0 {
                return Err(reason("no file descriptor is free"));
            }
            forward(nr::CLOSE, [*fd, 0, 0, 0, 0, 0]);
            *fd = moved;
        }
    }
    // Closing while the list is read is allowed: the kernel lists by number.
    let given = |fd: i64| {
        let mut all = checkpoint.descriptors();
        all.any(|(saved, _)| i64::from(saved.fd) == fd && saved.fd_flags & FD_GIVEN != 0)
    };
    descriptors::each(|fd| {
        if !given(fd) && !ours.contains(&fd) {
            forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
        }
        true
    });
    for (saved, path) in checkpoint.descriptors() {
        if saved.fd_flags & FD_GIVEN == 0 {
            reopen_one(&saved, path)?;
        }
    }
    Ok(())
}

fn reopen_one(saved: &Fd, path: &[u8]) -> Result<(), Line> {
    const O_CREAT_EXCL_TRUNC: u32 = 0o1300;
    const O_NOCTTY: u32 = 0o400;
    const O_CLOEXEC: i64 = 0o2000000;
    let number = i64::from(saved.fd);
    let cloexec = if saved.fd_flags & 1 != 0 {
        O_CLOEXEC
    } else {
        0
    };
    let fail = |error: i64| {
        let mut line = refusal(number, " was ", path, ", which cannot be opened: error ");
        line.dec(error.unsigned_abs());
        line
    };
    if saved.same_as >= 0 {
        let from = saved.same_as.into();
        return match forward(nr::DUP3, [from, number, cloexec, 0, 0, 0]) {
            error @ ..0 => Err(fail(error)),
            _ => Ok(()),
        };
    }
    let mut name = [0; PATH + 1];
    let Some(room) = name[..PATH].get_mut(..path.len()) else {
        return Err(fail(0));
    };
    room.copy_from_slice(path);
    let flags = i64::from(saved.flags & !O_CREAT_EXCL_TRUNC | O_NOCTTY) | cloexec;
    let at = name.as_ptr() as i64;
    let opened = forward(nr::OPENAT, [AT_FDCWD, at, flags, 0, 0, 0]);
    if opened < 0 {
        return Err(fail(opened));
    }
    if opened != number {
        let placed = forward(nr::DUP3, [opened, number, cloexec, 0, 0, 0]);
        forward(nr::CLOSE, [opened, 0, 0, 0, 0, 0]);
        if placed < 0 {
            return Err(fail(placed));
        }
    }
    let regular = u64::from(saved.mode) == S_IFREG || u64::from(saved.mode) == S_IFDIR;
    if regular && seek(number, saved.offset as i64, SEEK_SET) < 0 {
        return Err(fail(0));
    }
    Ok(())
}

/// Gives a restored process its working directory and file creation mask.
pub fn restore_process(checkpoint: &Checkpoint) -> Result<(), Line> {
    let path = checkpoint.directory();
    let mut name = [0; PATH + 1];
    if let Some(room) = name[..PATH].get_mut(..path.len()) {
        room.copy_from_slice(path);
    }
    if forward(nr::CHDIR, [name.as_ptr() as i64, 0, 0, 0, 0, 0]) < 0 {
        let mut line = Line::new();
        line.str("its working directory ")
            .bytes(&path[..path.len().min(300)])
            .str(" cannot be entered");
        return Err(line);
    }
    let mask = checkpoint.process.umask.into();
    forward(nr::UMASK, [mask, 0, 0, 0, 0, 0]);
    Ok(())
}

/// Sets the timers again, and sends the signals that were pending. All signals are blocked.
pub fn restore_signals(checkpoint: &Checkpoint) {
    for timer in checkpoint.timers() {
        let split = |t: u64| [t / 1_000_000, t % 1_000_000];
        let ([interval_s, interval], [value_s, value]) =
            (split(timer.interval), split(timer.value));
        let words = [interval_s, interval, value_s, value];
        let at = words.as_ptr() as i64;
        forward(nr::SETITIMER, [timer.which as i64, at, 0, 0, 0, 0]);
    }
    let pid = forward(nr::GETPID, [0; 6]);
    for signal in (1..=64).filter(|&signal| signal != signals::MIGRATE_SIGNAL) {
        if checkpoint.process.pending >> (signal - 1) & 1 != 0 {
            forward(nr::KILL, [pid, signal, 0, 0, 0, 0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;
    use std::os::fd::AsRawFd;

    fn number(file: &impl AsRawFd) -> i64 {
        file.as_raw_fd().into()
    }

    #[test]
    fn one_open_file_has_one_offset() {
        let mut a = std::fs::File::open("/proc/self/exe").unwrap();
        a.seek(std::io::SeekFrom::Start(5)).unwrap();
        let b = a.try_clone().unwrap();
        let mut c = std::fs::File::open("/proc/self/exe").unwrap();
        c.seek(std::io::SeekFrom::Start(5)).unwrap();
        assert!(shares_offset(number(&a), number(&b)));
        assert!(!shares_offset(number(&a), number(&c)));
        assert_eq!(a.stream_position().unwrap(), 5);
    }

    #[test]
    fn what_cannot_be_opened_again_is_named() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let fd = number(&reader);
        let file = File {
            fd,
            device: 0,
            inode: 0,
            links: 1,
            mode: S_IFIFO,
        };
        let reason = can_reopen(&file, b"pipe:[1]").unwrap_err();
        let text = String::from_utf8_lossy(reason.as_bytes()).into_owned();
        assert_eq!(
            text,
            format!("descriptor {fd} is a pipe, pipe:[1]: it cannot be opened again")
        );
    }
}
