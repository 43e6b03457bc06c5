//! Objects of the kernel that are no files on a disk: pipes, counters, timers, epoll sets, memory files.

use core::ffi::CStr;

use super::file::{O_CLOEXEC, OwnedFd};
use super::{Errno, Result, check, errno, nr, sys, system_call};

fn owned(result: i64) -> Result<OwnedFd> {
    // SAFETY: just opened.
    check(result).map(|fd| unsafe { OwnedFd::from_raw(fd as i32) })
}

/// What `poll` says of a descriptor at this moment.
pub fn readiness(fd: i32, asked: u32) -> u32 {
    let mut wait = [fd as u32, asked];
    system_call!(nr::POLL, wait.as_mut_ptr(), 1, 0);
    wait[1] >> 16
}

/// Bytes that can be read at once (`FIONREAD`); 0 if the kernel does not say.
pub fn bytes_to_read(fd: i32) -> u64 {
    const FIONREAD: u32 = 0x541b;
    let mut bytes = 0u32;
    system_call!(nr::IOCTL, fd, FIONREAD, &raw mut bytes);
    bytes.into()
}

pub fn set_flags(fd: i32, flags: u32) -> Result<()> {
    check(system_call!(nr::FCNTL, fd, sys::F_SETFL, flags)).map(drop)
}

/// Bytes that a pipe has room for.
pub fn pipe_size(fd: i32) -> Result<u64> {
    check(system_call!(nr::FCNTL, fd, sys::F_GETPIPE_SZ)).map(|size| size as u64)
}

pub fn set_pipe_size(fd: i32, size: u64) -> Result<()> {
    check(system_call!(nr::FCNTL, fd, sys::F_SETPIPE_SZ, size)).map(drop)
}

/// Copies what one pipe holds to another, and leaves it where it is.
pub fn tee(from: i32, to: i32, length: u64) -> Result<u64> {
    const SPLICE_F_NONBLOCK: u32 = 2;
    check(system_call!(nr::TEE, from, to, length, SPLICE_F_NONBLOCK)).map(|n| n as u64)
}

pub fn event_counter(flags: u32) -> Result<OwnedFd> {
    owned(system_call!(nr::EVENTFD2, 0, flags | O_CLOEXEC))
}

pub fn timer(clock: u64) -> Result<OwnedFd> {
    owned(system_call!(nr::TIMERFD_CREATE, clock, O_CLOEXEC))
}

/// Sets a timer: nanoseconds between expiries, and until the first.
pub fn set_timer(fd: i32, flags: u32, interval: u64, value: u64) -> Result<()> {
    const SECOND: u64 = 1_000_000_000;
    let words = [
        interval / SECOND,
        interval % SECOND,
        value / SECOND,
        value % SECOND,
    ];
    check(system_call!(
        nr::TIMERFD_SETTIME,
        fd,
        flags,
        words.as_ptr(),
        0
    ))
    .map(drop)
}

/// Has the kernel count the expiries of a timer up to now.
pub fn count_expiries(fd: i32) {
    let mut words = [0u64; 4];
    system_call!(nr::TIMERFD_GETTIME, fd, words.as_mut_ptr());
}

/// A descriptor that reads signals of a mask, bit 0 for signal 1.
pub fn signal_reader(mask: u64) -> Result<OwnedFd> {
    owned(system_call!(
        nr::SIGNALFD4,
        -1,
        &raw const mask,
        size_of::<u64>(),
        O_CLOEXEC
    ))
}

pub fn epoll_set() -> Result<OwnedFd> {
    owned(system_call!(nr::EPOLL_CREATE1, O_CLOEXEC))
}

/// Adds a descriptor to an epoll set.
pub fn epoll_add(set: i32, fd: i32, events: u32, data: u64) -> Result<()> {
    const EPOLL_CTL_ADD: u32 = 1;
    // struct epoll_event of the base ABI is packed.
    let words = [events, data as u32, (data >> 32) as u32];
    check(system_call!(
        nr::EPOLL_CTL,
        set,
        EPOLL_CTL_ADD,
        fd,
        words.as_ptr()
    ))
    .map(drop)
}

pub fn watch_set() -> Result<OwnedFd> {
    owned(system_call!(nr::INOTIFY_INIT1, O_CLOEXEC))
}

/// Watches a path; the number of the watch.
pub fn watch(set: i32, path: &CStr, events: u32) -> Result<u32> {
    let result = system_call!(nr::INOTIFY_ADD_WATCH, set, path.as_ptr(), events);
    check(result).map(|watch| watch as u32)
}

pub fn unwatch(set: i32, watch: u32) {
    system_call!(nr::INOTIFY_RM_WATCH, set, watch);
}

/// A memory file that can be sealed.
pub fn sealable_file(name: &CStr) -> Result<OwnedFd> {
    const MFD_ALLOW_SEALING: u32 = 2;
    let flags = sys::MFD_CLOEXEC | MFD_ALLOW_SEALING;
    owned(system_call!(nr::MEMFD_CREATE, name.as_ptr(), flags))
}

/// A memory file's seals; none: it is no memory file.
pub fn seals(fd: i32) -> Option<u32> {
    const F_GET_SEALS: u32 = 1034;
    check(system_call!(nr::FCNTL, fd, F_GET_SEALS))
        .ok()
        .map(|seals| seals as u32)
}

pub fn add_seals(fd: i32, seals: u32) -> Result<()> {
    const F_ADD_SEALS: u32 = 1033;
    check(system_call!(nr::FCNTL, fd, F_ADD_SEALS, seals)).map(drop)
}

pub fn set_mode(fd: i32, mode: u32) -> Result<()> {
    check(system_call!(nr::FCHMOD, fd, mode)).map(drop)
}

pub fn set_mode_at(path: &CStr, mode: u32) -> Result<()> {
    check(system_call!(nr::CHMOD, path.as_ptr(), mode)).map(drop)
}

/// Where the next bytes of a file begin that are not in a hole, from `offset` on, and where the hole behind them does;
/// none: there are none.
pub fn data_from(fd: i32, offset: u64, end: u64) -> Result<Option<(u64, u64)>> {
    let whole = Ok(Some((offset, end)));
    match super::file::seek(fd, offset as i64, sys::SEEK_DATA) {
        Ok(data) if data >= end => Ok(None),
        Ok(data) => {
            let hole = super::file::seek(fd, data as i64, sys::SEEK_HOLE)?;
            Ok(Some((data, hole.min(end))))
        }
        Err(super::Errno(super::errno::ENXIO)) => Ok(None),
        // The file system does not tell.
        Err(super::Errno(super::errno::EINVAL)) if offset < end => whole,
        Err(error) => Err(error),
    }
}

/// Opens a message queue that exists. The kernel's names have no stroke in front, as the program's have; an emulator looks
/// for it there.
pub fn queue(path: &CStr, flags: u32) -> Result<OwnedFd> {
    let name = path.to_bytes_with_nul().strip_prefix(b"/");
    let name = name.ok_or(Errno(errno::EINVAL))?;
    owned(system_call!(
        nr::MQ_OPEN,
        name.as_ptr(),
        flags | O_CLOEXEC,
        0,
        0
    ))
}

/// The kind of file system that a descriptor's file is on.
pub fn file_system(fd: i32) -> u64 {
    let mut words = [0u64; 16];
    system_call!(nr::FSTATFS, fd, words.as_mut_ptr());
    words[0]
}
