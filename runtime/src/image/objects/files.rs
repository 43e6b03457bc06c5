//! Files that have no path: memory files, files that were deleted while they were open. And those below `/dev/shm`,
//! which have one, but only until the machine is started anew: POSIX shared memory and semaphores.

use popcorn_metadata::image::objects::{item, object, state};
use popcorn_metadata::image::{Contents, Object, kind};

use super::table::Table;
use super::trouble::{Result, Trouble, cannot};
use crate::base::path::{PathBuffer, of_descriptor};
use crate::base::refusal::Refusal;
use crate::image::descriptor::Descriptor;
use crate::image::sink::Sink;
use crate::kernel::memory::List;
use crate::kernel::{Errno, errno, file, folder, object as kernel};

const DELETED: &[u8] = b" (deleted)";
const MEMORY: &[u8] = b"/memfd:";
const SHARED: &[u8] = b"/dev/shm/";
/// Bytes that are copied at once.
const PIECE: u64 = 1 << 18;

/// Whether a file's path leads to it only until the machine is started anew.
pub fn named(path: &[u8]) -> bool {
    path.starts_with(SHARED)
}

pub fn gather(table: &mut Table, descriptor: &Descriptor, path: &[u8]) -> Result<u32> {
    const QUEUES: u64 = 0x1980_0202;
    if kernel::file_system(descriptor.fd) == QUEUES {
        return queue(table, descriptor, path);
    }
    let is_deleted = descriptor.stat.links == 0;
    let whole = path
        .strip_suffix(DELETED)
        .filter(|_| is_deleted)
        .unwrap_or(path);
    let memory = whole.strip_prefix(MEMORY).filter(|_| is_deleted);
    let another = if is_deleted {
        None
    } else {
        name_now(descriptor, path)
    };
    if !is_deleted && another.is_none() {
        return cannot("a file that has another name now");
    }
    let whole = another.as_ref().map_or(whole, PathBuffer::as_bytes);
    let mut bits = 0;
    if memory.is_some() {
        bits |= state::MEMORY;
    }
    if !is_deleted {
        bits |= state::NAMED;
    }
    let place = table.add(
        descriptor,
        Object {
            kind: object::FILE,
            state: bits,
            a: descriptor.stat.size,
            b: (descriptor.stat.mode & 0o7777).into(),
            c: kernel::seals(descriptor.fd).unwrap_or(0).into(),
            ..Object::default()
        },
    )?;
    match memory.unwrap_or(whole) {
        b"" => Ok(()),
        name => table.item(place, item::PATH, &[name]),
    }?;
    Ok(place)
}

/// The name that leads to a file below `/dev/shm`. The one that it was opened by may be gone: a semaphore of POSIX gets
/// its name when it is complete.
fn name_now(descriptor: &Descriptor, path: &[u8]) -> Option<PathBuffer> {
    let leads = |path: &PathBuffer| {
        let stat = path.as_c_str().ok().map(file::Stat::at);
        let place = descriptor.place();
        stat.is_some_and(|stat| stat.is_ok_and(|stat| (stat.device, stat.inode) == place))
    };
    if !named(path) {
        return None;
    }
    let direct = PathBuffer::from_bytes(path).ok().filter(leads);
    if direct.is_some() {
        return direct;
    }
    let flags = file::O_DIRECTORY | file::O_CLOEXEC;
    let all = file::open(c"/dev/shm", flags, 0).ok()?;
    let mut found = None;
    let _ = folder::each(all.get(), &mut |name| {
        let mut path = PathBuffer::new();
        path.push(SHARED).push(name);
        if leads(&path) {
            found = Some(path);
        }
        found.is_none()
    });
    found
}

/// A message queue stays with the kernel, as a file with its disk.
fn queue(table: &mut Table, descriptor: &Descriptor, path: &[u8]) -> Result<u32> {
    if descriptor.stat.links == 0 {
        return cannot("a message queue that was removed");
    }
    let object = Object {
        kind: object::QUEUE,
        ..Object::default()
    };
    let place = table.add(descriptor, object)?;
    table.item(place, item::PATH, &[path])?;
    Ok(place)
}

/// Writes what a file holds; holes are left out.
pub fn write(
    out: &mut Sink,
    place: u32,
    object: &Object,
    fd: i32,
) -> core::result::Result<(), Refusal> {
    let wrong = |error: Errno| Trouble::from(error).with(fd, b"a file");
    let path = of_descriptor(fd);
    let path = path
        .as_c_str()
        .map_err(|_| wrong(Errno(errno::ENAMETOOLONG)))?;
    // The program's own descriptor may be for writing only, and its offset is not ours.
    let copy = file::open(path, file::O_RDONLY | file::O_CLOEXEC, 0).map_err(wrong)?;
    let mut bytes = List::with_room(PIECE as usize).map_err(wrong)?;
    let mut at = 0;
    while let Some((data, hole)) = kernel::data_from(copy.get(), at, object.a).map_err(wrong)? {
        at = data;
        while at < hole {
            let length = (hole - at).min(PIECE);
            bytes.clear();
            file::seek(copy.get(), at as i64, file::SEEK_SET).map_err(wrong)?;
            bytes
                .fill(length as usize, |room| file::read_to_end(copy.get(), room))
                .map_err(wrong)?;
            if bytes.as_slice().is_empty() {
                // It has become shorter: somebody else has it, too.
                return Ok(());
            }
            let head = Contents {
                object: place,
                offset: at,
            };
            let held = bytes.as_slice();
            out.open(kind::CONTENTS, (Contents::SIZE + held.len()) as u64)?;
            out.put(&head.to_bytes())?;
            out.put(held)?;
            out.close();
            at += held.len() as u64;
        }
    }
    Ok(())
}
