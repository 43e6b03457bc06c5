//! Kernel objects of a checkpoint that no path leads to: pipes, socket pairs, counters, epoll sets, memory files.
//!
//! ```text
//! section OBJECTS    u64 count, that many [Object], then their items
//! item               u32 tag, u32 bytes, that many bytes, zeros up to a multiple of 8  [Item]
//! section CONTENTS   [Contents], then bytes of a file: one section for each run of them
//! ```
//!
//! A descriptor names its object ([`Fd::object`](super::Fd::object)). What an object holds is in its numbers and items,
//! by its kind; a reader that has checked them ([`Objects::read`]) need not ask again.

use crate::bytes::{range, record, u32_at, u64_at};

/// What an object is: [`Object::kind`].
pub mod object {
    /// A pipe. `a`: its capacity, bytes. Items: [`MESSAGE`](super::item::MESSAGE), [`PATH`](super::item::PATH) of a
    /// FIFO.
    pub const PIPE: u32 = 1;
    /// A socket. `a`: family, `b`: type, `c`: protocol, `d`: length of its queue if it listens. `peer`: the other end.
    /// Items: [`NAME`](super::item::NAME), [`PEER`](super::item::PEER), [`OPTION`](super::item::OPTION),
    /// [`MESSAGE`](super::item::MESSAGE).
    pub const SOCKET: u32 = 2;
    /// An `eventfd`. `a`: its value.
    pub const EVENT: u32 = 3;
    /// A `timerfd`. `a`: its clock, `b`: nanoseconds left, or the date if [`ABSOLUTE`](super::state::ABSOLUTE), 0: not
    /// set; `c`: interval, `d`: expiries that nobody has read.
    pub const TIMER: u32 = 4;
    /// A `signalfd`. `a`: its mask, bit 0 for signal 1.
    pub const SIGNALS: u32 = 5;
    /// An epoll set. Items: [`TARGET`](super::item::TARGET).
    pub const POLL: u32 = 6;
    /// A memory file, a file without a name, or one below `/dev/shm`. `a`: bytes, `b`: permissions, `c`: seals. Items:
    /// [`PATH`](super::item::PATH); contents: sections.
    pub const FILE: u32 = 7;
    /// A message queue. Items: [`PATH`](super::item::PATH), its name.
    pub const QUEUE: u32 = 8;
    /// An `inotify` set. Items: [`WATCH`](super::item::WATCH).
    pub const WATCHES: u32 = 9;

    /// The name for people.
    pub fn name(kind: u32) -> &'static str {
        match kind {
            PIPE => "pipe",
            SOCKET => "socket",
            EVENT => "eventfd",
            TIMER => "timerfd",
            SIGNALS => "signalfd",
            POLL => "epoll set",
            FILE => "file in the image",
            QUEUE => "message queue",
            WATCHES => "inotify set",
            _ => "unknown",
        }
    }
}

/// Bits of [`Object::state`].
pub mod state {
    /// Of an `eventfd`: a read takes one.
    pub const SEMAPHORE: u32 = 1;
    /// Of a `timerfd`: `TFD_TIMER_ABSTIME`, by a clock that goes on while nothing runs.
    pub const ABSOLUTE: u32 = 2;
    /// Of a `timerfd`: `TFD_TIMER_CANCEL_ON_SET`.
    pub const CANCELLED_BY_SET: u32 = 4;
    /// Of a socket: it listens.
    pub const LISTENS: u32 = 8;
    /// Of a socket: nothing more can be sent.
    pub const SENT_ALL: u32 = 16;
    /// Of a socket that has a path: nothing is there under it any more.
    pub const UNLINKED: u32 = 32;
    /// Of a socket: it is one end of a pair; without `peer` the other is closed.
    pub const PAIR: u32 = 64;
    /// Of a file: a memory file.
    pub const MEMORY: u32 = 128;
    /// Of a file: its path leads to it, unless the machine has been started anew.
    pub const NAMED: u32 = 256;
    /// Of a pipe: its contents are packets (`O_DIRECT`).
    pub const PACKETS: u32 = 512;
}

