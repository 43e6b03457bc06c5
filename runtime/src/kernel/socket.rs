//! Sockets.

use super::file::{O_CLOEXEC, OwnedFd};
use super::{Errno, Result, check, errno, nr, system_call};

pub const AF_UNIX: u64 = 1;
pub const AF_INET: u64 = 2;
pub const AF_INET6: u64 = 10;
pub const STREAM: u64 = 1;
pub const DATAGRAM: u64 = 2;
pub const SEQUENCE: u64 = 5;
pub const SOL_SOCKET: u32 = 1;
pub const SO_TYPE: u32 = 3;
pub const SO_ACCEPTCONN: u32 = 30;
pub const SO_PROTOCOL: u32 = 38;
pub const SO_DOMAIN: u32 = 39;
const MSG_PEEK: u32 = 2;
const MSG_TRUNC: u32 = 32;
const MSG_DONTWAIT: u32 = 64;

/// Bytes of the longest address.
pub const ADDRESS: usize = 128;

/// An address: bytes of a `sockaddr`.
pub struct Address {
    bytes: [u8; ADDRESS],
    length: u32,
}

impl Address {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..(self.length as usize).min(ADDRESS)]
    }
}

fn address(n: i64, fd: i32) -> Result<Address> {
    let mut found = Address {
        bytes: [0; ADDRESS],
        length: ADDRESS as u32,
    };
    let (at, length) = (found.bytes.as_mut_ptr(), &raw mut found.length);
    check(system_call!(n, fd, at, length))?;
    Ok(found)
}

/// Where a socket is bound.
pub fn name(fd: i32) -> Result<Address> {
    address(nr::GETSOCKNAME, fd)
}

/// What a socket is connected to, if it is.
pub fn peer(fd: i32) -> Option<Address> {
    address(nr::GETPEERNAME, fd).ok()
}

pub fn new(family: u64, kind: u64, protocol: u64) -> Result<OwnedFd> {
    let kind = kind | u64::from(O_CLOEXEC);
    // SAFETY: just opened.
    check(system_call!(nr::SOCKET, family, kind, protocol))
        .map(|fd| unsafe { OwnedFd::from_raw(fd as i32) })
}

pub fn pair(family: u64, kind: u64, protocol: u64) -> Result<[OwnedFd; 2]> {
    let mut ends = [0i32; 2];
    let kind = kind | u64::from(O_CLOEXEC);
    check(system_call!(
        nr::SOCKETPAIR,
        family,
        kind,
        protocol,
        ends.as_mut_ptr()
    ))?;
    // SAFETY: just opened.
    Ok(ends.map(|fd| unsafe { OwnedFd::from_raw(fd) }))
}

/// The value of an option, as long as it is.
pub fn option(fd: i32, level: u32, name: u32, into: &mut [u8]) -> Option<&[u8]> {
    let mut length = into.len() as u32;
    let (at, size) = (into.as_mut_ptr(), &raw mut length);
    check(system_call!(nr::GETSOCKOPT, fd, level, name, at, size)).ok()?;
    into.get(..length as usize)
}

/// An option that is a number.
pub fn number(fd: i32, name: u32) -> Option<u64> {
    let mut value = [0; 4];
    option(fd, SOL_SOCKET, name, &mut value)?;
    Some(u32::from_le_bytes(value).into())
}

pub fn set_option(fd: i32, level: u32, name: u32, value: &[u8]) -> Result<()> {
    check(system_call!(
        nr::SETSOCKOPT,
        fd,
        level,
        name,
        value.as_ptr(),
        value.len()
    ))
    .map(drop)
}

pub fn bind(fd: i32, address: &[u8]) -> Result<()> {
    check(system_call!(nr::BIND, fd, address.as_ptr(), address.len())).map(drop)
}

pub fn connect(fd: i32, address: &[u8]) -> Result<()> {
    check(system_call!(
        nr::CONNECT,
        fd,
        address.as_ptr(),
        address.len()
    ))
    .map(drop)
}

pub fn listen(fd: i32, length: u64) -> Result<()> {
    check(system_call!(nr::LISTEN, fd, length)).map(drop)
}

