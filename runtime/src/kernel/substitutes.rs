//! Calls that emulators do not know, made of others that they do. A program that has used one before a move goes on with
//! it.

use super::{call, errno, nr, sys};
use crate::base::path::of_descriptor;

const EINVAL: i64 = errno::EINVAL as i64;
const EOPNOTSUPP: i64 = errno::EOPNOTSUPP as i64;
const ENOSYS: i64 = errno::ENOSYS as i64;

/// The call, or what does the same.
pub fn or_other(n: i64, args: [i64; 6]) -> i64 {
    match call(n, args) {
        result if result == -ENOSYS => other(n, args),
        result => result,
    }
}

#[cold]
#[inline(never)]
fn other(n: i64, args: [i64; 6]) -> i64 {
    match n {
        nr::PREADV2 => vector(nr::PREADV, nr::READV, args),
        nr::PWRITEV2 => vector(nr::PWRITEV, nr::WRITEV, args),
        nr::EPOLL_PWAIT2 => match in_milliseconds(args) {
            Ok(args) => call(nr::EPOLL_PWAIT, args),
            Err(error) => error,
        },
        nr::EXECVEAT => execveat(args),
        _ => -ENOSYS,
    }
}

/// `preadv2(fd, vector, count, low, high, flags)`: the high half is not used where words have 64 bits.
fn vector(at: i64, along: i64, args: [i64; 6]) -> i64 {
    let [fd, vector, count, offset, _, flags] = args;
    /// It only asks for haste.
    const RWF_HIPRI: i64 = sys::RWF_HIPRI as i64;
    if flags & !RWF_HIPRI != 0 {
        return -EOPNOTSUPP;
    }
    match offset {
        -1 => call(along, [fd, vector, count, 0, 0, 0]),
        _ => call(at, [fd, vector, count, offset, 0, 0]),
    }
}

/// `epoll_pwait`'s arguments for those of `epoll_pwait2`: the last millisecond begun counts.
pub fn in_milliseconds(args: [i64; 6]) -> Result<[i64; 6], i64> {
    let [epoll, events, count, time, mask, size] = args;
    let milliseconds = if time == 0 {
        -1
    } else {
        // SAFETY: the program's time.
        let [seconds, rest] = unsafe { (time as *const [i64; 2]).read_unaligned() };
        if seconds < 0 || !(0..1_000_000_000).contains(&rest) {
            return Err(-EINVAL);
        }
        let all = seconds
            .saturating_mul(1000)
            .saturating_add((rest + 999_999) / 1_000_000);
        all.min(i32::MAX.into())
    };
    Ok([epoll, events, count, milliseconds, mask, size])
}

/// `execveat(fd, path, argv, envp, flags)`, by a name of what it names.
fn execveat(args: [i64; 6]) -> i64 {
    let [folder, path, argv, envp, flags, _] = args;
    let empty = i64::from(sys::AT_EMPTY_PATH);
    let no_follow = i64::from(sys::AT_SYMLINK_NOFOLLOW);
    if flags & !(empty | no_follow) != 0 {
        return -EINVAL;
    }
    // The kernel looks at the path, and at whether it is a link, before it is read here.
    let mut byte = 0u8;
    let probe = [folder, path, &raw mut byte as i64, 1, 0, 0];
    let looked = call(nr::READLINKAT, probe);
    if looked == -i64::from(errno::EFAULT) {
        return looked;
    }
    if flags & no_follow != 0 && looked >= 0 {
        return -i64::from(errno::ELOOP);
    }
    // SAFETY: the kernel has read it.
    let name = unsafe { core::ffi::CStr::from_ptr(path as *const _) };
    let name = name.to_bytes();
    let here = folder as i32 == sys::AT_FDCWD;
    if name.first() == Some(&b'/') || (here && !name.is_empty()) {
        return call(nr::EXECVE, [path, argv, envp, 0, 0, 0]);
    }
    if name.is_empty() && (flags & empty == 0 || here) {
        return -i64::from(errno::ENOENT);
    }
    let mut whole = of_descriptor(folder as i32);
    if !name.is_empty() {
        whole.push(b"/");
        whole.push(name);
    }
    match whole.as_c_str() {
        Ok(whole) => call(nr::EXECVE, [whole.as_ptr() as i64, argv, envp, 0, 0, 0]),
        Err(_) => -i64::from(errno::ENAMETOOLONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_at_a_place_and_along() {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file).into();
        let mut bytes = [0u8; 3];
        let vector = [bytes.as_mut_ptr() as i64, 3];
        let at = vector.as_ptr() as i64;
        assert_eq!(other(nr::PREADV2, [fd, at, 1, 1, 0, 0]), 3);
        assert_eq!(&bytes, b"ELF");
        assert_eq!(other(nr::PREADV2, [fd, at, 1, -1, 0, 0]), 3);
        assert_eq!(&bytes, b"\x7fEL");
        assert_eq!(other(nr::PREADV2, [fd, at, 1, 0, 0, 8]), -EOPNOTSUPP);
    }
}
