//! Open descriptors, for a checkpoint: gathered before the process is copied, since the copy shares file offsets with
//! it; and given back to a process that is restored.
//!
//! What could not be opened again is an error that names the descriptor, before anything is written; but
//! what the program was started with, a restored one may be started with again.

use popcorn_metadata::image::{Checkpoint, FD_GIVEN, Fd, kind};

use crate::base::path::{PATH_MAX, PathBuffer, of_descriptor};
use crate::base::refusal::Refusal;
use crate::base::statics::{Slot, Travels};
use crate::base::text::Bytes;
use crate::image::sink::Sink;
use crate::kernel::file::{
    O_CLOEXEC, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, OwnedFd, S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG,
    S_IFSOCK, SEEK_CUR, SEEK_SET, Stat,
};
use crate::kernel::memory::List;
use crate::kernel::{descriptors, errno, file, process};
use crate::program::alone::Alone;
use crate::program::identity::{self, HIGH};
use crate::program::window;
use crate::refusal;

/// Descriptors that a checkpoint has room for.
const MOST: usize = 4096;
/// Bytes of all paths that it has room for.
const TEXT: usize = 1 << 20;
/// Standard input, output and error: a restored process has those of whoever restores it.
const STANDARD: i32 = file::STDERR;
/// The bit of `fd_flags` that is the kernel's (`FD_CLOEXEC`).
const MARKED: u32 = 1;

/// One descriptor as it is now.
#[derive(Clone, Copy)]
struct File {
    fd: i32,
    stat: Stat,
}

impl File {
    fn of(fd: i32) -> Self {
        Self {
            fd,
            stat: Stat::of(fd).unwrap_or_default(),
        }
    }

    fn place(&self) -> (u64, u64) {
        (self.stat.device, self.stat.inode)
    }
}

/// A descriptor that the program was started with: number, device and inode.
type Given = (i32, u64, u64);

/// Descriptors that the program was started with; no more than these are remembered.
static GIVEN: Travels<Slot<[Given; 16]>> = Travels::new(Slot::new([(0, 0, 0); 16]));

/// At the start of a program: remembers what it was given beside standard input, output and error.
pub fn note_given(alone: &mut Alone) {
    GIVEN.with(alone, |given| {
        let mut free = given.iter_mut();
        descriptors::each(|fd| {
            if fd <= STANDARD || fd == identity::program_fd() {
                return true;
            }
            let (device, inode) = File::of(fd).place();
            let place = free.next();
            place.map(|place| *place = (fd, device, inode)).is_some()
        });
    });
}

/// The section of an image that lists descriptors.
pub struct OpenFiles {
    files: List<File>,
    saved: List<Fd>,
    text: List<u8>,
}

impl OpenFiles {
    /// Gathers all there is; `ours` are descriptors that are not the program's.
    pub fn gather(alone: &Alone, ours: &[i32]) -> Result<Self, Refusal> {
        let given = GIVEN.read(alone);
        let no_memory = |_| refusal!(errno::ENOMEM, "no memory for the process image");
        let mut all = Self {
            files: List::with_room(MOST).map_err(no_memory)?,
            saved: List::with_room(MOST).map_err(no_memory)?,
            text: List::with_room(TEXT).map_err(no_memory)?,
        };
        let mut found = Ok(());
        let complete = descriptors::each(|fd| {
            if !ours.contains(&fd) {
                found = all.descriptor(fd, &given);
            }
            found.is_ok()
        });
        found?;
        if !complete {
            let text = "the open descriptors cannot be listed";
            return Err(refusal!(errno::ENOMEM, "{text}"));
        }
        Ok(all)
    }

    fn descriptor(&mut self, fd: i32, given: &[Given]) -> Result<(), Refusal> {
        let file = File::of(fd);
        let mut link = [0; PATH_MAX];
        let path = match of_descriptor(fd).as_c_str() {
            Ok(path) => file::read_link(path, &mut link),
            Err(_) => &[],
        };
        if path.starts_with(b"/memfd:popcorn-") || window::keeps(fd) {
            // What this incarnation runs from, or what keeps a map.
            return Ok(());
        }
        let mut others = self.files.as_slice().iter();
        let same = others
            .find(|other| is_same(other, &file, path))
            .map(|other| other.fd);
        let mut fd_flags = if file::is_close_on_exec(fd) {
            MARKED
        } else {
            0
        };
        if fd <= STANDARD {
            fd_flags |= FD_GIVEN;
        } else if same.is_none()
            && let Err(refusal) = can_reopen(&file, path)
        {
            if !given.contains(&(fd, file.stat.device, file.stat.inode)) {
                return Err(refusal);
            }
            fd_flags |= FD_GIVEN;
        }
        let offset = match file::seek(fd, 0, SEEK_CUR) {
            Err(e) if matches!(file.stat.kind(), S_IFREG | S_IFDIR) && fd_flags & FD_GIVEN == 0 => {
                return Err(refusal!(
                    e.0,
                    "descriptor {fd} does not say its offset: {e}"
                ));
            }
            offset => offset.unwrap_or(0),
        };
        let saved = Fd {
            fd,
            flags: file::flags(fd),
            fd_flags,
            mode: file.stat.kind(),
            offset,
            path: self.text.as_slice().len() as u32,
            path_length: path.len() as u32,
            same_as: same.unwrap_or(-1),
        };
        if !self.text.extend(path) {
            return Err(refusal!(
                errno::ENOMEM,
                "the paths of its files are too long"
            ));
        }
        if !self.files.push(file) || !self.saved.push(saved) {
            return Err(refusal!(errno::EMFILE, "it has too many open descriptors"));
        }
        Ok(())
    }

