//! Pipes and FIFOs: their capacity, and what is in them.

use popcorn_metadata::image::Object;
use popcorn_metadata::image::objects::{item, object, state};

use super::table::Table;
use super::trouble::{Result, cannot};
use crate::image::descriptor::Descriptor;
use crate::kernel::memory::List;
use crate::kernel::{file, object as kernel, sys};

/// A pipe. One end has its other among the program's own descriptors, or there is none any more.
pub fn gather(table: &mut Table, end: &Descriptor, path: &[u8], all: &[Descriptor]) -> Result<u32> {
    let of_it = || all.iter().filter(|d| d.place() == end.place());
    let is_outside = of_it().any(|d| d.outside);
    let (reader, writer) = (of_it().find(|d| d.reads()), of_it().find(|d| d.writes()));
    let other_is_gone = |fd: i32, sign: u32| kernel::readiness(fd, 0) & sign != 0;
    let inside = match (reader, writer) {
        (Some(_), Some(_)) => true,
        (Some(reader), None) => other_is_gone(reader.fd, sys::POLLHUP),
        _ => other_is_gone(end.fd, sys::POLLERR),
    };
    if is_outside || !inside {
        return cannot("a pipe whose other end is outside");
    }
    let packets = of_it().any(|d| d.flags & sys::O_DIRECT != 0);
    let capacity = kernel::pipe_size(end.fd)?;
    let place = table.add(
        end,
        Object {
            kind: object::PIPE,
            state: if packets { state::PACKETS } else { 0 },
            a: capacity,
            ..Object::default()
        },
    )?;
    if path.starts_with(b"/") {
        table.item(place, item::PATH, &[path])?;
    }
    match reader {
        Some(reader) => contents(table, place, reader.fd, capacity),
        None => Ok(place),
    }
}

/// Reads a copy of what is in a pipe.
fn contents(table: &mut Table, place: u32, reader: i32, capacity: u64) -> Result<u32> {
    let held = kernel::bytes_to_read(reader);
    if held == 0 {
        return Ok(place);
    }
    let (copy, into) = file::pipe()?;
    kernel::set_pipe_size(into.get(), capacity)?;
    let copied = kernel::tee(reader, into.get(), held)?;
    if copied != held {
        return cannot("a pipe whose contents the kernel does not copy whole");
    }
    let mut message = List::with_room(held as usize)?;
    let mut left = held as usize;
    while left > 0 {
        message.clear();
        let read = message.fill(left, |room| file::read(copy.get(), room))?;
        table.item(place, item::MESSAGE, &[message.as_slice()])?;
        left = left.saturating_sub(read.max(1));
    }
    Ok(place)
}
