//! Files of which the program has private maps, opened for a move: by the paths that the kernel shows, if the file
//! there is still the one that was mapped. What cannot be opened travels as memory.

use crate::base::path::PathBuffer;
use crate::base::refusal::Refusal;
use crate::kernel::file::{self, O_CLOEXEC, O_NOCTTY, O_RDONLY, OwnedFd, S_IFREG, Stat};
use crate::kernel::memory::List;
use crate::kernel::pages::Pages;
use crate::program::identity::HIGH;
use crate::program::maps::{Kind, Map};
use crate::program::window;
use crate::refusal;

/// One file.
#[derive(Clone, Copy)]
struct Opened {
    device: u64,
    inode: u64,
    fd: i32,
}

/// The files; closed when dropped.
pub struct MappedFiles {
    opened: List<Opened>,
    /// They are mapped again on the other side, so nothing of them is written.
    again: bool,
}

impl MappedFiles {
    /// For a hop: they stay open over the exec.
    pub fn to_map_again() -> Result<Self, Refusal> {
        let no_memory = |e| refusal!(e, "no memory for the list of mapped files");
        let again = Pages::new().map_err(|e| no_memory(e.0))?.knows_files();
        let files = Self::open(again)?;
        let opened = files.opened.as_slice().iter();
        opened.for_each(|file| file::keep_on_exec(file.fd, true));
        Ok(files)
    }

    /// For a checkpoint: their contents are written, and they are opened to know where they have any.
    pub fn to_read() -> Result<Self, Refusal> {
        Self::open(false)
    }

    fn open(again: bool) -> Result<Self, Refusal> {
        let opened = List::with_room(16)
            .map_err(|e| refusal!(e.0, "no memory for the list of mapped files: {e}"))?;
        let mut files = Self { opened, again };
        let any = window::with_table(|t| t.maps().iter().any(|m| m.kind == Kind::File));
        if any {
            each_line(|line| files.line(line));
        }
        Ok(files)
    }

    /// A line of the kernel's list: addresses, protection, offset, device, inode, path.
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let start = hexadecimal(line.split(|&b| b == b'-').next()?)?;
        let path = &line[line.iter().position(|&b| b == b'/')?..];
        let map = window::with_table(|table| table.within(start, start + 1).next().copied())?;
        if map.kind != Kind::File || self.find(&map).is_some() {
            return None;
        }
        let mut name = PathBuffer::new();
        name.push(path);
        let flags = O_RDONLY | O_NOCTTY | O_CLOEXEC;
        let fd = file::open(name.as_c_str().ok()?, flags, 0).ok()?;
        let stat = Stat::of(fd.get()).ok()?;
        let same = (stat.device, stat.inode) == (map.device, map.inode);
        if !same || stat.kind() != S_IFREG {
            return None;
        }
        let fd = fd.moved_up(HIGH).ok()?;
        self.add(&map, fd)
    }

    fn add(&mut self, map: &Map, fd: OwnedFd) -> Option<()> {
        let opened = Opened {
            device: map.device,
            inode: map.inode,
            fd: fd.get(),
        };
        while !self.opened.push(opened) {
            self.opened.grow().ok()?;
        }
        fd.into_raw();
        Some(())
    }

    fn find(&self, map: &Map) -> Option<i32> {
        let mut opened = self.opened.as_slice().iter();
        let same = |f: &&Opened| (f.device, f.inode) == (map.device, map.inode);
        opened.find(same).map(|file| file.fd)
    }

    /// The descriptor that a map is made from again.
    pub fn of(&self, map: &Map) -> Option<i32> {
        if self.again && map.kind == Kind::File {
            self.find(map)
        } else {
            None
        }
    }

    /// The file of a map, if it could be opened.
    pub fn to_look_at(&self, map: &Map) -> Option<i32> {
        if map.kind == Kind::File {
            self.find(map)
        } else {
            None
        }
    }
}

impl Drop for MappedFiles {
    fn drop(&mut self) {
        let opened = self.opened.as_slice().iter();
        opened.for_each(|opened| file::close(opened.fd));
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(digits).ok()?;
    u64::from_str_radix(text, 16).ok()
}

/// The lines of `/proc/self/maps`, as far as they can be read.
fn each_line(mut visit: impl FnMut(&[u8]) -> Option<()>) {
    let Ok(list) = file::open(c"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0) else {
        return;
    };
    let mut buffer = [0; 8192];
    let mut filled = 0;
    while let Ok(more @ 1..) = file::read(list.get(), &mut buffer[filled..]) {
        filled += more;
        let mut begin = 0;
        while let Some(length) = buffer[begin..filled].iter().position(|&b| b == b'\n') {
            visit(&buffer[begin..begin + length]);
            begin += length + 1;
        }
        buffer.copy_within(begin..filled, 0);
        filled -= begin;
    }
}
