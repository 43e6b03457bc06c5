//! Sockets: pairs with what is in them, those that listen, and those that are not connected.

use popcorn_metadata::image::Object;
use popcorn_metadata::image::objects::{item, object, state};

use super::table::Table;
use super::trouble::{Result, cannot};
use crate::base::path::PathBuffer;
use crate::image::descriptor::Descriptor;
use crate::kernel::file::{S_IFSOCK, Stat};
use crate::kernel::memory::List;
use crate::kernel::socket::{
    self, AF_INET, AF_INET6, AF_UNIX, Attached, DATAGRAM, SEQUENCE, SO_ACCEPTCONN, SO_DOMAIN,
    SO_PROTOCOL, SO_TYPE, SOL_SOCKET, STREAM,
};
use crate::kernel::{file, object as kernel, sys};
use crate::program::pairs;

const IP: u32 = 0;
const TCP: u32 = 6;
const IPV6: u32 = 41;

/// Options that a new socket is given again, by level and name.
const OPTIONS: [(u32, &[u32]); 4] = [
    // REUSEADDR, DONTROUTE, BROADCAST, SNDBUF, RCVBUF, KEEPALIVE, OOBINLINE, PRIORITY, LINGER, REUSEPORT, PASSCRED,
    // RCVLOWAT, RCVTIMEO, SNDTIMEO, TIMESTAMP
    (
        SOL_SOCKET,
        &[2, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 18, 20, 21, 29],
    ),
    // TOS, TTL, PKTINFO, FREEBIND, MULTICAST_TTL, MULTICAST_LOOP
    (IP, &[1, 2, 8, 15, 33, 34]),
    // UNICAST_HOPS, MULTICAST_HOPS, MULTICAST_LOOP, V6ONLY
    (IPV6, &[16, 18, 19, 26]),
    // NODELAY, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, SYNCNT, DEFER_ACCEPT, USER_TIMEOUT, FASTOPEN
    (TCP, &[1, 3, 4, 5, 6, 7, 9, 18, 23]),
];
/// Those whose value reads twice what was set.
const DOUBLED: [u32; 2] = [7, 8];

/// A socket, but for its other end and what is in it.
pub fn gather(table: &mut Table, descriptor: &Descriptor) -> Result<u32> {
    let fd = descriptor.fd;
    if descriptor.outside {
        return cannot("a socket that it was started with");
    }
    let number = |name| socket::number(fd, name).unwrap_or(0);
    let (family, kind, protocol) = (number(SO_DOMAIN), number(SO_TYPE), number(SO_PROTOCOL));
    if !matches!(family, AF_UNIX | AF_INET | AF_INET6)
        || !matches!(kind, STREAM | DATAGRAM | SEQUENCE)
    {
        return cannot("a socket of a kind that is not known");
    }
    let listens = number(SO_ACCEPTCONN) != 0;
    let is_pair = family == AF_UNIX && pairs::other(descriptor.stat.inode).is_some();
    let peer = if is_pair { None } else { socket::peer(fd) };
    if peer.is_some() && (family == AF_UNIX || kind != DATAGRAM) {
        return cannot("a socket whose other end is outside");
    }
    let idle = kernel::readiness(fd, 0) & sys::POLLHUP != 0;
    if family != AF_UNIX && kind == STREAM && !listens && !idle {
        return cannot("a socket that is being connected");
    }
    let mut bits = 0;
    if listens {
        bits |= state::LISTENS;
    }
    if is_pair {
        bits |= state::PAIR;
    }
    let name = socket::name(fd)?;
    let name = name.as_bytes();
    if is_pair && name.len() > 2 {
        return cannot("one of a pair that has a name of its own");
    }
    let mut permissions = 0;
    if let Some(path) = path_of(family, name) {
        match PathBuffer::from_bytes(path).map(|path| path.as_c_str().map(Stat::at)) {
            Ok(Ok(Ok(stat))) if stat.kind() == S_IFSOCK => permissions = stat.mode & 0o7777,
            _ => bits |= state::UNLINKED,
        }
    }
    let place = table.add(
        descriptor,
        Object {
            kind: object::SOCKET,
            state: bits,
            a: family | u64::from(permissions) << 32,
            b: kind,
            c: protocol,
            d: if listens { queue(fd) } else { 0 },
            ..Object::default()
        },
    )?;
    if is_bound(family, name) {
        table.item(place, item::NAME, &[name])?;
    }
    if let Some(peer) = peer {
        table.item(place, item::PEER, &[peer.as_bytes()])?;
    }
    options(table, place, descriptor.fd, [family, kind, protocol])?;
    Ok(place)
}

/// The path of a socket that has one.
pub fn path_of(family: u64, name: &[u8]) -> Option<&[u8]> {
    let path = name.get(2..).filter(|_| family == AF_UNIX)?;
    let end = path.iter().position(|&b| b == 0).unwrap_or(path.len());
    Some(&path[..end]).filter(|path| !path.is_empty())
}

/// Whether a name is more than a family and zeros.
fn is_bound(family: u64, name: &[u8]) -> bool {
    match family {
        AF_UNIX => name.len() > 2,
        // The port stands behind the family; an address without one is bound, too.
        _ => name
            .get(2..)
            .is_some_and(|rest| rest.iter().any(|&b| b != 0)),
    }
}

/// How many may wait to be accepted. Where nobody tells, as many as the kernel allows.
fn queue(fd: i32) -> u64 {
    const TCP_INFO: u32 = 11;
    const AT: usize = 28;
    const MOST: u64 = 4096;
    let mut info = [0; 256];
    let told = socket::option(fd, TCP, TCP_INFO, &mut info);
    let told = told.and_then(|info| Some(u32::from_le_bytes(*info.get(AT..)?.first_chunk()?)));
    told.filter(|&length| length > 0).map_or(MOST, u64::from)
}