/// What an item is.
pub mod item {
    /// Bytes that can be read; of what keeps borders, one message.
    pub const MESSAGE: u32 = 1;
    /// A path, or a name.
    pub const PATH: u32 = 2;
    /// A `sockaddr`: where a socket is bound.
    pub const NAME: u32 = 3;
    /// A `sockaddr`: what it is connected to.
    pub const PEER: u32 = 4;
    /// u32 level, u32 name, value: a socket option that is not as in a new socket.
    pub const OPTION: u32 = 5;
    /// u32 descriptor, u32 events, u64 data.
    pub const TARGET: u32 = 6;
    /// u32 number, u32 events, path.
    pub const WATCH: u32 = 7;
}

record! {
    /// One object.
    pub struct Object[56] {
        /// One of [`object`].
        0 => kind: u32,
        /// Bits of [`state`].
        4 => state: u32,
        /// By kind.
        8 => a: u64,
        /// By kind.
        16 => b: u64,
        /// By kind.
        24 => c: u64,
        /// By kind.
        32 => d: u64,
        /// Where its items begin, from the start of the section's contents.
        40 => items: u32,
        /// Bytes of its items.
        44 => length: u32,
        /// The other end: its place in the table plus one, or 0.
        48 => peer: u32,
    }
}

record! {
    /// The head of a section of contents.
    pub struct Contents[16] {
        /// The file's place in the table of objects.
        0 => object: u32,
        /// Where in the file the bytes lie.
        8 => offset: u64,
    }
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// One of [`item`].
    pub tag: u32,
    pub bytes: &'a [u8],
}

impl<'a> Item<'a> {
    /// Bytes of the head.
    pub const HEAD: usize = 8;

    /// The head of an item of `length` bytes.
    pub fn head(tag: u32, length: u32) -> [u8; 8] {
        (u64::from(tag) | u64::from(length) << 32).to_le_bytes()
    }

    /// The first item in `bytes`, and what is behind it.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (tag, length) = (u32_at(bytes, 0)?, u32_at(bytes, 4)?);
        let whole = u64::from(length).next_multiple_of(8);
        let held = range(bytes, Self::HEAD as u64, length.into())?;
        range(bytes, Self::HEAD as u64, whole)?;
        let behind = bytes.get(Self::HEAD + whole as usize..)?;
        Some((Self { tag, bytes: held }, behind))
    }

    /// The two numbers that an option, a target or a watch begins with, and what is behind them.
    pub fn pair(&self) -> Option<(u32, u32, &'a [u8])> {
        Some((
            u32_at(self.bytes, 0)?,
            u32_at(self.bytes, 4)?,
            self.bytes.get(8..)?,
        ))
    }

    /// Whether an item of this tag says all that it should.
    fn makes_sense(&self) -> bool {
        match self.tag {
            item::MESSAGE => true,
            item::PATH => !self.bytes.is_empty() && !self.bytes.contains(&0),
            item::NAME | item::PEER => (2..=128).contains(&self.bytes.len()),
            item::OPTION => self.pair().is_some(),
            item::TARGET => self.bytes.len() == 16,
            item::WATCH => {
                let path = self.pair().map(|(_, _, path)| path);
                path.is_some_and(|path| !path.is_empty() && !path.contains(&0))
            }
            _ => false,
        }
    }
}

/// Longest file that an image may speak of: what `off_t` holds.
const LONGEST: u64 = i64::MAX as u64;

/// The section of objects.
#[derive(Debug, Clone, Copy, Default)]
pub struct Objects<'a>(&'a [u8]);

impl<'a> Objects<'a> {
    /// Checks a section: kinds are known, items lie in it and make sense, two ends name each other.
    pub(super) fn read(contents: &'a [u8]) -> Option<Self> {
        let objects = Self(contents);
        let table = u64_at(contents, 0)?.checked_mul(Object::SIZE as u64)?;
        range(contents, 8, table)?;
        for (n, object) in (1..).zip(objects.iter()) {
            let mut items = objects.item_bytes(&object)?;
            while !items.is_empty() {
                let (item, behind) = Item::first(items)?;
                items = item.makes_sense().then_some(behind)?;
            }
            let paired = match object.peer.checked_sub(1) {
                None => true,
                Some(peer) => objects.get(peer)?.peer == n && peer + 1 != n,
            };
            let known = object::name(object.kind) != "unknown";
            let sound = match object.kind {
                object::FILE => object.a <= LONGEST,
                object::TIMER => object.b <= LONGEST && object.c <= LONGEST,
                _ => true,
            };
            (known && sound && paired).then_some(())?;
        }
        Some(objects)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        u64_at(self.0, 0).map_or(0, |count| count as usize)
    }

