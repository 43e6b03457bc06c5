//! Base-ABI calls on kernel ports that use `asm-generic`: other numbers, calls that only exist in
//! their `*at` or flagged form, and four structures of another shape.
//!
//! Pointers come from the program and are the kernel's to check. Where this code itself reads or
//! writes through one, a bad pointer is a fault in the program rather than `EFAULT`; null is checked.

use core::sync::atomic::AtomicU32;

use popcorn_metadata::syscalls::{self, Call, Way, nr};

use super::{errno, sys};
use crate::arch::port::{CloneOrder, Stat};
use crate::arch::{self, port};

const EBADF: i64 = errno::EBADF as i64;
const EFAULT: i64 = errno::EFAULT as i64;
const EINVAL: i64 = errno::EINVAL as i64;
const ENOSYS: i64 = errno::ENOSYS as i64;
const AT_FDCWD: i64 = sys::AT_FDCWD as i64;
const AT_REMOVEDIR: i64 = sys::AT_REMOVEDIR as i64;
const AT_SYMLINK_NOFOLLOW: i64 = sys::AT_SYMLINK_NOFOLLOW as i64;
const O_CREAT_WRONLY_TRUNC: i64 = (sys::O_CREAT | sys::O_WRONLY | sys::O_TRUNC) as i64;
const F_GETFL: i64 = sys::F_GETFL as i64;
const F_SETFL: i64 = sys::F_SETFL as i64;
const SIGCHLD: i64 = sys::SIGCHLD as i64;

/// The port's own call for a base number that only differs in its number.
fn plain(n: i64, args: [i64; 6]) -> i64 {
    match syscalls::lookup(n).and_then(|call| call.generic) {
        // SAFETY: what the program asked its kernel for.
        Some(number) => unsafe { arch::raw_syscall(number.into(), args) },
        None => -ENOSYS,
    }
}

/// One call that the port has, in its own way.
pub fn call(call: &Call, args: [i64; 6]) -> i64 {
    match (call.way, call.generic) {
        // SAFETY: what the program asked its kernel for.
        (Way::Same, Some(number)) => unsafe { arch::raw_syscall(number.into(), args) },
        _ => other(call.number.into(), args),
    }
}

/// [`call`] for one that may wait.
pub fn wait(call: &Call, args: [i64; 6], word: &AtomicU32) -> i64 {
    let plain = |n, args| plain_waiting(n, args, word);
    let [a, b, c, d, ..] = args;
    let flags_in = |flags| port().open_flags_in(flags);
    match i64::from(call.number) {
        nr::OPEN => plain(nr::OPENAT, [AT_FDCWD, a, flags_in(b), c, 0, 0]),
        nr::CREAT => plain(nr::OPENAT, [AT_FDCWD, a, O_CREAT_WRONLY_TRUNC, b, 0, 0]),
        n @ nr::OPENAT => plain(n, [a, b, flags_in(c), d, 0, 0]),
        nr::EPOLL_WAIT => epoll_wait(plain, nr::EPOLL_PWAIT, [a, b, c, d, 0, 8]),
        n @ (nr::EPOLL_PWAIT | nr::EPOLL_PWAIT2) => epoll_wait(plain, n, args),
        nr::POLL => poll(plain, a, b, c),
        nr::SELECT => select(plain, args),
        nr::PAUSE => plain(nr::PPOLL, [0, 0, 0, 0, 8, 0]),
        n @ (nr::SPLICE | nr::SENDFILE) => transfer(plain, n, args),
        n @ nr::FCNTL if !matches!(b, F_GETFL | F_SETFL) => plain(n, args),
        n if call.way == Way::Same => plain(n, args),
        n => other(n, args),
    }
}

