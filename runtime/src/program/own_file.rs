//! `/proc/self/exe` is the program's file. To the kernel it is the emulator, or a copy of one ISA's image in memory;
//! emulators name what they were given. So calls that name it are made with the program's own file.
//!
//! A path of the program's may be a bad pointer, and then the kernel is to say so. It is only read after a call that
//! has read it.

use core::fmt::Write;

use crate::base::path::{PATH_MAX, PathBuffer};
use crate::base::text::{Message, parse_dec};
use crate::kernel::file::Stat;
use crate::kernel::{self, errno, nr, process, sys, system_call};
use crate::program::{identity, thread_ids};

/// Longest path that can name it, and a byte.
const ROOM: usize = 64;

/// Which argument is the path, and the flags of those calls that follow no link when told so.
fn path_argument(n: i64, args: [i64; 6]) -> (usize, i64) {
    match n {
        nr::OPEN | nr::STAT | nr::ACCESS | nr::READLINK | nr::EXECVE => (0, 0),
        nr::NEWFSTATAT | nr::FACCESSAT2 => (1, args[3]),
        nr::STATX => (1, args[2]),
        nr::EXECVEAT => (1, args[4]),
        _ => (1, 0),
    }
}

/// Whether the kernel's `/proc/self/exe` may be another file than the program's.
fn may_differ() -> bool {
    identity::program_fd() >= 0
}

/// The program's calls that open a file or ask about one.
pub fn open(n: i64, args: [i64; 6]) -> i64 {
    opened(kernel::call(n, args), n, args)
}

/// What becomes of such a call that was made.
pub fn opened(result: i64, n: i64, args: [i64; 6]) -> i64 {
    if thread_ids::is_any_translated()
        && was_looked_up(result)
        && let Some(result) = of_thread(n, args, result)
    {
        return result;
    }
    if !may_differ() || !was_looked_up(result) {
        return result;
    }
    let (at, flags) = path_argument(n, args);
    // SAFETY: the kernel has read it.
    if flags & i64::from(sys::AT_SYMLINK_NOFOLLOW) != 0 || !unsafe { names_it(args[at]) } {
        return result;
    }
    if result >= 0 && matches!(n, nr::OPEN | nr::OPENAT) {
        crate::kernel::file::close(result as i32);
    }
    with_own(n, args, at)
}

/// The call again, if its path is `/proc/self/task/ID/...` of a thread that the kernel knows by another id.
#[cold]
#[inline(never)]
fn of_thread(n: i64, mut args: [i64; 6], result: i64) -> Option<i64> {
    let (at, _) = path_argument(n, args);
    let mut path = [0; ROOM];
    // SAFETY: the kernel has read it.
    let path = unsafe { copy(args[at], &mut path) }?;
    let rest = path.strip_prefix(b"/proc/self/task/")?;
    let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
    let program = u32::try_from(parse_dec(&rest[..end])?).ok()?;
    let kernel = thread_ids::to_kernel(program);
    if kernel == program {
        return None;
    }
    if result >= 0 && matches!(n, nr::OPEN | nr::OPENAT | nr::OPENAT2) {
        crate::kernel::file::close(result as i32);
    }
    let mut there = PathBuffer::new();
    let _ = write!(there, "/proc/self/task/{kernel}");
    there.push(&rest[end..]);
    args[at] = there.as_c_str().ok()?.as_ptr() as i64;
    Some(kernel::call(n, args))
}

/// Whether the kernel has read the path.
fn was_looked_up(result: i64) -> bool {
    const LATE: [u32; 6] = [
        errno::ENOENT,
        errno::EACCES,
        errno::EPERM,
        errno::EEXIST,
        errno::ETXTBSY,
        errno::ELOOP,
    ];
    result >= 0 || u32::try_from(-result).is_ok_and(|error| LATE.contains(&error))
}

/// The program's `readlink` and `readlinkat`. What is behind the text in its buffer stays as it is, so it is asked
/// first whether this is the link.
pub fn read_link(n: i64, args: [i64; 6]) -> i64 {
    let (at, _) = path_argument(n, args);
    if may_differ() && is_link_to_it(args, at) {
        return with_own(n, args, at);
    }
    kernel::call(n, args)
}