    /// One of them, by its place.
    pub fn get(&self, place: u32) -> Option<Object> {
        if place as usize >= self.count() {
            return None;
        }
        let at = Object::SIZE.checked_mul(place as usize)?.checked_add(8)?;
        Object::from_bytes(self.0.get(at..)?)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Object> + use<'a> {
        let records = self.0.get(8..).unwrap_or_default();
        let records = records.chunks_exact(Object::SIZE).take(self.count());
        records.filter_map(Object::from_bytes)
    }

    fn item_bytes(&self, object: &Object) -> Option<&'a [u8]> {
        range(self.0, object.items.into(), object.length.into())
    }

    /// The items of one.
    pub fn items(&self, object: &Object) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let mut bytes = self.item_bytes(object).unwrap_or_default();
        core::iter::from_fn(move || {
            let (item, behind) = Item::first(bytes)?;
            bytes = behind;
            Some(item)
        })
    }

    /// The first item of one that has this tag.
    pub fn item(&self, object: &Object, tag: u32) -> Option<&'a [u8]> {
        let found = self.items(object).find(|item| item.tag == tag);
        found.map(|item| item.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(tag: u32, bytes: &[u8]) -> Vec<u8> {
        let mut all = Item::head(tag, bytes.len() as u32).to_vec();
        all.extend(bytes);
        all.resize(all.len().next_multiple_of(8), 0);
        all
    }

    /// A section of objects, each with items.
    fn section(objects: &[(Object, Vec<u8>)]) -> Vec<u8> {
        let mut all = (objects.len() as u64).to_le_bytes().to_vec();
        let mut at = 8 + objects.len() * Object::SIZE;
        for (object, items) in objects {
            let placed = Object {
                items: at as u32,
                length: items.len() as u32,
                ..*object
            };
            all.extend(placed.to_bytes());
            at += items.len();
        }
        objects.iter().for_each(|(_, items)| all.extend(items));
        all
    }

    fn of(kind: u32, peer: u32) -> Object {
        Object {
            kind,
            peer,
            ..Object::default()
        }
    }

    #[test]
    fn items_come_back() {
        let items = [item(item::MESSAGE, b"hello"), item(item::MESSAGE, b"")].concat();
        let bytes = section(&[
            (of(object::EVENT, 0), Vec::new()),
            (of(object::PIPE, 0), items),
        ]);
        let objects = Objects::read(&bytes).unwrap();
        assert_eq!(objects.count(), 2);
        let pipe = objects.get(1).unwrap();
        let found: Vec<_> = objects.items(&pipe).map(|item| item.bytes).collect();
        assert_eq!(found, [&b"hello"[..], b""]);
        assert_eq!(objects.item(&pipe, item::PATH), None);
        assert_eq!(objects.get(2), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let reads = |objects: &[(Object, Vec<u8>)]| Objects::read(&section(objects)).is_some();
        let none = Vec::new;
        assert!(reads(&[
            (of(object::SOCKET, 2), none()),
            (of(object::SOCKET, 1), none())
        ]));
        assert!(!reads(&[(of(object::SOCKET, 1), none())]));
        assert!(!reads(&[
            (of(object::SOCKET, 2), none()),
            (of(object::SOCKET, 0), none())
        ]));
        assert!(!reads(&[
            (of(object::SOCKET, 3), none()),
            (of(object::SOCKET, 1), none())
        ]));
        assert!(!reads(&[(of(99, 0), none())]));
        assert!(!reads(&[(
            of(object::POLL, 0),
            item(item::TARGET, &[0; 15])
        )]));
        assert!(!reads(&[(of(object::FILE, 0), item(item::PATH, b"a\0"))]));
        assert!(!reads(&[(of(object::PIPE, 0), item(77, b"a"))]));
        assert!(!reads(&[(
            of(object::PIPE, 0),
            vec![1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
        )]));
        let mut cut = section(&[(of(object::PIPE, 0), item(item::MESSAGE, b"hello"))]);
        cut.pop();
        assert!(Objects::read(&cut).is_none());
        assert!(Objects::read(&u64::MAX.to_le_bytes()).is_none());
    }
}
