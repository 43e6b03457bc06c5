//! Epoll sets: which descriptors are in them, for what, with which data.

use popcorn_metadata::image::Object;
use popcorn_metadata::image::objects::{item, object};

use super::details::{Details, parse};
use super::table::Table;
use super::trouble::{Result, cannot};
use crate::image::descriptor::Descriptor;

/// One line of what the kernel tells: `tfd: N events: X data: X pos:N ino:X sdev:X`.
struct Target {
    fd: i32,
    events: u32,
    data: u64,
    inode: u64,
}

impl Target {
    fn read(line: &[u8]) -> Option<Self> {
        let number = |name: &[u8], base: u32| {
            let at = line.windows(name.len()).position(|window| window == name)?;
            let mut words = line[at + name.len()..].split(|&b| b == b' ');
            parse(words.find(|word| !word.is_empty())?, base)
        };
        line.starts_with(b"tfd:").then_some(())?;
        Some(Self {
            fd: number(b"tfd:", 10)? as i32,
            events: number(b"events:", 16)? as u32,
            data: number(b"data:", 16)?,
            inode: number(b"ino:", 16)?,
        })
    }
}

pub fn gather(table: &mut Table, descriptor: &Descriptor, all: &[Descriptor]) -> Result<u32> {
    let details = Details::of(descriptor.fd)?;
    let object = Object {
        kind: object::POLL,
        ..Object::default()
    };
    let place = table.add(descriptor, object)?;
    for target in details.lines().filter_map(Target::read) {
        let fd = target.fd;
        let open = all.iter().find(|d| d.fd == fd);
        if open.is_none_or(|open| open.stat.inode != target.inode) {
            return cannot("an epoll set that watches what the program has closed");
        }
        let (fd, events, data) = (
            fd.to_le_bytes(),
            target.events.to_le_bytes(),
            target.data.to_le_bytes(),
        );
        table.item(place, item::TARGET, &[&fd, &events, &data])?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let line = b"tfd:        3 events: 80000019 data:  123456789abcdef  pos:0 ino:40e sdev:10";
        let target = Target::read(line).unwrap();
        assert_eq!(
            (target.fd, target.events, target.inode),
            (3, 0x8000_0019, 0x40e)
        );
        assert_eq!(target.data, 0x0123_4567_89ab_cdef);
        assert!(Target::read(b"pos:\t0").is_none() && Target::read(b"tfd: x").is_none());
    }
}
