//! The descriptors of ours that keep shared maps: they are not the program's to close.
//!
//! A list without a lock, since `close` may be called in a handler that came in between anything.

use core::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};

use crate::base::statics::Travels;

/// Descriptors that are guarded. Those beyond are not: a program that closes one has a map that cannot move.
const ROOM: usize = 1024;
const FREE: i32 = -1;

static LIST: Travels<[AtomicI32; ROOM]> = Travels::new([const { AtomicI32::new(0) }; ROOM]);
/// Places of the list that were ever used. A place holds a descriptor plus one, so that the list is zeros at first.
static USED: Travels<AtomicUsize> = Travels::new(AtomicUsize::new(0));

fn used() -> impl Iterator<Item = &'static AtomicI32> {
    LIST.iter().take(USED.load(Relaxed).min(ROOM))
}

/// Guards a descriptor.
pub fn add(fd: i32) {
    let free = used().find(|place| {
        let taken = place.compare_exchange(FREE, fd + 1, Relaxed, Relaxed);
        taken.is_ok()
    });
    if free.is_none()
        && let Some(place) = LIST.get(USED.fetch_add(1, Relaxed))
    {
        place.store(fd + 1, Relaxed);
    }
}

/// It is closed now.
pub fn remove(fd: i32) {
    if let Some(place) = used().find(|place| place.load(Relaxed) == fd + 1) {
        place.store(FREE, Relaxed);
    }
}

/// Whether a descriptor is guarded.
pub fn contains(fd: i32) -> bool {
    used().any(|place| place.load(Relaxed) == fd + 1)
}

/// The lowest one that is guarded, from `first` on.
pub fn from(first: i32) -> Option<i32> {
    let all = used().map(|place| place.load(Relaxed) - 1);
    all.filter(|&fd| fd >= first.max(0)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let before = USED.load(Relaxed);
        for fd in [700, 600, 800] {
            add(fd);
        }
        assert!(contains(600) && !contains(601));
        assert_eq!(
            (from(601), from(701), from(801)),
            (Some(700), Some(800), None)
        );
        remove(600);
        add(650);
        assert!(contains(650) && !contains(600));
        assert_eq!(USED.load(Relaxed), before + 3);
        [650, 700, 800].into_iter().for_each(remove);
    }
}
