//! Pairs of sockets that the program made: the kernel does not tell which two belong together, and a checkpoint has to
//! know.
//!
//! A list without a lock, since `socketpair` may be called in a handler that came in between anything.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::base::statics::Travels;
use crate::kernel::file::Stat;
use crate::kernel::{self, nr};

/// Pairs that are remembered. The oldest is forgotten first; to a checkpoint its ends are sockets with the other outside.
const ROOM: usize = 256;

/// Inodes of the ends.
static PAIRS: Travels<[[AtomicU64; 2]; ROOM]> =
    Travels::new([const { [const { AtomicU64::new(0) }; 2] }; ROOM]);
/// How many pairs were made.
static COUNT: Travels<AtomicUsize> = Travels::new(AtomicUsize::new(0));

/// The program's `socketpair`.
pub fn make(args: [i64; 6]) -> i64 {
    let result = kernel::call(nr::SOCKETPAIR, args);
    if result == 0 {
        // SAFETY: the kernel has just written two descriptors there.
        let ends = unsafe { (args[3] as *const [i32; 2]).read_unaligned() };
        if let [Ok(one), Ok(other)] = ends.map(Stat::of) {
            note([one.inode, other.inode]);
        }
    }
    result
}

/// Notes a pair by its inodes.
pub fn note([one, other]: [u64; 2]) {
    let [first, second] = &PAIRS[COUNT.fetch_add(1, Relaxed) % ROOM];
    // Who looks meanwhile finds no pair.
    first.store(0, Relaxed);
    second.store(other, Relaxed);
    first.store(one, Relaxed);
}

/// The other end of a socket, by inodes.
pub fn other(inode: u64) -> Option<u64> {
    PAIRS.iter().find_map(|pair| {
        let [one, other] = [pair[0].load(Relaxed), pair[1].load(Relaxed)];
        match inode {
            _ if one == 0 => None,
            _ if inode == one => Some(other),
            _ if inode == other => Some(one),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_known() {
        (1..=300).for_each(|n| note([n * 2, n * 2 + 1]));
        assert_eq!((other(600), other(601)), (Some(601), Some(600)));
        assert_eq!((other(2), other(0)), (None, None));
    }
}
