//! Files and descriptors.

use core::ffi::CStr;

use super::memory::Block;
use super::{Errno, Result, check, errno, nr, signal, sys, system_call};

pub use sys::{
    O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC,
    O_WRONLY, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, SEEK_CUR, SEEK_END, SEEK_SET,
};

pub const STDERR: i32 = 2;

/// A descriptor of ours, closed when dropped.
#[derive(Debug)]
pub struct OwnedFd(i32);

impl OwnedFd {
    /// # Safety
    /// Nobody else closes it.
    pub unsafe fn from_raw(fd: i32) -> Self {
        Self(fd)
    }

    pub fn get(&self) -> i32 {
        self.0
    }

    /// The number; the descriptor stays open.
    pub fn into_raw(self) -> i32 {
        let fd = self.0;
        core::mem::forget(self);
        fd
    }

    /// The same open file under a number from `lowest`, close-on-exec; where the limit is lower, under any.
    pub fn moved_up(self, lowest: i32) -> Result<Self> {
        duplicate_up(self.0, lowest)
    }
}

impl Drop for OwnedFd {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// Opens a file.
pub fn open(path: &CStr, flags: u32, mode: u32) -> Result<OwnedFd> {
    open_at(sys::AT_FDCWD, path, flags, mode)
}

/// Opens a file in the folder that `folder` is open on.
pub fn open_at(folder: i32, path: &CStr, flags: u32, mode: u32) -> Result<OwnedFd> {
    check(system_call!(nr::OPENAT, folder, path.as_ptr(), flags, mode)).map(|fd| OwnedFd(fd as i32))
}

/// A memory file, close-on-exec.
pub fn memory_file(name: &CStr) -> Result<OwnedFd> {
    check(system_call!(
        nr::MEMFD_CREATE,
        name.as_ptr(),
        sys::MFD_CLOEXEC
    ))
    .map(|fd| OwnedFd(fd as i32))
}

/// A pipe, both ends close-on-exec: the one to read from, the one to write to.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0i32; 2];
    check(system_call!(nr::PIPE2, ends.as_mut_ptr(), O_CLOEXEC))?;
    Ok((OwnedFd(ends[0]), OwnedFd(ends[1])))
}

/// Waits until there is something to read, or the end of it; whether that came in time.
pub fn is_readable_within(fd: i32, milliseconds: u32) -> bool {
    // struct pollfd: i32 descriptor, i16 events, i16 what happened.
    let mut wait = [fd as u32, sys::POLLIN];
    system_call!(nr::POLL, wait.as_mut_ptr(), 1, milliseconds) > 0
}

/// Gives a file this length.
pub fn set_length(fd: i32, length: u64) -> Result<()> {
    check(system_call!(nr::FTRUNCATE, fd, length)).map(drop)
}

pub fn close(fd: i32) {
    system_call!(nr::CLOSE, fd);
}

/// `dup3`: `fd` under the number `to` as well.
pub fn duplicate_to(fd: i32, to: i32, flags: u32) -> Result<()> {
    check(system_call!(nr::DUP3, fd, to, flags)).map(drop)
}

/// A duplicate under a number from `lowest`, close-on-exec; where the limit is lower, under any.
pub fn duplicate_up(fd: i32, lowest: i32) -> Result<OwnedFd> {
    let dup = |lowest: i32| check(system_call!(nr::FCNTL, fd, sys::F_DUPFD_CLOEXEC, lowest));
    dup(lowest)
        .or_else(|_| dup(STDERR + 1))
        .map(|fd| OwnedFd(fd as i32))
}

/// Sets whether a descriptor stays open over an exec.
pub fn keep_on_exec(fd: i32, keep: bool) {
    let flags = if keep { 0 } else { sys::FD_CLOEXEC };
    system_call!(nr::FCNTL, fd, sys::F_SETFD, flags);
}

/// Whether a descriptor is closed by an exec.
pub fn is_close_on_exec(fd: i32) -> bool {
    system_call!(nr::FCNTL, fd, sys::F_GETFD) & i64::from(sys::FD_CLOEXEC) != 0
}

/// Open flags (`F_GETFL`) in the base ABI's numbers.
pub fn flags(fd: i32) -> u32 {
    system_call!(nr::FCNTL, fd, sys::F_GETFL) as u32
}

pub fn read(fd: i32, into: &mut [u8]) -> Result<usize> {
    check(system_call!(nr::READ, fd, into.as_mut_ptr(), into.len())).map(|n| n as usize)
}

