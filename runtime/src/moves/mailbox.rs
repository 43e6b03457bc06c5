//! The folder that requests and replies go through (`popcorn_metadata::request`).
//!
//! Only this user's: folder and files belong to the effective user and are closed to others, which is checked on the
//! open descriptor; no link is followed, and nothing but a regular file is read, so that nobody can have the process
//! wait for a pipe.

use core::fmt::Write;

use popcorn_metadata::request::{
    self, Answer, DEFAULT_BASE, Id, LARGEST_NAME, LARGEST_REQUEST, Name, Reply, Role,
};

use crate::base::path::PathBuffer;
use crate::kernel::file::{self, OwnedFd, S_IFREG, Stat};
use crate::kernel::signal;
use crate::kernel::{Errno, Result, errno, folder, process};
use crate::program::arguments;

/// The folder, open, and known to be this user's.
pub struct Mailbox {
    folder: OwnedFd,
}

/// A request that was found and may not be taken.
pub enum Unusable {
    /// The asker is gone, or the file is not what a request is.
    Discard,
    /// What is said to the asker.
    Refuse(&'static str),
}

impl Mailbox {
    /// Opens the folder: an error if there is none, or it is not to be trusted.
    pub fn open() -> Result<Self> {
        let user = process::effective_user();
        let base = arguments::initial().var("XDG_RUNTIME_DIR");
        let mut path = PathBuffer::new();
        path.push(match base {
            Some(base @ [b'/', ..]) => base,
            _ => DEFAULT_BASE.as_bytes(),
        });
        let _ = write!(path, "/{}", request::Folder { user });
        let path = path.as_c_str().map_err(|_| Errno(errno::ENAMETOOLONG))?;
        let flags = file::O_RDONLY | file::O_DIRECTORY | file::O_NOFOLLOW | file::O_CLOEXEC;
        let folder = file::open(path, flags, 0)?;
        let stat = Stat::of(folder.get())?;
        if stat.mode & 0o077 != 0 || stat.uid != user {
            return Err(Errno(errno::EPERM));
        }
        Ok(Self { folder })
    }

    /// The id of a request to `process`, if there is one.
    pub fn find(&self, process: u32) -> Option<Id> {
        let mut found = None;
        // What cannot be listed has nothing for us.
        let _ = folder::each(self.folder.get(), &mut |name| {
            let name = Name::parse(name);
            let ours = |name: &Name| name.process == process && name.role == Role::Request;
            found = name.filter(ours).map(|name| name.id);
            found.is_none()
        });
        found
    }

    /// Reads a request; the bytes of it.
    pub fn read<'a>(
        &self,
        process: u32,
        id: Id,
        room: &'a mut [u8; LARGEST_REQUEST],
    ) -> core::result::Result<&'a [u8], Unusable> {
        let file = self
            .request(process, id, Role::Request)
            .map_err(|_| Unusable::Discard)?;
        let stat = Stat::of(file.get()).map_err(|_| Unusable::Discard)?;
        let ours = stat.uid == process::effective_user() && stat.mode & 0o022 == 0;
        if stat.kind() != S_IFREG || !ours || !file::is_locked(file.get()) {
            return Err(Unusable::Discard);
        }
        if stat.size > LARGEST_REQUEST as u64 {
            return Err(Unusable::Refuse("the request is too long"));
        }
        let length = file::read_to_end(file.get(), room).map_err(|_| Unusable::Discard)?;
        Ok(&room[..length])
    }

    /// Whether the asker still waits.
    pub fn is_wanted(&self, process: u32, id: Id) -> bool {
        let is_locked = |role| {
            let file = self.request(process, id, role);
            file.is_ok_and(|file| file::is_locked(file.get()))
        };
        is_locked(Role::Request) || is_locked(Role::TakenRequest)
    }

    /// Nobody finds the request any more: a copy of the process has it.
    pub fn hand_over(&self, process: u32, id: Id) -> Result<()> {
        let from = FileName::of(process, id, Role::Request);
        let to = FileName::of(process, id, Role::TakenRequest);
        file::rename_at(self.folder.get(), from.as_c_str()?, to.as_c_str()?)
    }

    fn request(&self, process: u32, id: Id, role: Role) -> Result<OwnedFd> {
        let name = FileName::of(process, id, role);
        let flags =
            file::O_RDONLY | file::O_NOFOLLOW | file::O_NONBLOCK | file::O_NOCTTY | file::O_CLOEXEC;
        file::open_at(self.folder.get(), name.as_c_str()?, flags, 0)
    }

    /// Puts a reply where it is looked for, whole or not at all; not if nobody waits for it any more.
    pub fn put(&self, process: u32, id: Id, reply: Reply) -> Result<()> {
        let folder = self.folder.get();
        let new = FileName::of(process, id, Role::NewReply);
        let place = FileName::of(process, id, Role::Reply);
        let (new, place) = (new.as_c_str()?, place.as_c_str()?);
        let flags = file::O_CREAT | file::O_WRONLY | file::O_TRUNC | file::O_CLOEXEC;
        let file = file::open_at(folder, new, flags | file::O_NOFOLLOW, 0o600)?;
        let mut text = Text {
            fd: file.get(),
            at: 0,
        };
        let written = write!(text, "{}", Answer { id, reply });
        let placed = match written {
            Ok(()) => file::rename_at(folder, new, place),
            Err(_) => Err(Errno(errno::EIO)),
        };
        if placed.is_err() {
            let _ = file::unlink_at(folder, new);
        } else if !self.is_wanted(process, id) {
            // The asker takes its files back, request first: what came too late for that is ours to remove.
            let _ = file::unlink_at(folder, place);
        }
        placed
    }

    /// The request has been answered, or is of no use.
    pub fn remove(&self, process: u32, id: Id) {
        for role in [Role::Request, Role::TakenRequest] {
            if let Ok(name) = FileName::of(process, id, role).as_c_str() {
                // Taken back already, if it is not there.
                let _ = file::unlink_at(self.folder.get(), name);
            }
        }
    }
}

/// A file that is written from its beginning. Signals wait meanwhile, and the one that says that the file may not be as
/// large is taken back.
struct Text {
    fd: i32,
    at: u64,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let before = signal::set_mask(signal::ALL);
        let done = file::write_all_at(self.fd, text.as_bytes(), self.at);
        signal::set_mask(before);
        self.at += text.len() as u64;
        done.map_err(|_| core::fmt::Error)
    }
}

/// A short file name.
struct FileName {
    bytes: [u8; LARGEST_NAME],
    length: usize,
}

impl FileName {
    fn of(process: u32, id: Id, role: Role) -> Self {
        let mut name = Self {
            bytes: [0; LARGEST_NAME],
            length: 0,
        };
        // Every name fits.
        let _ = write!(name, "{}", Name { process, id, role });
        name
    }

    fn as_c_str(&self) -> Result<&core::ffi::CStr> {
        let name = core::ffi::CStr::from_bytes_with_nul(&self.bytes[..=self.length]);
        name.map_err(|_| Errno(errno::ENAMETOOLONG))
    }
}

impl Write for FileName {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes[..LARGEST_NAME - 1].get_mut(self.length..end);
        room.ok_or(core::fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
