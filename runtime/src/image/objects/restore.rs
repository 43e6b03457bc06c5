//! Objects of a checkpoint made again, for a restored process. What an image says is no more than a wish: the kernel
//! checks each.

use core::ffi::CStr;

use popcorn_metadata::image::objects::{item, object, state};
use popcorn_metadata::image::{Checkpoint, FD_GIVEN, Fd, Object};

use super::files::named;
use super::sockets::path_of;
use crate::base::path::{PathBuffer, of_descriptor};
use crate::base::refusal::Refusal;
use crate::kernel::file::{
    self, O_CLOEXEC, O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_TRUNC, OwnedFd, SEEK_SET,
};
use crate::kernel::{Errno, Result, clock, errno, object as kernel, socket, sys};
use crate::program::pairs;
use crate::refusal;

/// Makes all objects, and their descriptors but for duplicates. Numbers from `free` on are nobody's.
pub fn restore(checkpoint: &Checkpoint, free: i32) -> core::result::Result<(), Refusal> {
    let maker = Maker { checkpoint, free };
    for (place, object) in (0..).zip(checkpoint.objects.iter()) {
        maker.object(place, &object).map_err(|error| {
            let descriptors = maker.descriptors(place);
            let fd = descriptors.map(|fd| fd.fd).next().unwrap_or(-1);
            let what = object::name(object.kind);
            refusal!(
                error.0,
                "descriptor {fd} was a {what}, which cannot be made again: {error}"
            )
        })?;
    }
    Ok(())
}

/// Puts descriptors into epoll sets again, when all are there.
pub fn restore_sets(checkpoint: &Checkpoint) -> core::result::Result<(), Refusal> {
    let sets = checkpoint.descriptors().filter(|(fd, _)| fd.same_as < 0);
    for (set, _) in sets {
        let object = set
            .object
            .checked_sub(1)
            .and_then(|place| checkpoint.objects.get(place));
        let Some(object) = object.filter(|object| object.kind == object::POLL) else {
            continue;
        };
        for target in checkpoint.objects.items(&object) {
            let Some((fd, events, data)) = target.pair() else {
                continue;
            };
            let data = data
                .first_chunk()
                .map_or(0, |data| u64::from_le_bytes(*data));
            kernel::epoll_add(set.fd, fd as i32, events, data).map_err(|error| {
                let set = set.fd;
                refusal!(
                    error.0,
                    "descriptor {fd} cannot be watched by epoll set {set} again: {error}"
                )
            })?;
        }
    }
    Ok(())
}

/// Tells the program's books, which are in its memory, what the pairs of sockets are now.
pub fn note_pairs(checkpoint: &Checkpoint) {
    const CLOSED: u64 = u64::MAX;
    let inode = |place: u32| {
        let mut all = checkpoint.descriptors();
        let found = all.find(|(fd, _)| fd.object == place + 1);
        found.and_then(|(fd, _)| Some(file::Stat::of(fd.fd).ok()?.inode))
    };
    for (place, object) in (0..).zip(checkpoint.objects.iter()) {
        let other = object.peer.checked_sub(1);
        let is_pair = object.kind == object::SOCKET && object.state & state::PAIR != 0;
        if is_pair
            && other.is_none_or(|other| place < other)
            && let Some(one) = inode(place)
        {
            pairs::note([one, other.and_then(inode).unwrap_or(CLOSED)]);
        }
    }
}

/// What all of this needs.
struct Maker<'a> {
    checkpoint: &'a Checkpoint<'a>,
    free: i32,
}

fn name_of(bytes: &[u8]) -> Result<PathBuffer> {
    PathBuffer::from_bytes(bytes).map_err(|_| Errno(errno::ENAMETOOLONG))
}

fn c_str(path: &PathBuffer) -> Result<&CStr> {
    path.as_c_str().map_err(|_| Errno(errno::ENAMETOOLONG))
}