/// Options that differ from those of a new socket.
fn options(table: &mut Table, place: u32, fd: i32, kind: [u64; 3]) -> Result<()> {
    let [family, kind, protocol] = kind;
    let fresh = socket::new(family, kind, protocol)?;
    for (level, names) in OPTIONS {
        if family == AF_UNIX && level != SOL_SOCKET {
            continue;
        }
        for &name in names {
            let (mut own, mut usual) = ([0; 16], [0; 16]);
            let own = socket::option(fd, level, name, &mut own);
            let usual = socket::option(fresh.get(), level, name, &mut usual);
            let Some(own) = own.filter(|_| own != usual) else {
                continue;
            };
            let mut value = [0; 16];
            value[..own.len()].copy_from_slice(own);
            if level == SOL_SOCKET && DOUBLED.contains(&name) {
                let half = u32::from_le_bytes([own[0], own[1], own[2], own[3]]) / 2;
                value[..4].copy_from_slice(&half.to_le_bytes());
            }
            let head = (u64::from(level) | u64::from(name) << 32).to_le_bytes();
            table.item(place, item::OPTION, &[&head, &value[..own.len()]])?;
        }
    }
    Ok(())
}

/// Finds the other end of one of a pair, and reads what is in it.
pub fn complete(table: &mut Table, place: u32, all: &[Descriptor]) -> Result<()> {
    let object = table.objects().get(place as usize).copied();
    let of_pair =
        |object: &Object| object.kind == object::SOCKET && object.state & state::PAIR != 0;
    object
        .filter(of_pair)
        .map_or(Ok(()), |object| end_of_pair(table, place, &object, all))
}

fn end_of_pair(table: &mut Table, place: u32, object: &Object, all: &[Descriptor]) -> Result<()> {
    let (fd, inode) = (table.descriptor(place), table.inode(place));
    let other = pairs::other(inode.1).unwrap_or(0);
    let peer = all.iter().find(|d| d.place() == (inode.0, other));
    let peer = peer.and_then(|peer| Some((table.find(peer.place())?, peer.fd)));
    let asked = sys::POLLRDHUP;
    let signs = kernel::readiness(fd, asked);
    if peer.is_none() && (signs & sys::POLLHUP == 0 || object.b == DATAGRAM) {
        return cannot("a socket whose other end is outside");
    }
    let sent_all = peer.is_some_and(|(_, other)| kernel::readiness(other, asked) & asked != 0);
    if let Some(object) = table.object_mut(place) {
        object.peer = peer.map_or(0, |(place, _)| place + 1);
        if sent_all {
            object.state |= state::SENT_ALL;
        }
    }
    if object.b == STREAM {
        return stream(table, place, fd);
    }
    match peer {
        _ if kernel::readiness(fd, sys::POLLIN) & sys::POLLIN == 0 => Ok(()),
        Some((_, peer)) if signs & asked == 0 => messages(table, place, fd, peer),
        // End of messages is readable, too.
        _ if nothing_waits(fd) => Ok(()),
        _ => cannot("a socket that was shut down with messages in it"),
    }
}

fn nothing_waits(fd: i32) -> bool {
    socket::peek(fd, &mut [0; 1]) == Ok(0)
}

/// A descriptor that is in a socket cannot be made again.
const HOLDS_DESCRIPTORS: &str =
    "a socket with descriptors or credentials in it, which nobody has received";

fn stream(table: &mut Table, place: u32, fd: i32) -> Result<()> {
    let held = kernel::bytes_to_read(fd) as usize;
    if held == 0 {
        return Ok(());
    }
    let mut bytes = List::with_room(held)?;
    // It ends where a descriptor came along.
    bytes.fill(held, |room| socket::peek(fd, room))?;
    if bytes.as_slice().len() != held {
        return cannot(HOLDS_DESCRIPTORS);
    }
    Ok(table.item(place, item::MESSAGE, &[bytes.as_slice()])?)
}

/// Takes all messages out of a socket, and puts them back: one cannot look at the second without taking the first.
fn messages(table: &mut Table, place: u32, fd: i32, peer: i32) -> Result<()> {
    let mut held = Held {
        bytes: List::with_room(1 << 16)?,
        each: List::with_room(16)?,
    };
    let mut result = held.take(fd);
    let mut at = 0;
    for (length, came) in held.each.as_slice() {
        let message = &held.bytes.as_slice()[at..at + length];
        at += length;
        if socket::send(peer, message, came.rights()).is_err() {
            result = cannot("a socket of which a message is lost");
        }
        came.each_descriptor(file::close);
        if !came.rights().is_empty() {
            result = cannot(HOLDS_DESCRIPTORS);
        }
        if result.is_ok() {
            let added = table.item(place, item::MESSAGE, &[message]);
            result = added.map_err(Into::into);
        }
    }
    result
}

/// Messages that are out of their socket.
struct Held {
    bytes: List<u8>,
    /// How long each is, and what came with it.
    each: List<(usize, Attached)>,
}

impl Held {
    /// Takes all, or as many as there is room for.
    fn take(&mut self, fd: i32) -> Result<()> {
        loop {
            self.each.reserve(1)?;
            let mut came = Attached::default();
            let mut length = None;
            let longest = kernel::bytes_to_read(fd) as usize;
            self.bytes.fill(longest, |room| {
                length = socket::receive(fd, room, &mut came)?;
                Ok(length.unwrap_or(0))
            })?;
            match length {
                Some(length) => self.each.append(&[(length, came)])?,
                None => return Ok(()),
            }
        }
    }
}
