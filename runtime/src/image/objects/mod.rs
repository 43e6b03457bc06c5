//! Kernel objects that no path leads to, in a checkpoint: what they are and hold is looked up while the process stands
//! still, without taking anything from it; a restored process gets new ones that are and hold the same.

mod counters;
mod details;
mod epoll;
mod files;
mod pipes;
mod restore;
mod sockets;
mod table;
mod trouble;
mod watches;

pub use files::named;
pub use restore::{note_pairs, restore, restore_sets};
pub use table::Table;

use popcorn_metadata::image::objects::object;

use crate::base::refusal::Refusal;
use crate::image::descriptor::Descriptor;
use crate::image::sink::Sink;
use crate::kernel::file::{S_IFDIR, S_IFIFO, S_IFREG, S_IFSOCK};
use trouble::{Result, cannot};

/// Looks up what a descriptor without a usable path is open on; its object's place in the table.
pub fn gather(
    table: &mut Table,
    descriptor: &Descriptor,
    path: &[u8],
    all: &[Descriptor],
) -> core::result::Result<u32, Refusal> {
    place(table, descriptor, path, all).map_err(|trouble| trouble.with(descriptor.fd, path))
}

fn place(
    table: &mut Table,
    descriptor: &Descriptor,
    path: &[u8],
    all: &[Descriptor],
) -> Result<u32> {
    let kind = descriptor.stat.kind();
    let shared = matches!(kind, S_IFREG | S_IFIFO | S_IFSOCK);
    if shared && let Some(place) = table.find(descriptor.place()) {
        return Ok(place);
    }
    match kind {
        S_IFREG if path.starts_with(b"/") => files::gather(table, descriptor, path),
        S_IFIFO => pipes::gather(table, descriptor, path, all),
        S_IFSOCK => sockets::gather(table, descriptor),
        S_IFDIR => cannot("a deleted directory"),
        _ => match path {
            b"anon_inode:[eventfd]" => counters::event(table, descriptor),
            b"anon_inode:[timerfd]" => counters::timer(table, descriptor),
            b"anon_inode:[signalfd]" => counters::signals(table, descriptor),
            b"anon_inode:inotify" => watches::gather(table, descriptor),
            b"anon_inode:[eventpoll]" => epoll::gather(table, descriptor, all),
            _ => cannot("no file"),
        },
    }
}

/// Looks up what is only known when all descriptors are: which ends belong together, and what they hold.
pub fn complete(table: &mut Table, all: &[Descriptor]) -> core::result::Result<(), Refusal> {
    let count = table.objects().len() as u32;
    (0..count).try_for_each(|place| {
        let end = sockets::complete(table, place, all);
        end.map_err(|trouble| trouble.with(table.descriptor(place), b"a socket"))
    })
}

/// Writes the contents of files, which others may change when the process goes on.
pub fn write_contents(table: &Table, out: &mut Sink) -> core::result::Result<(), Refusal> {
    let files = (0..).zip(table.objects());
    files
        .filter(|(_, object)| object.kind == object::FILE)
        .try_for_each(|(place, object)| files::write(out, place, object, table.descriptor(place)))
}