/// `splice` and `sendfile`. An emulator may not see in time that a signal has come before it waits in one of these, so
/// they do not wait: `ppoll` does, in which it does see that.
fn transfer(plain: impl Fn(i64, [i64; 6]) -> i64, n: i64, args: [i64; 6]) -> i64 {
    const AGAIN: i64 = -(errno::EAGAIN as i64);
    /// A socket that has room has room for as much.
    const PART: i64 = 16 << 10;
    let [a, b, c, d, length, flags] = args;
    let (source, sink) = if n == nr::SPLICE { (a, c) } else { (b, a) };
    let waits = |fd| control(fd, F_GETFL).max(0) & i64::from(sys::O_NONBLOCK) == 0;
    let may_wait = waits(source) && waits(sink);
    let ready = |fd: i64, events: u32| {
        let mut poll = [fd & 0xffff_ffff | i64::from(events) << 32];
        plain(nr::PPOLL, [poll.as_mut_ptr() as i64, 1, 0, 0, 8, 0])
    };
    if !may_wait || (n == nr::SPLICE && flags & i64::from(sys::SPLICE_F_NONBLOCK) != 0) {
        return plain(n, args);
    }
    if n == nr::SPLICE {
        let flags = flags | i64::from(sys::SPLICE_F_NONBLOCK);
        loop {
            match plain(n, [a, b, c, d, length, flags]) {
                AGAIN => {}
                result => return result,
            }
            for (fd, events) in [(source, sys::POLLIN), (sink, sys::POLLOUT)] {
                if let error @ ..0 = ready(fd, events) {
                    return error;
                }
            }
        }
    }
    // A pipe takes what there is room for at once.
    let is_pipe = control(sink, sys::F_GETPIPE_SZ.into()) > 0;
    let mut done = 0;
    loop {
        let part = if is_pipe { d } else { PART.min(d - done) };
        let result = match ready(sink, sys::POLLOUT) {
            error @ ..0 => error,
            _ => plain(n, [a, b, c, part, 0, 0]),
        };
        done += result.max(0);
        match result {
            1.. if result == part && done < d => {}
            ..=0 if done == 0 => return result,
            _ => return done,
        }
    }
}

/// `fcntl` without an argument.
fn control(fd: i64, command: i64) -> i64 {
    plain(nr::FCNTL, [fd, command, 0, 0, 0, 0])
}

fn plain_waiting(n: i64, args: [i64; 6], word: &AtomicU32) -> i64 {
    match syscalls::lookup(n).and_then(|call| call.generic) {
        // SAFETY: what the program asked its kernel for.
        Some(number) => unsafe { arch::waiting_syscall(number.into(), args, word) },
        None => -ENOSYS,
    }
}

