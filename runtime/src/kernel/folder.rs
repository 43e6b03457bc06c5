//! What a folder holds.

use super::{Result, check, file, nr, system_call};

/// Calls `visit` with the name of every entry of the folder that `folder` is open on, until it says false. Whether all
/// were seen.
pub fn each(folder: i32, visit: &mut impl FnMut(&[u8]) -> bool) -> Result<bool> {
    let mut buffer = [0u64; 512];
    // Whoever read it before left off at its end.
    file::seek(folder, 0, file::SEEK_SET)?;
    loop {
        let size = size_of_val(&buffer);
        let length = system_call!(nr::GETDENTS64, folder, buffer.as_mut_ptr(), size);
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
            if !visit(&name[..end]) {
                return Ok(false);
            }
            entries = entries.get(size.max(1)..).unwrap_or_default();
        }
    }
}
