//! Open descriptors, for a checkpoint: gathered before the process is copied, since the copy shares file offsets with
//! it; and given back to a process that is restored.
//!
//! What could not be opened again is an error that names the descriptor, before anything is written; but
//! what the program was started with, a restored one may be started with again.

use popcorn_metadata::image::{Checkpoint, FD_GIVEN, FD_KEEPER, Fd, kind};

use crate::base::path::{PATH_MAX, PathBuffer, of_descriptor};
use crate::base::refusal::Refusal;
use crate::base::statics::{Slot, Travels};
use crate::image::descriptor::{Descriptor, shown};
use crate::image::objects::{self, Table};
use crate::image::sink::Sink;
use crate::kernel::file::{
    O_CLOEXEC, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, OwnedFd, S_IFCHR, S_IFDIR, S_IFREG, SEEK_CUR,
    SEEK_SET, Stat,
};
use crate::kernel::memory::List;
use crate::kernel::{descriptors, errno, file};
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
            let (device, inode) = Descriptor::of(fd).place();
            let place = free.next();
            place.map(|place| *place = (fd, device, inode)).is_some()
        });
    });
}

/// In a restored process, that was given others.
pub fn note_given_again(alone: &mut Alone, checkpoint: &Checkpoint) {
    let was_given = |fd: i32| {
        let mut all = checkpoint.descriptors();
        all.any(|(saved, _)| saved.fd == fd && saved.fd_flags & FD_GIVEN != 0)
    };
    GIVEN.with(alone, |given| {
        for place in given {
            let (device, inode) = Descriptor::of(place.0).place();
            *place = if place.0 != 0 && was_given(place.0) {
                (place.0, device, inode)
            } else {
                (0, 0, 0)
            };
        }
    });
}

/// The sections of an image that list descriptors, and the objects that some of them are open on.
pub struct OpenFiles {
    all: List<Descriptor>,
    saved: List<Fd>,
    text: List<u8>,
    objects: Table,
}

impl OpenFiles {
    /// Gathers all there is; `ours` are descriptors that are not the program's.
    pub fn gather(alone: &Alone, ours: &[i32]) -> Result<Self, Refusal> {
        let given = GIVEN.read(alone);
        let no_memory = |_| refusal!(errno::ENOMEM, "no memory for the process image");
        let mut files = Self {
            all: List::with_room(MOST).map_err(no_memory)?,
            saved: List::with_room(MOST).map_err(no_memory)?,
            text: List::with_room(TEXT).map_err(no_memory)?,
            objects: Table::new().map_err(no_memory)?,
        };
        let mut fits = true;
        let complete = descriptors::each(|fd| {
            if !ours.contains(&fd) {
                fits = files.all.push(seen(fd, &given));
            }
            fits
        });
        if !fits {
            return Err(refusal!(errno::EMFILE, "it has too many open descriptors"));
        }
        if !complete {
            let text = "the open descriptors cannot be listed";
            return Err(refusal!(errno::ENOMEM, "{text}"));
        }
        for n in 0..files.all.as_slice().len() {
            files.descriptor(n)?;
        }
        let Self { objects, all, .. } = &mut files;
        objects::complete(objects, all.as_slice())?;
        Ok(files)
    }

    /// Looks up the `n`th descriptor. Those before were looked up.
    fn descriptor(&mut self, n: usize) -> Result<(), Refusal> {
        let Some((&descriptor, before)) = self.all.as_slice()[..=n].split_last() else {
            return Ok(());
        };
        let fd = descriptor.fd;
        let mut link = [0; PATH_MAX];
        let path = match of_descriptor(fd).as_c_str() {
            Ok(path) => file::read_link(path, &mut link),
            Err(_) => &[],
        };
        let keeps = window::keeps(fd);
        if path.starts_with(b"/memfd:popcorn-") && !keeps {
            // What this incarnation runs from.
            return Ok(());
        }
        let same = before
            .iter()
            .find(|other| other.is_same(&descriptor, path))
            .map(|other| other.fd);
        let mut fd_flags = if file::is_close_on_exec(fd) {
            MARKED
        } else {
            0
        };
        if keeps {
            fd_flags |= FD_KEEPER;
        }
        let mut object = 0;
        if fd <= STANDARD {
            fd_flags |= FD_GIVEN;
        } else if let Some(same) = same {
            object = self.object_of(same);
        } else if !has_path(&descriptor, path) {
            let all = self.all.as_slice();
            match objects::gather(&mut self.objects, &descriptor, path, all) {
                Ok(place) => object = place + 1,
                Err(_) if descriptor.outside => fd_flags |= FD_GIVEN,
                Err(refusal) => return Err(refusal),
            }
        }
        let has_offset = matches!(descriptor.stat.kind(), S_IFREG | S_IFDIR);
        let offset = match file::seek(fd, 0, SEEK_CUR) {
            Err(e) if has_offset && fd_flags & FD_GIVEN == 0 => {
                return Err(refusal!(
                    e.0,
                    "descriptor {fd} does not say its offset: {e}"
                ));
            }
            offset => offset.unwrap_or(0),
        };
        let saved = Fd {
            fd,
            flags: descriptor.flags,
            fd_flags,
            mode: descriptor.stat.kind(),
            offset,
            path: self.text.as_slice().len() as u32,
            path_length: path.len() as u32,
            same_as: same.unwrap_or(-1),
            object,
        };
        if !self.text.extend(path) || !self.saved.push(saved) {
            return Err(refusal!(
                errno::ENOMEM,
                "the paths of its files are too long"
            ));
        }
        Ok(())
    }

    /// What a descriptor's object is entered as.
    fn object_of(&self, fd: i32) -> u32 {
        let mut saved = self.saved.as_slice().iter();
        saved
            .find(|saved| saved.fd == fd)
            .map_or(0, |saved| saved.object)
    }

    /// Writes what others may change when the process goes on.
    pub fn write_contents(&self, out: &mut Sink) -> Result<(), Refusal> {
        objects::write_contents(&self.objects, out)
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
        self.objects.write(out)
    }
}

/// A descriptor, and whether it leads outside.
fn seen(fd: i32, given: &[Given]) -> Descriptor {
    let mut descriptor = Descriptor::of(fd);
    let (device, inode) = descriptor.place();
    descriptor.outside = fd <= STANDARD || given.contains(&(fd, device, inode));
    descriptor
}

/// Whether the file can be opened again by its path.
fn has_path(descriptor: &Descriptor, path: &[u8]) -> bool {
    if objects::named(path) {
        return false;
    }
    matches!(descriptor.stat.kind(), S_IFREG | S_IFDIR | S_IFCHR)
        && descriptor.stat.links != 0
        && PathBuffer::from_bytes(path)
            .ok()
            .and_then(|name| Stat::at(name.as_c_str().ok()?).ok())
            .is_some_and(|stat| (stat.device, stat.inode) == descriptor.place())
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
    objects::restore(checkpoint, ours[0].max(ours[1]) + 1)?;
    for (saved, path) in checkpoint.descriptors() {
        let is_there = saved.object != 0 && saved.same_as < 0;
        if saved.fd_flags & FD_GIVEN == 0 && !is_there {
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
    objects::restore_sets(checkpoint)
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