fn other(n: i64, args: [i64; 6]) -> i64 {
    let [a, b, c, d, e, _] = args;
    let flags_in = |flags| port().open_flags_in(flags);
    match n {
        nr::OPEN => plain(nr::OPENAT, [AT_FDCWD, a, flags_in(b), c, 0, 0]),
        nr::CREAT => plain(nr::OPENAT, [AT_FDCWD, a, O_CREAT_WRONLY_TRUNC, b, 0, 0]),
        nr::OPENAT => plain(n, [a, b, flags_in(c), d, 0, 0]),
        nr::OPEN_BY_HANDLE_AT => plain(n, [a, b, flags_in(c), 0, 0, 0]),
        nr::FANOTIFY_INIT => plain(n, [a, flags_in(b), 0, 0, 0, 0]),
        nr::GETDENTS => getdents(args),
        nr::FCNTL => fcntl(args),
        nr::PIPE => plain(nr::PIPE2, [a, 0, 0, 0, 0, 0]),
        nr::PIPE2 => plain(n, [a, flags_in(b), 0, 0, 0, 0]),
        nr::DUP2 if a == b => match plain(nr::FCNTL, [a, 1, 0, 0, 0, 0]) {
            0.. => b,
            _ => -EBADF,
        },
        nr::DUP2 => plain(nr::DUP3, [a, b, 0, 0, 0, 0]),
        nr::ACCESS => plain(nr::FACCESSAT, [AT_FDCWD, a, b, 0, 0, 0]),
        nr::MKDIR => plain(nr::MKDIRAT, [AT_FDCWD, a, b, 0, 0, 0]),
        nr::RMDIR => plain(nr::UNLINKAT, [AT_FDCWD, a, AT_REMOVEDIR, 0, 0, 0]),
        nr::UNLINK => plain(nr::UNLINKAT, [AT_FDCWD, a, 0, 0, 0, 0]),
        nr::LINK => plain(nr::LINKAT, [AT_FDCWD, a, AT_FDCWD, b, 0, 0]),
        nr::SYMLINK => plain(nr::SYMLINKAT, [a, AT_FDCWD, b, 0, 0, 0]),
        nr::READLINK => plain(nr::READLINKAT, [AT_FDCWD, a, b, c, 0, 0]),
        nr::CHMOD => plain(nr::FCHMODAT, [AT_FDCWD, a, b, 0, 0, 0]),
        nr::CHOWN => plain(nr::FCHOWNAT, [AT_FDCWD, a, b, c, 0, 0]),
        nr::LCHOWN => plain(nr::FCHOWNAT, [AT_FDCWD, a, b, c, AT_SYMLINK_NOFOLLOW, 0]),
        nr::MKNOD => plain(nr::MKNODAT, [AT_FDCWD, a, b, c, 0, 0]),
        nr::RENAME => plain(nr::RENAMEAT2, [AT_FDCWD, a, AT_FDCWD, b, 0, 0]),
        nr::RENAMEAT => plain(nr::RENAMEAT2, [a, b, c, d, 0, 0]),
        nr::STAT => stat_at(AT_FDCWD, a, b, 0),
        nr::LSTAT => stat_at(AT_FDCWD, a, b, AT_SYMLINK_NOFOLLOW),
        nr::NEWFSTATAT => stat_at(a, b, c, d),
        nr::FSTAT => fstat(a, b),
        // vfork's child shares no memory with its parent, which POSIX allows.
        nr::FORK | nr::VFORK => plain(nr::CLONE, [SIGCHLD, 0, 0, 0, 0, 0]),
        nr::CLONE => match port().clone {
            CloneOrder::CtidTls => plain(n, args),
            CloneOrder::TlsCtid => plain(n, [a, b, c, e, d, 0]),
        },
        nr::EVENTFD => plain(nr::EVENTFD2, [a, 0, 0, 0, 0, 0]),
        nr::SIGNALFD => plain(nr::SIGNALFD4, [a, b, c, 0, 0, 0]),
        nr::INOTIFY_INIT => plain(nr::INOTIFY_INIT1, [0; 6]),
        nr::EPOLL_CREATE if a <= 0 => -EINVAL,
        nr::EPOLL_CREATE => plain(nr::EPOLL_CREATE1, [0; 6]),
        nr::EPOLL_CTL => epoll_ctl(args),
        nr::EPOLL_WAIT => epoll_wait(plain, nr::EPOLL_PWAIT, [a, b, c, d, 0, 8]),
        nr::EPOLL_PWAIT | nr::EPOLL_PWAIT2 => epoll_wait(plain, n, args),
        nr::POLL => poll(plain, a, b, c),
        nr::SELECT => select(plain, args),
        nr::PAUSE => plain(nr::PPOLL, [0, 0, 0, 0, 8, 0]),
        nr::ALARM => alarm(a),
        nr::TIME => time(a),
        nr::GETPGRP => plain(nr::GETPGID, [0; 6]),
        nr::UTIME => utime(a, b),
        nr::UTIMES => utimes(AT_FDCWD, a, b),
        nr::FUTIMESAT => utimes(a, b, c),
        nr::GETRLIMIT => plain(nr::PRLIMIT64, [0, a, 0, b, 0, 0]),
        nr::SETRLIMIT => plain(nr::PRLIMIT64, [0, a, b, 0, 0, 0]),
        nr::SEMCTL => semctl(args),
        // No port but the base ISA's: the thread answers (`program::thread`).
        nr::ARCH_PRCTL => -EINVAL,
        _ => plain(n, args),
    }
}

/// Copies `N` words out of program memory.
fn load<const N: usize>(at: i64) -> Option<[i64; N]> {
    // SAFETY: a pointer the program passed to its kernel; null is not read.
    (at != 0).then(|| unsafe { (at as *const [i64; N]).read_unaligned() })
}

/// Entries of `getdents64` have their type in front of the name, those of `getdents` in their last byte; they are as long.
fn getdents(args: [i64; 6]) -> i64 {
    const LENGTH: usize = 16;
    const NAME: usize = 18;
    let result = plain(nr::GETDENTS64, args);
    let Ok(end @ 1..) = usize::try_from(result) else {
        return result;
    };
    // SAFETY: the program's buffer, which the kernel has filled so far.
    let entries = unsafe { core::slice::from_raw_parts_mut(args[1] as *mut u8, end) };
    let mut rest = entries;
    while let Some(&[low, high]) = rest.get(LENGTH..NAME) {
        let length = usize::from(u16::from_le_bytes([low, high])).clamp(NAME + 1, rest.len());
        let (entry, behind) = rest.split_at_mut(length);
        let kind = entry[NAME];
        entry.copy_within(NAME + 1.., NAME);
        entry[length - 1] = kind;
        rest = behind;
    }
    result
}

