//! The list of open descriptors.

use super::file::{self, OwnedFd};
use super::{Result, check, errno, nr, system_call};
use crate::base::text::parse_dec;

/// Calls `visit` for every open descriptor, lowest first, until it says false. Whether all were seen: false, too, if
/// they cannot be listed.
pub fn each(mut visit: impl FnMut(i32) -> bool) -> bool {
    let flags = file::O_DIRECTORY | file::O_CLOEXEC;
    match file::open(c"/proc/self/fd", flags, 0) {
        Ok(folder) => scan(&folder, &mut visit).unwrap_or(false),
        Err(_) => false,
    }
}

fn scan(folder: &OwnedFd, visit: &mut impl FnMut(i32) -> bool) -> Result<bool> {
    let mut buffer = [0u64; 512];
    loop {
        let size = size_of_val(&buffer);
        let length = system_call!(nr::GETDENTS64, folder.get(), buffer.as_mut_ptr(), size);
        if check(length)? == 0 {
            return Ok(true);
        }
        // SAFETY: the buffer as bytes.
        let mut entries =
            unsafe { core::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), length as usize) };
        // struct linux_dirent64: u64 inode, u64 offset, u16 length, u8 type, name.
        while let Some((&[low, high], name)) = entries
            .get(16..18)
            .zip(entries.get(19..))
            .and_then(|(l, n)| Some((l.first_chunk::<2>()?, n)))
        {
            let size = usize::from(u16::from_le_bytes([low, high]));
            let end = name.iter().position(|&b| b == 0).unwrap_or(0);
            if let Some(fd) = parse_dec(&name[..end])
                && fd as i32 != folder.get()
                && !visit(fd as i32)
            {
                return Ok(false);
            }
            entries = entries.get(size.max(1)..).unwrap_or_default();
        }
    }
}

/// Whether a descriptor is open.
pub fn is_open(fd: i32) -> bool {
    system_call!(nr::FCNTL, fd, super::sys::F_GETFD) != -i64::from(errno::EBADF)
}
