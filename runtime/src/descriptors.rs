//! File descriptors over an exec: those that the program marked close-on-exec must stay open for the
//! hop, and get their mark back on the other side.

use crate::memory;
use crate::syscall::{forward, nr};
use crate::text::parse_dec;

const AT_FDCWD: i64 = -100;
const O_DIRECTORY_CLOEXEC: i64 = 0o2200000;
pub const F_GETFD: i64 = 1;
const F_SETFD: i64 = 2;
pub const FD_CLOEXEC: i64 = 1;

/// Sets whether a descriptor stays open over an exec.
pub fn keep_on_exec(fd: i64, keep: bool) {
    let flags = if keep { 0 } else { FD_CLOEXEC };
    forward(nr::FCNTL, [fd, F_SETFD, flags, 0, 0, 0]);
}

/// Calls `visit` for every open descriptor, lowest first, until it says false. Whether all were seen.
pub fn each(mut visit: impl FnMut(i64) -> bool) -> bool {
    let path = c"/proc/self/fd".as_ptr() as i64;
    let folder = forward(nr::OPENAT, [AT_FDCWD, path, O_DIRECTORY_CLOEXEC, 0, 0, 0]);
    if folder < 0 {
        return false;
    }
    let complete = scan(folder, &mut visit);
    forward(nr::CLOSE, [folder, 0, 0, 0, 0, 0]);
    complete
}

fn scan(folder: i64, visit: &mut impl FnMut(i64) -> bool) -> bool {
    let mut buffer = [0u64; 512];
    loop {
        let at = buffer.as_mut_ptr() as i64;
        let size = size_of_val(&buffer) as i64;
        let length = forward(nr::GETDENTS64, [folder, at, size, 0, 0, 0]);
        if length <= 0 {
            return length == 0;
        }
        // SAFETY: the buffer as bytes.
        let mut entries = unsafe { core::slice::from_raw_parts(at as *const u8, length as usize) };
        // struct linux_dirent64: u64 inode, u64 offset, u16 length, u8 type, name.
        while let Some((&[low, high], name)) = entries
            .get(16..18)
            .zip(entries.get(19..))
            .and_then(|(l, n)| Some((l.first_chunk::<2>()?, n)))
        {
            let size = usize::from(u16::from_le_bytes([low, high]));
            let end = name.iter().position(|&b| b == 0).unwrap_or(0);
            if let Some(fd) = parse_dec(&name[..end])
                && fd as i64 != folder
                && !visit(fd as i64)
            {
                return false;
            }
            entries = entries.get(size.max(1)..).unwrap_or_default();
        }
    }
}

/// The program's descriptors that are marked close-on-exec.
pub struct OnExec {
    list: *mut i32,
    len: usize,
}

/// Descriptors a list has room for; a process with more marked ones stays.
const ROOM: usize = 1 << 16;

impl OnExec {
    /// Lists them, `ours` left out.
    pub fn list(ours: &[i64]) -> Option<Self> {
        let at = memory::private(4 * ROOM as u64, memory::PROT_READ | memory::PROT_WRITE);
        if at < 0 {
            return None;
        }
        let mut found = Self {
            list: at as *mut i32,
            len: 0,
        };
        let complete = each(|fd| {
            let marked = forward(nr::FCNTL, [fd, F_GETFD, 0, 0, 0, 0]) & FD_CLOEXEC != 0;
            if marked && !ours.contains(&fd) {
                if found.len == ROOM {
                    return false;
                }
                // SAFETY: inside the block.
                unsafe { *found.list.add(found.len) = fd as i32 };
                found.len += 1;
            }
            true
        });
        complete.then_some(found)
    }

    /// Their numbers.
    pub fn descriptors(&self) -> &[i32] {
        // SAFETY: the first `len` were written.
        unsafe { core::slice::from_raw_parts(self.list, self.len) }
    }

    /// Lets all of them stay open over an exec, or marks them again.
    pub fn keep(&mut self, keep: bool) {
        for &fd in self.descriptors() {
            keep_on_exec(fd.into(), keep);
        }
    }
}

impl Drop for OnExec {
    fn drop(&mut self) {
        forward(nr::MUNMAP, [self.list as i64, 4 * ROOM as i64, 0, 0, 0, 0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn marked_descriptors_are_found() {
        // std opens everything close-on-exec.
        let file = std::fs::File::open("/dev/null").unwrap();
        let fd = file.as_raw_fd();
        let list = OnExec::list(&[]).unwrap();
        assert!(list.descriptors().contains(&fd));
        let list = OnExec::list(&[fd.into()]).unwrap();
        assert!(!list.descriptors().contains(&fd));
        keep_on_exec(fd.into(), true);
        assert!(!OnExec::list(&[]).unwrap().descriptors().contains(&fd));
    }
}