fn fcntl(args: [i64; 6]) -> i64 {
    match args[1] {
        F_GETFL => match plain(nr::FCNTL, args) {
            flags @ 0.. => port().open_flags_out(flags),
            error => error,
        },
        F_SETFL => {
            let flags = port().open_flags_in(args[2]);
            plain(nr::FCNTL, [args[0], args[1], flags, 0, 0, 0])
        }
        _ => plain(nr::FCNTL, args),
    }
}

/// `struct stat` of `asm-generic/stat.h`, 128 bytes.
#[repr(C)]
#[derive(Default, Clone, Copy)]
struct GenericStat {
    dev: u64,
    ino: u64,
    mode: u32,
    nlink: u32,
    uid: u32,
    gid: u32,
    rdev: u64,
    pad1: u64,
    size: i64,
    blksize: i32,
    pad2: i32,
    blocks: i64,
    times: [i64; 6],
    unused: [u32; 2],
}

/// `struct stat` of the base ABI (`arch/x86/include/uapi/asm/stat.h`), 144 bytes.
#[repr(C)]
#[derive(Default, Clone, Copy, Debug, PartialEq)]
struct BaseStat {
    dev: u64,
    ino: u64,
    nlink: u64,
    mode: u32,
    uid: u32,
    gid: u32,
    pad: u32,
    rdev: u64,
    size: i64,
    blksize: i64,
    blocks: i64,
    times: [i64; 6],
    unused: [i64; 3],
}

const _: () = assert!(size_of::<GenericStat>() == 128 && size_of::<BaseStat>() == 144);

impl From<&GenericStat> for BaseStat {
    fn from(here: &GenericStat) -> Self {
        Self {
            dev: here.dev,
            ino: here.ino,
            nlink: u64::from(here.nlink),
            mode: here.mode,
            uid: here.uid,
            gid: here.gid,
            rdev: here.rdev,
            size: here.size,
            blksize: i64::from(here.blksize),
            blocks: here.blocks,
            times: here.times,
            ..Self::default()
        }
    }
}

impl From<&sys::statx> for BaseStat {
    fn from(here: &sys::statx) -> Self {
        let time = |t: &sys::statx_timestamp| [t.tv_sec, i64::from(t.tv_nsec)];
        let ([a, b], [c, d], [e, f]) = (
            time(&here.stx_atime),
            time(&here.stx_mtime),
            time(&here.stx_ctime),
        );
        Self {
            dev: device(here.stx_dev_major, here.stx_dev_minor),
            ino: here.stx_ino,
            nlink: u64::from(here.stx_nlink),
            mode: u32::from(here.stx_mode),
            uid: here.stx_uid,
            gid: here.stx_gid,
            rdev: device(here.stx_rdev_major, here.stx_rdev_minor),
            size: here.stx_size as i64,
            blksize: i64::from(here.stx_blksize),
            blocks: here.stx_blocks as i64,
            times: [a, b, c, d, e, f],
            ..Self::default()
        }
    }
}

/// A device number as `struct stat` has it (the kernel's `new_encode_dev`).
fn device(major: u32, minor: u32) -> u64 {
    u64::from((minor & 0xff) | (major << 8) | ((minor & !0xff) << 12))
}

/// Has `fill` fill in this port's structure, and hands it to the program as the base ABI's.
fn with_stat<T>(out: i64, fill: impl FnOnce(i64) -> i64) -> i64
where
    for<'a> BaseStat: From<&'a T>,
{
    // SAFETY: both structures are plain integers.
    let mut here: T = unsafe { core::mem::zeroed() };
    let result = fill(&raw mut here as i64);
    if result < 0 {
        return result;
    }
    if out == 0 {
        return -EFAULT;
    }
    // SAFETY: the program's buffer for the result.
    unsafe { (out as *mut BaseStat).write_unaligned(BaseStat::from(&here)) };
    result
}

fn fstat(fd: i64, out: i64) -> i64 {
    match port().stat {
        Stat::Generic => {
            with_stat::<GenericStat>(out, |here| plain(nr::FSTAT, [fd, here, 0, 0, 0, 0]))
        }
        Stat::Statx => stat_at(fd, c"".as_ptr() as i64, out, sys::AT_EMPTY_PATH.into()),
    }
}