pub fn shut_sending(fd: i32) -> Result<()> {
    const SHUT_WR: u32 = 1;
    check(system_call!(nr::SHUTDOWN, fd, SHUT_WR)).map(drop)
}

/// Looks at what a stream holds and leaves it there; how much that is.
pub fn peek(fd: i32, into: &mut [u8]) -> Result<usize> {
    let flags = MSG_PEEK | MSG_DONTWAIT;
    let (at, room) = (into.as_mut_ptr(), into.len());
    match check(system_call!(nr::RECVFROM, fd, at, room, flags, 0, 0)) {
        Ok(length) => Ok(length as usize),
        Err(Errno(errno::EAGAIN)) => Ok(0),
        Err(error) => Err(error),
    }
}

/// `struct msghdr` with one piece of memory.
#[repr(C)]
struct Head {
    name: u64,
    name_length: u64,
    pieces: *const [u64; 2],
    count: u64,
    control: *const u64,
    control_length: u64,
    flags: u64,
}

/// What came with a message: descriptors and the like.
#[derive(Clone, Copy)]
pub struct Attached {
    words: [u64; 128],
    length: u64,
}

impl Default for Attached {
    fn default() -> Self {
        Self {
            words: [0; 128],
            length: 0,
        }
    }
}

impl Attached {
    /// Messages of control, as they lie: `struct cmsghdr` is u64 length, u32 level, u32 type, then data; aligned.
    fn rights_at(&self) -> Option<(usize, usize)> {
        const SCM_RIGHTS: u64 = 1;
        const HEAD: u64 = 16;
        let end = (self.length / 8) as usize;
        let mut at = 0;
        while at + 2 <= end.min(self.words.len()) {
            let (length, kind) = (self.words[at].max(HEAD), self.words[at + 1]);
            if kind == u64::from(SOL_SOCKET) | SCM_RIGHTS << 32 {
                return Some((at, length as usize));
            }
            at += length.div_ceil(8) as usize;
        }
        None
    }

    /// Descriptors that came along (`SCM_RIGHTS`), as they are sent on.
    pub fn rights(&self) -> &[u64] {
        let found = self.rights_at();
        let words = found.and_then(|(at, length)| self.words.get(at..at + length.div_ceil(8)));
        words.unwrap_or_default()
    }

    /// Visits those descriptors.
    pub fn each_descriptor(&self, mut visit: impl FnMut(i32)) {
        let Some((at, length)) = self.rights_at() else {
            return;
        };
        for n in 0..(length - 16) / 4 {
            let word = self.words.get(at + 2 + n / 2).copied().unwrap_or(0);
            visit((word >> (n % 2 * 32)) as i32);
        }
    }
}

/// Takes one message with what came with it; none: there is none.
pub fn receive(fd: i32, into: &mut [u8], attached: &mut Attached) -> Result<Option<usize>> {
    let piece = [into.as_mut_ptr() as u64, into.len() as u64];
    let mut head = Head {
        name: 0,
        name_length: 0,
        pieces: &raw const piece,
        count: 1,
        control: attached.words.as_mut_ptr(),
        control_length: size_of_val(&attached.words) as u64,
        flags: 0,
    };
    let flags = MSG_DONTWAIT | MSG_TRUNC;
    match check(system_call!(nr::RECVMSG, fd, &raw mut head, flags)) {
        Ok(length) => {
            attached.length = head.control_length;
            Ok(Some(length as usize))
        }
        Err(Errno(errno::EAGAIN)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends one message with what belongs to it.
pub fn send(fd: i32, bytes: &[u8], attached: &[u64]) -> Result<()> {
    const MSG_NOSIGNAL: u32 = 0x4000;
    let piece = [bytes.as_ptr() as u64, bytes.len() as u64];
    let head = Head {
        name: 0,
        name_length: 0,
        pieces: &raw const piece,
        count: 1,
        control: attached.as_ptr(),
        // Its own length, which ends within the last word.
        control_length: attached.first().copied().unwrap_or(0),
        flags: 0,
    };
    let flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    check(system_call!(nr::SENDMSG, fd, &raw const head, flags)).map(drop)
}
