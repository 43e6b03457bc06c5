//! Paths that the program watches by inotify: the kernel tells which inodes it watches, and no path to them.
//!
//! A list without a lock, since `inotify_add_watch` may be called in a handler that came in between anything: a path
//! is there when its length is.

use core::ffi::CStr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::base::statics::{Slot, Travels};
use crate::kernel::{self, nr, system_call};

/// Paths that are remembered, and bytes of the longest. What is watched beyond keeps a process from being checkpointed.
const ROOM: usize = 64;
const LONGEST: usize = 256;

static PATHS: Travels<Slot<[[u8; LONGEST]; ROOM]>> = Travels::new(Slot::new([[0; LONGEST]; ROOM]));
/// Bytes of each; 0: it is not there.
static LENGTHS: Travels<[AtomicUsize; ROOM]> = Travels::new([const { AtomicUsize::new(0) }; ROOM]);
/// Places that were ever taken.
static TAKEN: Travels<AtomicUsize> = Travels::new(AtomicUsize::new(0));

/// The program's `inotify_add_watch(set, path, events)`.
pub fn add(args: [i64; 6]) -> i64 {
    let result = kernel::call(nr::INOTIFY_ADD_WATCH, args);
    if result >= 0 {
        // SAFETY: the kernel has just read a path there.
        note(unsafe { CStr::from_ptr(args[1] as *const _) }.to_bytes());
    }
    result
}

/// Notes a path as it is from the root.
fn note(path: &[u8]) {
    let mut whole = [0; LONGEST];
    let mut length = 0;
    if !path.starts_with(b"/") {
        let got = system_call!(nr::GETCWD, whole.as_mut_ptr(), whole.len());
        // The kernel counts the end.
        length = got.max(1) as usize - 1;
        if length == 0 {
            return;
        }
        if let Some(place) = whole.get_mut(length) {
            *place = b'/';
        }
        length += 1;
    }
    let Some(place) = whole.get_mut(length..length + path.len()) else {
        return;
    };
    place.copy_from_slice(path);
    length += path.len();
    if length == LONGEST || any(|known| known == &whole[..length]) {
        return;
    }
    let at = TAKEN.fetch_add(1, Relaxed);
    if let Some(known) = LENGTHS.get(at) {
        // SAFETY: the place is taken by this call alone, and nobody looks at it before its length is there.
        unsafe { PATHS.get()[at] = whole };
        known.store(length, Relaxed);
    }
}

/// Whether `visit` says yes to a path.
pub fn any(mut visit: impl FnMut(&[u8]) -> bool) -> bool {
    LENGTHS.iter().enumerate().any(|(at, length)| {
        let length = length.load(Relaxed);
        // SAFETY: it is not written any more.
        length != 0 && visit(unsafe { &PATHS.get()[at][..length] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_known_from_the_root() {
        (0..3).for_each(|_| note(b"here"));
        note(b"/tmp");
        note(&[b'a'; LONGEST]);
        let mut here = std::env::current_dir()
            .unwrap()
            .into_os_string()
            .into_encoded_bytes();
        here.extend(b"/here");
        let mut found = 0;
        any(|path| {
            found += usize::from(path == here) + 10 * usize::from(path == b"/tmp") + 100;
            false
        });
        assert_eq!(found, 211);
    }
}
