//! One open descriptor as it is, and which two are one open file.

use crate::base::text::Bytes;
use crate::kernel::file::{
    self, S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG, S_IFSOCK, SEEK_CUR, SEEK_SET, Stat,
};
use crate::kernel::{object, process, sys};

/// One descriptor.
#[derive(Clone, Copy)]
pub struct Descriptor {
    pub fd: i32,
    pub stat: Stat,
    /// Open flags (`F_GETFL`).
    pub flags: u32,
    /// The program was started with it: its other end, if it has one, is outside.
    pub outside: bool,
}

impl Descriptor {
    pub fn of(fd: i32) -> Self {
        Self {
            fd,
            stat: Stat::of(fd).unwrap_or_default(),
            flags: file::flags(fd),
            outside: false,
        }
    }

    /// Device and inode.
    pub fn place(&self) -> (u64, u64) {
        (self.stat.device, self.stat.inode)
    }

    pub fn reads(&self) -> bool {
        self.flags & sys::O_ACCMODE != sys::O_WRONLY
    }

    pub fn writes(&self) -> bool {
        self.flags & sys::O_ACCMODE != sys::O_RDONLY
    }

    /// Whether two descriptors are one open file. Pipes, sockets and terminals that the program was started with are
    /// taken for one if they lead to the same place.
    pub fn is_same(&self, other: &Self, path: &[u8]) -> bool {
        if self.place() != other.place() || self.stat.kind() != other.stat.kind() {
            return false;
        }
        match other.stat.kind() {
            S_IFREG | S_IFDIR => shares_offset(self.fd, other.fd),
            S_IFIFO | S_IFSOCK if self.outside => true,
            S_IFCHR => path.starts_with(b"/dev/pts/") || path.starts_with(b"/dev/tty"),
            _ => self.flags == other.flags && shares_flags(self.fd, other.fd, self.flags),
        }
    }
}

/// Whether two descriptors of one file share their offset: asks the kernel, or where it does not say
/// moves one of them and looks at the other.
fn shares_offset(a: i32, b: i32) -> bool {
    if let Some(same) = process::is_same_file(a, b) {
        return same;
    }
    let (Ok(at), Ok(other)) = (file::seek(a, 0, SEEK_CUR), file::seek(b, 0, SEEK_CUR)) else {
        return false;
    };
    if at != other {
        return false;
    }
    let _ = file::seek(a, at as i64 + 1, SEEK_SET);
    let moved = file::seek(b, 0, SEEK_CUR) == Ok(at + 1);
    let _ = file::seek(a, at as i64, SEEK_SET);
    moved
}

/// The same by their flags, for what has no offset. The process is stopped, so it does not notice.
fn shares_flags(a: i32, b: i32, flags: u32) -> bool {
    if let Some(same) = process::is_same_file(a, b) {
        return same;
    }
    let changed = flags ^ file::O_NONBLOCK;
    if object::set_flags(a, changed).is_err() {
        return false;
    }
    let same = file::flags(b) == changed;
    let _ = object::set_flags(a, flags);
    same
}

/// A path in a message, which has room for the reason behind it.
pub fn shown(path: &[u8]) -> Bytes<'_> {
    Bytes(&path[..path.len().min(300)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;
    use std::os::fd::AsRawFd;

    #[test]
    fn one_open_file_has_one_offset() {
        let mut a = std::fs::File::open("/proc/self/exe").unwrap();
        a.seek(std::io::SeekFrom::Start(5)).unwrap();
        let b = a.try_clone().unwrap();
        let mut c = std::fs::File::open("/proc/self/exe").unwrap();
        c.seek(std::io::SeekFrom::Start(5)).unwrap();
        assert!(shares_offset(a.as_raw_fd(), b.as_raw_fd()));
        assert!(!shares_offset(a.as_raw_fd(), c.as_raw_fd()));
        assert_eq!(a.stream_position().unwrap(), 5);
    }

    #[test]
    fn ends_of_a_pipe_are_two() {
        let (reader, writer) = std::io::pipe().unwrap();
        let again = reader.try_clone().unwrap();
        let [a, b, c] =
            [reader.as_raw_fd(), again.as_raw_fd(), writer.as_raw_fd()].map(Descriptor::of);
        assert!(a.is_same(&b, b"") && !a.is_same(&c, b""));
    }
}