/// Reads until the end of the file or of `into`.
pub fn read_to_end(fd: i32, into: &mut [u8]) -> Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match read(fd, &mut into[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(Errno(errno::EINTR)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Reads a file of the kernel's, whole if it is no longer than `into`; what was read.
pub fn contents<'a>(path: &CStr, into: &'a mut [u8]) -> Result<&'a [u8]> {
    let file = open(path, O_RDONLY | O_CLOEXEC, 0)?;
    let length = read_to_end(file.get(), into)?;
    Ok(&into[..length])
}

pub fn write(fd: i32, bytes: &[u8]) -> Result<usize> {
    check(system_call!(nr::WRITE, fd, bytes.as_ptr(), bytes.len())).map(|n| n as usize)
}

/// Writes all of `bytes` at `offset`. Signals are blocked.
pub fn write_all_at(fd: i32, bytes: &[u8], offset: u64) -> Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        let at = offset + done as u64;
        match check(system_call!(
            nr::PWRITE64,
            fd,
            rest.as_ptr(),
            rest.len(),
            at
        )) {
            Ok(0) => return Err(Errno(errno::ENOSPC)),
            Ok(n) => done += n as usize,
            Err(Errno(errno::EINTR)) => {}
            Err(Errno(errno::EFBIG)) => {
                // The limit is the program's, the file is ours: so is the signal that says so.
                signal::discard(sys::SIGXFSZ);
                return Err(Errno(errno::EFBIG));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills memory from a file at `offset`.
///
/// # Safety
/// `start..start + length` is mapped, writable and nobody's reference.
pub unsafe fn read_exact_at(fd: i32, start: u64, length: u64, offset: u64) -> Result<()> {
    let mut done = 0;
    while done < length {
        let (at, rest) = (start + done, length - done);
        match check(system_call!(nr::PREAD64, fd, at, rest, offset + done)) {
            Ok(0) => return Err(Errno(errno::EIO)),
            Ok(n) => done += n as u64,
            Err(Errno(errno::EINTR)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Moves a descriptor's offset; where it is then.
pub fn seek(fd: i32, offset: i64, whence: u32) -> Result<u64> {
    check(system_call!(nr::LSEEK, fd, offset, whence)).map(|at| at as u64)
}

/// Bytes of an open file; 0 if the kernel does not say.
pub fn size(fd: i32) -> u64 {
    Stat::of(fd).map_or(0, |stat| stat.size)
}

/// Whether a file has nothing but zeros, which are nowhere, in `length` bytes from `offset`. Moves the descriptor's
/// offset.
pub fn is_hole(fd: i32, offset: u64, length: u64) -> bool {
    match seek(fd, offset as i64, sys::SEEK_DATA) {
        Ok(data) => data >= offset + length,
        Err(error) => error == Errno(errno::ENXIO),
    }
}

/// Whether the page at `address` can be read, which reading it would tell by a signal. `scratch`: a file to write to.
pub fn can_read(scratch: i32, address: u64) -> bool {
    system_call!(nr::PWRITE64, scratch, address, 1, 0) == 1
}

/// The whole file that a descriptor is open on, mapped for reading outside the window.
pub fn mapped(fd: i32) -> Result<Block> {
    let length = Stat::of(fd)?.size;
    Block::of_file(fd, length)
}

/// What the kernel says of a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stat {
    pub device: u64,
    pub inode: u64,
    pub links: u64,
    pub mode: u32,
    pub uid: u32,
    pub size: u64,
    /// When file or attributes changed last: seconds, nanoseconds.
    pub changed: [u64; 2],
}

impl Stat {
    /// Of an open file.
    pub fn of(fd: i32) -> Result<Self> {
        Self::from_kernel(|out| system_call!(nr::FSTAT, fd, out))
    }

    /// Of the file at a path; a link is followed.
    pub fn at(path: &CStr) -> Result<Self> {
        Self::from_kernel(|out| system_call!(nr::STAT, path.as_ptr(), out))
    }

    fn from_kernel(fill: impl FnOnce(*mut u64) -> i64) -> Result<Self> {
        // struct stat of the base ABI: device, inode, links, mode and uid, gid, rdev, size,
        // block size, blocks, and three times.
        let mut words = [0u64; 18];
        check(fill(words.as_mut_ptr()))?;
        Ok(Self {
            device: words[0],
            inode: words[1],
            links: words[2],
            mode: words[3] as u32,
            uid: (words[3] >> 32) as u32,
            size: words[6],
            changed: [words[13], words[14]],
        })
    }

    /// `S_IFREG` and the like.
    pub fn kind(&self) -> u32 {
        self.mode & S_IFMT
    }
}

pub fn unlink_at(folder: i32, path: &CStr) -> Result<()> {
    check(system_call!(nr::UNLINKAT, folder, path.as_ptr(), 0)).map(drop)
}

/// Renames within a folder.
pub fn rename_at(folder: i32, from: &CStr, to: &CStr) -> Result<()> {
    let (from, to) = (from.as_ptr(), to.as_ptr());
    check(system_call!(nr::RENAMEAT2, folder, from, folder, to, 0)).map(drop)
}

/// Whether somebody else holds an exclusive `flock` on the file that `fd` is open on.
pub fn is_locked(fd: i32) -> bool {
    let how = sys::LOCK_EX | sys::LOCK_NB;
    system_call!(nr::FLOCK, fd, how) == -i64::from(errno::EWOULDBLOCK)
}

/// Whether there is a file at `path` in the folder.
pub fn exists_at(folder: i32, path: &CStr) -> bool {
    system_call!(nr::FACCESSAT, folder, path.as_ptr(), 0) == 0
}

/// Whether the file may be run.
pub fn is_executable(path: &CStr) -> bool {
    system_call!(nr::FACCESSAT, sys::AT_FDCWD, path.as_ptr(), sys::X_OK) == 0
}

/// Whether a file has an extended attribute.
pub fn has_attribute(path: &CStr, name: &CStr) -> bool {
    system_call!(nr::GETXATTR, path.as_ptr(), name.as_ptr(), 0, 0) >= 0
}

/// What a link points to: empty if that cannot be read.
pub fn read_link<'a>(path: &CStr, link: &'a mut [u8]) -> &'a [u8] {
    let (out, size) = (link.as_mut_ptr(), link.len());
    let length = system_call!(nr::READLINKAT, sys::AT_FDCWD, path.as_ptr(), out, size);
    &link[..length.max(0) as usize]
}