fn stat_at(dir: i64, path: i64, out: i64, flags: i64) -> i64 {
    /// What the calls of the `stat` family do and `statx` leaves to its caller.
    const NO_AUTOMOUNT: i64 = sys::AT_NO_AUTOMOUNT as i64;
    const WHAT: i64 = sys::STATX_BASIC_STATS as i64;
    match port().stat {
        Stat::Generic => with_stat::<GenericStat>(out, |here| {
            plain(nr::NEWFSTATAT, [dir, path, here, flags, 0, 0])
        }),
        Stat::Statx => with_stat::<sys::statx>(out, |here| {
            plain(nr::STATX, [dir, path, flags | NO_AUTOMOUNT, WHAT, here, 0])
        }),
    }
}

/// `struct epoll_event`: packed in the base ABI, 12 bytes.
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct BaseEvent {
    events: u32,
    data: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct GenericEvent {
    events: u32,
    data: u64,
}

fn epoll_ctl(args: [i64; 6]) -> i64 {
    let [a, b, c, d, ..] = args;
    if d == 0 {
        return plain(nr::EPOLL_CTL, args);
    }
    // SAFETY: the program's event, 12 bytes.
    let base = unsafe { (d as *const BaseEvent).read() };
    let here = GenericEvent {
        events: base.events,
        data: base.data,
    };
    plain(nr::EPOLL_CTL, [a, b, c, &raw const here as i64, 0, 0])
}

/// Fetches at most 64 events a call; the rest stay queued, as epoll allows.
fn epoll_wait(plain: impl Fn(i64, [i64; 6]) -> i64, n: i64, args: [i64; 6]) -> i64 {
    let [a, out, max, d, e, f] = args;
    let mut here = [GenericEvent::default(); 64];
    let max = max.min(here.len() as i64);
    let result = plain(n, [a, here.as_mut_ptr() as i64, max, d, e, f]);
    for (i, event) in here.iter().enumerate().take(result.max(0) as usize) {
        let base = BaseEvent {
            events: event.events,
            data: event.data,
        };
        // SAFETY: the program's buffer holds `max` events.
        unsafe { (out as *mut BaseEvent).add(i).write(base) };
    }
    result
}

fn poll(plain: impl Fn(i64, [i64; 6]) -> i64, fds: i64, count: i64, milliseconds: i64) -> i64 {
    let milliseconds = i64::from(milliseconds as i32);
    let time = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    let time = if milliseconds < 0 {
        0
    } else {
        time.as_ptr() as i64
    };
    plain(nr::PPOLL, [fds, count, time, 0, 8, 0])
}

fn select(plain: impl Fn(i64, [i64; 6]) -> i64, args: [i64; 6]) -> i64 {
    let [n, read, write, except, out, _] = args;
    let Some([seconds, micros]) = load::<2>(out) else {
        return plain(nr::PSELECT6, [n, read, write, except, 0, 0]);
    };
    if seconds < 0 || micros < 0 {
        return -EINVAL;
    }
    let mut time = [seconds + micros / 1_000_000, micros % 1_000_000 * 1000];
    let at = time.as_mut_ptr() as i64;
    let result = plain(nr::PSELECT6, [n, read, write, except, at, 0]);
    // The kernel leaves the remaining time.
    // SAFETY: the program's timeval, read above.
    unsafe { (out as *mut [i64; 2]).write_unaligned([time[0], time[1] / 1000]) };
    result
}

fn alarm(seconds: i64) -> i64 {
    const ITIMER_REAL: i64 = sys::ITIMER_REAL as i64;
    let new = [0, 0, seconds & 0xffff_ffff, 0];
    let mut old = [0i64; 4];
    let result = plain(
        nr::SETITIMER,
        [
            ITIMER_REAL,
            new.as_ptr() as i64,
            old.as_mut_ptr() as i64,
            0,
            0,
            0,
        ],
    );
    if result < 0 {
        return result;
    }
    // As the kernel's alarm rounds: never 0 while a timer runs.
    let up = old[3] >= 500_000 || (old[2] == 0 && old[3] > 0);
    old[2] + i64::from(up)
}

fn time(out: i64) -> i64 {
    let mut now = [0i64; 2];
    let result = plain(nr::CLOCK_GETTIME, [0, now.as_mut_ptr() as i64, 0, 0, 0, 0]);
    if result < 0 {
        return result;
    }
    if out != 0 {
        // SAFETY: the program's time_t.
        unsafe { (out as *mut i64).write_unaligned(now[0]) };
    }
    now[0]
}

fn utime(path: i64, times: i64) -> i64 {
    let times = load::<2>(times).map(|[access, modify]| [access, 0, modify, 0]);
    let at = times.as_ref().map_or(0, |t| t.as_ptr() as i64);
    plain(nr::UTIMENSAT, [AT_FDCWD, path, at, 0, 0, 0])
}

fn utimes(dir: i64, path: i64, times: i64) -> i64 {
    let times = load::<4>(times).map(|[s1, u1, s2, u2]| [s1, u1 * 1000, s2, u2 * 1000]);
    let at = times.as_ref().map_or(0, |t| t.as_ptr() as i64);
    plain(nr::UTIMENSAT, [dir, path, at, 0, 0, 0])
}

/// `struct semid64_ds`: the base ABI has a spare word after each of its two times.
fn semctl(args: [i64; 6]) -> i64 {
    const IPC_STAT: i64 = 2;
    const SEM_STAT: i64 = 18;
    const SEM_STAT_ANY: i64 = 20;
    const PERM_WORDS: usize = 6;
    let [id, index, cmd, out, ..] = args;
    if !matches!(cmd & 0xff, IPC_STAT | SEM_STAT | SEM_STAT_ANY) || out == 0 {
        return plain(nr::SEMCTL, args);
    }
    let mut here = [0i64; PERM_WORDS + 5];
    let result = plain(nr::SEMCTL, [id, index, cmd, here.as_mut_ptr() as i64, 0, 0]);
    if result >= 0 {
        let mut base = [0i64; PERM_WORDS + 7];
        base[..PERM_WORDS].copy_from_slice(&here[..PERM_WORDS]);
        base[PERM_WORDS] = here[PERM_WORDS];
        base[PERM_WORDS + 2] = here[PERM_WORDS + 1];
        base[PERM_WORDS + 4] = here[PERM_WORDS + 2];
        // SAFETY: the program's structure.
        unsafe { (out as *mut [i64; PERM_WORDS + 7]).write_unaligned(base) };
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_fields_move_to_their_places() {
        let here = GenericStat {
            dev: 1,
            ino: 2,
            mode: 0o100644,
            nlink: 3,
            uid: 4,
            gid: 5,
            rdev: 6,
            size: 7,
            blksize: 4096,
            blocks: 8,
            times: [9, 10, 11, 12, 13, 14],
            ..GenericStat::default()
        };
        let base = BaseStat::from(&here);
        // SAFETY: plain integers.
        let words: [u64; 18] = unsafe { core::mem::transmute(base) };
        assert_eq!(&words[..3], &[1, 2, 3]);
        assert_eq!(words[3], 4 << 32 | 0o100644);
        assert_eq!(words[4], 5);
        assert_eq!(&words[5..15], &[6, 7, 4096, 8, 9, 10, 11, 12, 13, 14]);
    }

    /// Both ways of asking say the same of one file.
    #[test]
    fn statx_says_what_stat_says() {
        let path = c"/dev/null".as_ptr() as i64;
        let (mut base, flags) = (BaseStat::default(), 0);
        let out = &raw mut base as i64;
        assert_eq!(
            super::super::call(nr::NEWFSTATAT, [AT_FDCWD, path, out, flags, 0, 0]),
            0
        );
        // SAFETY: plain integers.
        let mut here: sys::statx = unsafe { core::mem::zeroed() };
        let what = sys::STATX_BASIC_STATS as i64;
        let at = &raw mut here as i64;
        assert_eq!(
            super::super::call(nr::STATX, [AT_FDCWD, path, flags, what, at, 0]),
            0
        );
        assert_eq!(BaseStat::from(&here), base);
        assert_eq!(base.rdev, device(1, 3));
    }

    /// The table and this file agree on which calls have another form.
    #[test]
    fn every_call_with_another_form_is_translated_here() {
        let source = include_str!("translate.rs");
        let start = source.find("fn other(").unwrap();
        let body = &source[start..start + source[start..].find("\n}\n").unwrap()];
        let names: Vec<&str> = body
            .split("nr::")
            .skip(1)
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .filter_map(|mut words| words.next())
            .collect();
        for call in syscalls::all() {
            let constant = call.name.trim_start_matches('_').to_uppercase();
            if call.way == Way::Other {
                assert!(names.contains(&&*constant), "{} has no arm", call.name);
            }
        }
    }
}