/// Whether a call's path is a link, and this one.
fn is_link_to_it(args: [i64; 6], at: usize) -> bool {
    let folder = if at == 0 {
        i64::from(sys::AT_FDCWD)
    } else {
        args[0]
    };
    let mut first = 0u8;
    let result = system_call!(nr::READLINKAT, folder, args[at], &raw mut first, 1);
    // SAFETY: the kernel has read it.
    was_looked_up(result) && unsafe { names_it(args[at]) }
}

/// The program's `execve` and `execveat`: starts the program itself afresh.
pub fn execute(n: i64, args: [i64; 6]) -> i64 {
    let (at, flags) = path_argument(n, args);
    let follows = flags & i64::from(sys::AT_SYMLINK_NOFOLLOW) == 0;
    if may_differ() && follows && is_link_to_it(args, at) {
        return execute_own(n, args, at);
    }
    kernel::substitutes::or_other(n, args)
}

/// By its path where that still leads to it, so that the process gets its name.
#[cold]
#[inline(never)]
fn execute_own(n: i64, mut args: [i64; 6], at: usize) -> i64 {
    let mut link = [0; PATH_MAX];
    let path = PathBuffer::from_bytes(identity::program_path(&mut link));
    let own = Stat::of(identity::program_fd());
    if let (Ok(path), Ok(own)) = (&path, own)
        && let Ok(path) = path.as_c_str()
        && Stat::at(path).is_ok_and(|it| (it.device, it.inode) == (own.device, own.inode))
    {
        args[at] = path.as_ptr() as i64;
        return kernel::substitutes::or_other(n, args);
    }
    with_own(n, args, at)
}

/// The call, for the program's file.
#[cold]
#[inline(never)]
fn with_own(n: i64, mut args: [i64; 6], at: usize) -> i64 {
    let path = Message::of(format_args!("/proc/self/fd/{}\0", identity::program_fd()));
    args[at] = path.as_bytes().as_ptr() as i64;
    kernel::substitutes::or_other(n, args)
}

/// Whether a path is one of those that lead to the file of this process.
///
/// # Safety
/// It is a C string.
unsafe fn names_it(path: i64) -> bool {
    const FOLDER: &[u8] = b"/proc/";
    let mut copy = Message::new();
    for i in 0..ROOM {
        // SAFETY: by contract; it has not ended before.
        let byte = unsafe { *(path as *const u8).add(i) };
        if byte == 0 {
            let behind = copy.as_bytes().strip_prefix(FOLDER);
            return behind.is_some_and(|path| is_own(path, process::id));
        }
        if FOLDER.get(i).is_some_and(|&expected| expected != byte) || !byte.is_ascii() {
            return false;
        }
        let _ = copy.write_char(byte.into());
    }
    false
}

/// A path that is shorter than the room for it.
///
/// # Safety
/// It is a C string.
unsafe fn copy(path: i64, room: &mut [u8; ROOM]) -> Option<&[u8]> {
    for i in 0..ROOM {
        // SAFETY: by contract; it has not ended before.
        room[i] = unsafe { *(path as *const u8).add(i) };
        if room[i] == 0 {
            return Some(&room[..i]);
        }
    }
    None
}

/// Whether what is behind `/proc/` leads to the file of this process.
fn is_own(path: &[u8], pid: impl FnOnce() -> i32) -> bool {
    let mut parts = path.split(|&b| b == b'/');
    let is_thread = match parts.next() {
        Some(b"thread-self") => true,
        Some(b"self") => false,
        Some(number) if parse_dec(number).is_some_and(|n| n == pid() as u64) => false,
        _ => return false,
    };
    let mut next = parts.next();
    if next == Some(b"task") && !is_thread {
        if parts.next().and_then(parse_dec).is_none() {
            return false;
        }
        next = parts.next();
    }
    next == Some(b"exe") && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_to_it() {
        // SAFETY: a C string.
        let names = |path: &std::ffi::CStr| unsafe { names_it(path.as_ptr() as i64) };
        let own = std::ffi::CString::new(format!("/proc/{}/exe", std::process::id())).unwrap();
        for path in [
            c"/proc/self/exe",
            c"/proc/thread-self/exe",
            &own,
            c"/proc/self/task/7/exe",
        ] {
            assert!(names(path), "{path:?}");
        }
        for path in [
            c"",
            c"/",
            c"/proc/",
            c"/proc/self",
            c"/proc/self/exe/",
            c"/proc/1/exe",
            c"/tmp/exe",
        ] {
            assert!(!names(path), "{path:?}");
        }
    }
}
