//! `inotify` sets: what they watch, by the paths that the program named.

use popcorn_metadata::image::Object;
use popcorn_metadata::image::objects::{item, object};

use super::details::{Details, parse};
use super::table::Table;
use super::trouble::{Result, cannot};
use crate::base::path::PathBuffer;
use crate::image::descriptor::Descriptor;
use crate::kernel::file::Stat;
use crate::kernel::object as kernel;
use crate::program::watches;

/// One line of what the kernel tells: `inotify wd:N ino:X sdev:X mask:X …`.
struct Watch {
    number: u32,
    inode: u64,
    device: u64,
    events: u32,
}

impl Watch {
    fn read(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|&b| b == b' ');
        (words.next()? == b"inotify").then_some(())?;
        let mut number = |name: &[u8]| parse(words.next()?.strip_prefix(name)?, 16);
        Some(Self {
            number: number(b"wd:")? as u32,
            inode: number(b"ino:")?,
            device: device(number(b"sdev:")?),
            events: number(b"mask:")? as u32,
        })
    }

    /// The item for it, if a path is known.
    fn add(&self, table: &mut Table, place: u32) -> Result<()> {
        let mut added = cannot("an inotify set that watches something to which no path is known");
        watches::any(|path| {
            let name = PathBuffer::from_bytes(path);
            let stat = name
                .ok()
                .and_then(|name| Stat::at(name.as_c_str().ok()?).ok());
            let found = stat.is_some_and(|s| (s.device, s.inode) == (self.device, self.inode));
            if found {
                let (number, events) = (self.number.to_le_bytes(), self.events.to_le_bytes());
                let item = table.item(place, item::WATCH, &[&number, &events, path]);
                added = item.map_err(Into::into);
            }
            found
        });
        added
    }
}

/// A device as `stat` has it: the kernel tells its own number, with twenty bits for the minor one.
fn device(own: u64) -> u64 {
    let (major, minor) = (own >> 20, own & 0xf_ffff);
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

pub fn gather(table: &mut Table, descriptor: &Descriptor) -> Result<u32> {
    if kernel::bytes_to_read(descriptor.fd) != 0 {
        return cannot("an inotify set with events in it, which nobody has read");
    }
    let details = Details::of(descriptor.fd)?;
    let object = Object {
        kind: object::WATCHES,
        ..Object::default()
    };
    let place = table.add(descriptor, object)?;
    let mut watches = details.lines().filter_map(Watch::read);
    watches.try_for_each(|watch| watch.add(table, place))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let line = b"inotify wd:1a ino:3c4a7 sdev:fe00000 mask:100 ignored_mask:0 fhandle-bytes:8";
        let watch = Watch::read(line).unwrap();
        assert_eq!(
            (watch.number, watch.inode, watch.events),
            (26, 0x3c4a7, 0x100)
        );
        assert_eq!(watch.device, 0xfe00);
        assert!(Watch::read(b"pos:\t0").is_none());
    }
}