impl<'a> Maker<'a> {
    /// Descriptors that are open on an object, without duplicates.
    fn descriptors(&self, place: u32) -> impl Iterator<Item = Fd> + use<'a> {
        let all = self.checkpoint.descriptors().map(|(fd, _)| fd);
        all.filter(move |fd| {
            fd.object == place + 1 && fd.same_as < 0 && fd.fd_flags & FD_GIVEN == 0
        })
    }

    /// An open file out of the way of all numbers that will be taken.
    fn aside(&self, opened: OwnedFd) -> Result<OwnedFd> {
        let moved = opened.moved_up(self.free)?;
        if moved.get() < self.free {
            return Err(Errno(errno::EMFILE));
        }
        Ok(moved)
    }

    fn item(&self, object: &Object, tag: u32) -> Option<&'a [u8]> {
        self.checkpoint.objects.item(object, tag)
    }

    fn object(&self, place: u32, object: &Object) -> Result<()> {
        match object.kind {
            object::PIPE => self.pipe(place, object),
            object::FILE => self.file(place, object),
            object::SOCKET => self.socket(place, object),
            object::QUEUE => self.queue(place, object),
            _ => self.counter(place, object),
        }
    }

    /// Gives an open file all of its numbers, with their flags.
    fn place_all(&self, place: u32, made: i32) -> Result<()> {
        self.descriptors(place).try_for_each(|fd| {
            file::duplicate_to(made, fd.fd, cloexec(&fd))?;
            kernel::set_flags(fd.fd, fd.flags)
        })
    }

    /// Opens a file once more for each of its descriptors, as that was open.
    fn open_all(&self, place: u32, made: i32) -> Result<()> {
        let path = of_descriptor(made);
        self.descriptors(place).try_for_each(|fd| {
            // Packets are not asked for when a pipe is opened; and the way to it is a link.
            let once = O_CREAT | O_EXCL | O_TRUNC | sys::O_DIRECT | sys::O_NOFOLLOW;
            let flags = fd.flags & !once | O_NOCTTY | O_CLOEXEC;
            let opened = self.aside(file::open(c_str(&path)?, flags, 0)?)?;
            file::duplicate_to(opened.get(), fd.fd, cloexec(&fd))?;
            // What it had is set again; opening refuses some.
            kernel::set_flags(fd.fd, fd.flags)
        })
    }

    /// An object that is opened by one call, and has no ends. It is put in its place by `dup3` alone: an emulator
    /// that translates what is read from it would lose track by other ways.
    fn counter(&self, place: u32, object: &Object) -> Result<()> {
        let made = match object.kind {
            object::EVENT => {
                const SEMAPHORE: u32 = 1;
                let semaphore = object.state & state::SEMAPHORE != 0;
                kernel::event_counter(if semaphore { SEMAPHORE } else { 0 })
            }
            object::TIMER => kernel::timer(object.a),
            object::SIGNALS => kernel::signal_reader(object.a),
            object::WATCHES => kernel::watch_set(),
            _ => kernel::epoll_set(),
        }?;
        match object.kind {
            object::EVENT if object.a != 0 => {
                file::write(made.get(), &object.a.to_le_bytes())?;
            }
            object::TIMER => timer(made.get(), object)?,
            object::WATCHES => self.watch(made.get(), object)?,
            _ => {}
        }
        let Some(fd) = self.descriptors(place).next() else {
            return Ok(());
        };
        if made.get() != fd.fd {
            return self.place_all(place, made.get());
        }
        let there = made.into_raw();
        file::keep_on_exec(there, cloexec(&fd) == 0);
        kernel::set_flags(there, fd.flags)
    }

    /// Watches what was watched, under the same numbers. The kernel counts them up; what it tells of those in between
    /// is thrown away.
    fn watch(&self, set: i32, object: &Object) -> Result<()> {
        const MOST: u32 = 1 << 16;
        let mut next = 1;
        loop {
            let items = self
                .checkpoint
                .objects
                .items(object)
                .filter_map(|item| item.pair());
            let left = items.filter(|(number, ..)| (next..MOST).contains(number));
            let Some((number, events, path)) = left.min_by_key(|(number, ..)| *number) else {
                break;
            };
            let path = name_of(path)?;
            loop {
                let watch = kernel::watch(set, c_str(&path)?, events)?;
                if watch == number {
                    break;
                }
                if watch > number {
                    return Err(Errno(errno::EBUSY));
                }
                kernel::unwatch(set, watch);
            }
            next = number + 1;
        }
        while kernel::bytes_to_read(set) > 0 {
            file::read(set, &mut [0; 4096])?;
        }
        Ok(())
    }

    fn pipe(&self, place: u32, object: &Object) -> Result<()> {
        let packets = if object.state & state::PACKETS != 0 {
            sys::O_DIRECT
        } else {
            0
        };
        let flags = sys::O_RDWR | O_NONBLOCK;
        let open = |path: &PathBuffer| {
            let both = file::open(c_str(path)?, flags | O_CLOEXEC, 0)?;
            self.aside(both)
        };
        let both = match self.item(object, item::PATH) {
            Some(path) => open(&name_of(path)?)?,
            // Both ends are closed again before others get their numbers.
            None => {
                let (reader, _writer) = file::pipe()?;
                open(&of_descriptor(reader.get()))?
            }
        };
        kernel::set_flags(both.get(), flags | packets)?;
        if kernel::pipe_size(both.get())? != object.a {
            kernel::set_pipe_size(both.get(), object.a)?;
        }
        self.open_all(place, both.get())?;
        for held in self.checkpoint.objects.items(object) {
            if held.tag == item::MESSAGE {
                write_all(both.get(), held.bytes)?;
            }
        }
        Ok(())
    }

    fn file(&self, place: u32, object: &Object) -> Result<()> {
        let name = self.item(object, item::PATH).unwrap_or_default();
        let made = if object.state & state::NAMED != 0 {
            if !named(name) {
                return Err(Errno(errno::EINVAL));
            }
            match file::open(c_str(&name_of(name)?)?, sys::O_RDWR | O_CLOEXEC, 0) {
                Ok(there) => {
                    // It is as others have left it.
                    let there = self.aside(there)?;
                    return self.open_at_offsets(place, there.get());
                }
                Err(Errno(errno::ENOENT)) => {
                    let flags = sys::O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
                    file::open(c_str(&name_of(name)?)?, flags, 0o600)?
                }
                Err(error) => return Err(error),
            }
        } else if object.state & state::MEMORY != 0 {
            kernel::sealable_file(c_str(&name_of(name)?)?)?
        } else {
            unnamed(name)?
        };
        let made = self.aside(made)?;
        let fd = made.get();
        file::set_length(fd, object.a)?;
        for (offset, bytes) in self.checkpoint.contents_of(place) {
            file::write_all_at(fd, bytes, offset)?;
        }
        self.open_at_offsets(place, fd)?;
        kernel::set_mode(fd, object.b as u32)?;
        if object.state & state::MEMORY != 0 && object.c != 0 {
            kernel::add_seals(fd, object.c as u32)?;
        }
        Ok(())
    }

    fn open_at_offsets(&self, place: u32, made: i32) -> Result<()> {
        self.open_all(place, made)?;
        self.descriptors(place)
            .try_for_each(|fd| file::seek(fd.fd, fd.offset as i64, SEEK_SET).map(drop))
    }

    fn queue(&self, place: u32, object: &Object) -> Result<()> {
        let name = self.item(object, item::PATH).unwrap_or_default();
        let name = name_of(name)?;
        self.descriptors(place).try_for_each(|fd| {
            let flags = fd.flags & (sys::O_ACCMODE | O_NONBLOCK);
            let opened = self.aside(kernel::queue(c_str(&name)?, flags)?)?;
            file::duplicate_to(opened.get(), fd.fd, cloexec(&fd))
        })
    }

    fn socket(&self, place: u32, object: &Object) -> Result<()> {
        if object.state & state::PAIR != 0 {
            // The end that comes first makes both.
            let other = object.peer.checked_sub(1);
            return match other {
                Some(other) if other < place => Ok(()),
                _ => self.pair(place, object, other),
            };
        }
        let (family, permissions) = (object.a & u64::from(u32::MAX), object.a >> 32);
        let made = self.aside(socket::new(family, object.b, object.c)?)?;
        let fd = made.get();
        self.options(object, fd);
        if let Some(name) = self.item(object, item::NAME) {
            let path = path_of(family, name).map(name_of).transpose()?;
            if let Some(path) = &path {
                make_room(c_str(path)?, object.b, name)?;
            }
            socket::bind(fd, name)?;
            if let Some(path) = &path {
                if object.state & state::UNLINKED != 0 {
                    file::unlink_at(sys::AT_FDCWD, c_str(path)?)?;
                } else {
                    kernel::set_mode_at(c_str(path)?, permissions as u32)?;
                }
            }
        }
        if let Some(peer) = self.item(object, item::PEER) {
            socket::connect(fd, peer)?;
        }
        if object.state & state::LISTENS != 0 {
            socket::listen(fd, object.d)?;
        }
        self.place_all(place, fd)
    }

    /// Options that this kernel does not take are left as they are in a new socket.
    fn options(&self, object: &Object, fd: i32) {
        let items = self.checkpoint.objects.items(object);
        for option in items.filter(|held| held.tag == item::OPTION) {
            if let Some((level, name, value)) = option.pair() {
                let _ = socket::set_option(fd, level, name, value);
            }
        }
    }

    fn pair(&self, place: u32, object: &Object, other: Option<u32>) -> Result<()> {
        let family = object.a & u64::from(u32::MAX);
        let [one, two] = socket::pair(family, object.b, object.c)?;
        let (one, two) = (self.aside(one)?, self.aside(two)?);
        let ends = [(one.get(), Some(place)), (two.get(), other)];
        let held = |place: Option<u32>| place.and_then(|place| self.checkpoint.objects.get(place));
        for ((fd, place), (from, _)) in ends.iter().zip(ends.iter().rev()) {
            let Some(object) = held(*place) else { continue };
            self.options(&object, *fd);
            for message in self.checkpoint.objects.items(&object) {
                if message.tag == item::MESSAGE {
                    socket::send(*from, message.bytes, &[])?;
                }
            }
        }
        for (fd, place) in &ends {
            let Some(object) = held(*place) else { continue };
            if object.state & state::SENT_ALL != 0 {
                socket::shut_sending(*fd)?;
            }
        }
        ends.iter().try_for_each(|(fd, place)| match place {
            Some(place) => self.place_all(*place, *fd),
            None => Ok(()),
        })
    }
}