    /// The numbers of all descriptors.
    pub fn numbers(&self) -> impl Iterator<Item = i32> + '_ {
        self.saved.as_slice().iter().map(|fd| fd.fd)
    }

    /// Writes the section.
    pub fn write(&self, out: &mut Sink) -> Result<(), Refusal> {
        let (saved, text) = (self.saved.as_slice(), self.text.as_slice());
        let records = (8 + saved.len() * Fd::SIZE) as u32;
        out.open(kind::FDS, u64::from(records) + text.len() as u64)?;
        out.put(&(saved.len() as u64).to_le_bytes())?;
        for fd in saved {
            let path = fd.path + records;
            out.put(&Fd { path, ..*fd }.to_bytes())?;
        }
        out.put(text)?;
        out.close();
        Ok(())
    }
}

/// Whether two descriptors are one open file. Pipes, sockets and terminals are taken for one if they lead
/// to the same place: they have no offset.
fn is_same(a: &File, b: &File, path: &[u8]) -> bool {
    if a.place() != b.place() || a.stat.kind() != b.stat.kind() {
        return false;
    }
    match b.stat.kind() {
        S_IFREG | S_IFDIR => shares_offset(a.fd, b.fd),
        S_IFIFO | S_IFSOCK => true,
        S_IFCHR => path.starts_with(b"/dev/pts/") || path.starts_with(b"/dev/tty"),
        _ => false,
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

/// Whether the file can be opened again by its path.
fn can_reopen(file: &File, path: &[u8]) -> Result<(), Refusal> {
    let fd = file.fd;
    let what = match file.stat.kind() {
        S_IFREG if path.starts_with(b"/memfd:") => "a memory file",
        S_IFREG | S_IFDIR if file.stat.links == 0 => "a deleted file",
        S_IFREG | S_IFDIR | S_IFCHR => {
            let there = PathBuffer::from_bytes(path)
                .ok()
                .and_then(|name| Stat::at(name.as_c_str().ok()?).ok());
            if there.is_some_and(|stat| (stat.device, stat.inode) == file.place()) {
                return Ok(());
            }
            return Err(refusal!(
                errno::EBUSY,
                "descriptor {fd} is {}, which has another name now",
                shown(path)
            ));
        }
        S_IFIFO => "a pipe",
        S_IFSOCK => "a socket",
        _ => "no file",
    };
    Err(refusal!(
        errno::EBUSY,
        "descriptor {fd} is {what}, {}: it cannot be opened again",
        shown(path)
    ))
}

/// A path in a message, which has room for the reason behind it.
fn shown(path: &[u8]) -> Bytes<'_> {
    Bytes(&path[..path.len().min(300)])
}

/// Gives a restored process its descriptors, in place of those it came with. `ours` are two of ours,
/// which may have to move.
pub fn reopen(checkpoint: &Checkpoint, ours: &mut [i32; 2]) -> Result<(), Refusal> {
    let highest = checkpoint.descriptors().map(|(fd, _)| fd.fd).max();
    let lowest = HIGH.max(highest.unwrap_or(0) + 1);
    for fd in ours.iter_mut().filter(|fd| **fd < lowest) {
        let moved = file::duplicate_up(*fd, lowest)
            .map_err(|_| refusal!(errno::EMFILE, "no file descriptor is free"))?;
        file::close(*fd);
        *fd = moved.into_raw();
    }
    // Closing while the list is read is allowed: the kernel lists by number.
    let given = |fd: i32| {
        let mut all = checkpoint.descriptors();
        all.any(|(saved, _)| saved.fd == fd && saved.fd_flags & FD_GIVEN != 0)
    };
    descriptors::each(|fd| {
        if !given(fd) && !ours.contains(&fd) {
            file::close(fd);
        }
        true
    });
    for (saved, path) in checkpoint.descriptors() {
        if saved.fd_flags & FD_GIVEN == 0 {
            reopen_one(&saved, path).map_err(|error| {
                refusal!(
                    error.0,
                    "descriptor {} was {}, which cannot be opened: {error}",
                    saved.fd,
                    shown(path)
                )
            })?;
        }
    }
    Ok(())
}

fn reopen_one(saved: &Fd, path: &[u8]) -> crate::kernel::Result<()> {
    let number = saved.fd;
    let marked = saved.fd_flags & MARKED != 0;
    let cloexec = if marked { O_CLOEXEC } else { 0 };
    if saved.same_as >= 0 {
        return file::duplicate_to(saved.same_as, number, cloexec);
    }
    let too_long = crate::kernel::Errno(errno::ENAMETOOLONG);
    let name = PathBuffer::from_bytes(path).map_err(|_| too_long)?;
    let flags = saved.flags & !(O_CREAT | O_EXCL | O_TRUNC) | O_NOCTTY | cloexec;
    let opened = file::open(name.as_c_str().map_err(|_| too_long)?, flags, 0)?;
    if opened.get() == number {
        OwnedFd::into_raw(opened);
    } else {
        file::duplicate_to(opened.get(), number, cloexec)?;
    }
    if saved.mode == S_IFREG || saved.mode == S_IFDIR {
        file::seek(number, saved.offset as i64, SEEK_SET)?;
    }
    Ok(())
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
    fn what_cannot_be_opened_again_is_named() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let file = File::of(reader.as_raw_fd());
        let refusal = can_reopen(&file, b"pipe:[1]").unwrap_err();
        let fd = file.fd;
        assert_eq!(
            refusal.text.to_string(),
            format!("descriptor {fd} is a pipe, pipe:[1]: it cannot be opened again")
        );
    }
}
