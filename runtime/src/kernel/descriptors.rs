//! The list of open descriptors.

use super::{errno, file, folder, nr, system_call};
use crate::base::text::parse_dec;

/// Calls `visit` for every open descriptor, lowest first, until it says false. Whether all were seen: false, too, if
/// they cannot be listed.
pub fn each(mut visit: impl FnMut(i32) -> bool) -> bool {
    let flags = file::O_DIRECTORY | file::O_CLOEXEC;
    match file::open(c"/proc/self/fd", flags, 0) {
        Ok(folder) => folder::each(folder.get(), &mut |name| match parse_dec(name) {
            Some(fd) if fd as i32 != folder.get() => visit(fd as i32),
            _ => true,
        })
        .unwrap_or(false),
        Err(_) => false,
    }
}

/// Whether a descriptor is open.
pub fn is_open(fd: i32) -> bool {
    system_call!(nr::FCNTL, fd, super::sys::F_GETFD) != -i64::from(errno::EBADF)
}