fn cloexec(fd: &Fd) -> u32 {
    const MARKED: u32 = 1;
    if fd.fd_flags & MARKED != 0 {
        O_CLOEXEC
    } else {
        0
    }
}

fn write_all(fd: i32, bytes: &[u8]) -> Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match file::write(fd, rest)? {
            0 => return Err(Errno(errno::EIO)),
            done => rest = rest.get(done..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// A file without a name, where the one before was; in memory if that cannot be.
fn unnamed(name: &[u8]) -> Result<OwnedFd> {
    let end = name.iter().rposition(|&b| b == b'/').unwrap_or(0);
    let folder = name_of(&name[..end.max(1).min(name.len())])?;
    let flags = sys::O_TMPFILE | sys::O_RDWR | O_CLOEXEC;
    file::open(c_str(&folder)?, flags, 0o600).or_else(|_| kernel::sealable_file(c"deleted"))
}

/// A path is free for a socket if what is there is one that nobody has any more.
fn make_room(path: &CStr, kind: u64, name: &[u8]) -> Result<()> {
    let is_socket = file::Stat::at(path).is_ok_and(|stat| stat.kind() == file::S_IFSOCK);
    if is_socket {
        let asking = socket::new(socket::AF_UNIX, kind, 0)?;
        if socket::connect(asking.get(), name) == Err(Errno(errno::ECONNREFUSED)) {
            file::unlink_at(sys::AT_FDCWD, path)?;
        }
    }
    Ok(())
}

/// Sets a timer so that what it counted and what is left are as they were.
fn timer(fd: i32, object: &Object) -> Result<()> {
    const ABSOLUTE: u32 = 1;
    const CANCELLED_BY_SET: u32 = 2;
    let flags = if object.state & state::CANCELLED_BY_SET != 0 {
        CANCELLED_BY_SET
    } else {
        0
    };
    let (left, interval, counted) = (object.b, object.c, object.d);
    let now = clock::of(object.a);
    match (counted, object.state & state::ABSOLUTE != 0) {
        (0, true) => kernel::set_timer(fd, flags | ABSOLUTE, interval, left),
        (0, false) if left == 0 => Ok(()),
        (0, false) => kernel::set_timer(fd, flags, interval, left),
        // Set to a time that has passed it counts from there.
        (_, absolute) => {
            let next = if absolute {
                left
            } else {
                now.saturating_add(left)
            };
            let first = next.saturating_sub(interval.saturating_mul(counted)).max(1);
            let first = if interval == 0 { 1 } else { first };
            kernel::set_timer(fd, flags | ABSOLUTE, interval, first)
        }
    }
}
