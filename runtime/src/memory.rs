//! `mmap` and its kin: every address in the window is chosen here, so that it is free on every ISA.

use crate::cell::{Global, Lock};
use crate::maps::{Full, Kind, Map, PAGE, Table, WINDOW_END, WINDOW_START};
use crate::syscall::{EEXIST, EINVAL, ENOMEM, forward, nr};

pub const PROT_READ: i64 = 1;
pub const PROT_WRITE: i64 = 2;
pub const MAP_PRIVATE: i64 = 0x02;
pub const MAP_FIXED: i64 = 0x10;
pub const MAP_ANONYMOUS: i64 = 0x20;
const MAP_32BIT: i64 = 0x40;
const MAP_GROWSDOWN: i64 = 0x100;
pub const MAP_NORESERVE: i64 = 0x4000;
pub const MAP_FIXED_NOREPLACE: i64 = 0x10_0000;
const MAP_TYPE: i64 = 0x0f;
const MREMAP_MAYMOVE: i64 = 1;
const MREMAP_FIXED: i64 = 2;

/// More maps than this and `mmap` fails with `ENOMEM`.
const MAPS: usize = 8192;

/// Program state: the maps of the window.
static TABLE: Global<Table<MAPS>> = Global::new(Table::new());

/// Guards [`TABLE`]. Not program state: nobody holds it during a hop.
#[unsafe(link_section = ".popcorn.private.maps_lock")]
static LOCK: Lock = Lock::new();

/// Runs `f` with the table held. A child forked inside `f` has a free lock of its own.
pub fn with_table<R>(f: impl FnOnce(&mut Table<MAPS>) -> R) -> R {
    let _held = LOCK.hold();
    // SAFETY: the lock is held.
    f(unsafe { TABLE.get() })
}

/// The program break is fixed: libc's allocator falls back to `mmap`.
pub fn brk() -> i64 {
    WINDOW_START as i64
}

fn round_up(length: u64) -> Option<u64> {
    let rounded = length.checked_add(PAGE - 1)? & !(PAGE - 1);
    (rounded > 0).then_some(rounded)
}

fn in_window(start: u64, length: u64) -> bool {
    start >= WINDOW_START
        && start
            .checked_add(length)
            .is_some_and(|end| end <= WINDOW_END)
}

/// `mmap(hint, length, prot, flags, fd, offset)`.
pub fn mmap(args: [i64; 6]) -> i64 {
    let [hint, length, prot, flags, fd, offset] = args;
    let Some(length) = round_up(length as u64) else {
        return -EINVAL;
    };
    let kind = match (flags & MAP_TYPE, flags & MAP_ANONYMOUS) {
        (MAP_PRIVATE, 0) => Kind::File,
        (MAP_PRIVATE, _) => Kind::Anonymous,
        _ => Kind::Shared,
    };
    let fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
    let flags = flags & !(MAP_32BIT | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE) | MAP_FIXED;
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let hint = hint as u64;
        let start = if fixed {
            if !hint.is_multiple_of(PAGE) {
                return -EINVAL;
            }
            if !in_window(hint, length) {
                return -ENOMEM;
            }
            if args[3] & MAP_FIXED_NOREPLACE != 0 && !table.is_free(hint, hint + length) {
                return -EEXIST;
            }
            hint
        } else if hint.is_multiple_of(PAGE)
            && in_window(hint, length)
            && table.is_free(hint, hint + length)
        {
            hint
        } else {
            match table.find_gap(length) {
                Ok(gap) => gap,
                Err(Full) => return -ENOMEM,
            }
        };
        let call = [start as i64, length as i64, prot, flags, fd, offset];
        let result = forward(nr::MMAP, call);
        if result >= 0 {
            let map = Map {
                start,
                end: start + length,
                prot: prot as u32,
                kind,
            };
            // There is room: asked above.
            let _ = table.insert(map);
        }
        result
    })
}

/// Takes room for a data stack of `length` bytes; returns its lowest address. Its lowest page stays
/// inaccessible.
pub fn data_stack(length: u64) -> i64 {
    with_table(|table| {
        let Ok(start) = table.find_gap(length) else {
            return -ENOMEM;
        };
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
        let (at, prot) = (start as i64, PROT_READ | PROT_WRITE);
        let result = forward(nr::MMAP, [at, length as i64, prot, flags, -1, 0]);
        if result >= 0 {
            forward(nr::MPROTECT, [at, PAGE as i64, 0, 0, 0, 0]);
            let map = |start, end, prot: i64| Map {
                start,
                end,
                prot: prot as u32,
                kind: Kind::DataStack,
            };
            let _ = table.insert(map(start, start + PAGE, 0));
            let _ = table.insert(map(start + PAGE, start + length, prot));
        }
        result
    })
}

pub fn munmap(start: u64, length: u64) -> i64 {
    let call = [start as i64, length as i64, 0, 0, 0, 0];
    let Some(length) = round_up(length) else {
        return -EINVAL;
    };
    if !in_window(start, length) {
        return forward(nr::MUNMAP, call);
    }
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let result = forward(nr::MUNMAP, call);
        if result >= 0 {
            let _ = table.remove(start, start + length);
        }
        result
    })
}

pub fn mprotect(start: u64, length: u64, prot: i64) -> i64 {
    let call = [start as i64, length as i64, prot, 0, 0, 0];
    let Some(length) = round_up(length).filter(|&l| in_window(start, l)) else {
        return forward(nr::MPROTECT, call);
    };
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let result = forward(nr::MPROTECT, call);
        if result >= 0 {
            let _ = table.protect(start, start + length, prot as u32);
        }
        result
    })
}

/// `mremap(old, old_length, new_length, flags, new)`. The maps of one call are alike, as the kernel
/// demands.
pub fn mremap(args: [i64; 6]) -> i64 {
    let [old, old_length, new_length, flags, target, _] = args;
    let (old, target) = (old as u64, target as u64);
    let (Some(old_length), Some(new_length)) =
        (round_up(old_length as u64), round_up(new_length as u64))
    else {
        return -EINVAL;
    };
    if !in_window(old, old_length) {
        return -EINVAL;
    }
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let Some(map) = table
            .maps()
            .iter()
            .copied()
            .find(|m| m.start <= old && old < m.end)
        else {
            return -crate::syscall::EFAULT;
        };
        let end = old + old_length;
        let fixed = flags & MREMAP_FIXED != 0;
        let (new, move_flags) = if fixed {
            if !in_window(target, new_length) {
                return -ENOMEM;
            }
            (target, flags)
        } else if new_length <= old_length || table.is_free(end, old + new_length) {
            (old, 0)
        } else if flags & MREMAP_MAYMOVE == 0 {
            return -ENOMEM;
        } else {
            match table.find_gap(new_length) {
                Ok(gap) => (gap, MREMAP_MAYMOVE | MREMAP_FIXED),
                Err(Full) => return -ENOMEM,
            }
        };
        let call = [
            old as i64,
            old_length as i64,
            new_length as i64,
            move_flags,
            new as i64,
            0,
        ];
        let result = forward(nr::MREMAP, call);
        if result >= 0 {
            let _ = table.remove(old, end);
            let moved = Map {
                start: new,
                end: new + new_length,
                ..map
            };
            let _ = table.insert(moved);
        }
        result
    })
}

/// Memory outside the window, never program state: native stacks, record buffers. The kernel chooses
/// the address; pages cost nothing until touched. Negative on failure.
pub fn private(length: u64, prot: i64) -> i64 {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    forward(nr::MMAP, [0, length as i64, prot, flags, -1, 0])
}

/// As [`private`], at this address. Negative if something else is there.
pub fn private_at(start: u64, length: u64, prot: i64) -> i64 {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    forward(nr::MMAP, [start as i64, length as i64, prot, flags, -1, 0])
}

/// What [`advise_huge`] deals in on all ISAs, with pages of 4 KiB.
pub const HUGE_PAGE: u64 = 2 << 20;

/// Asks for large pages where memory is not touched yet. A kernel that has none goes on without.
pub fn advise_huge(start: u64, length: u64) {
    const MADV_HUGEPAGE: i64 = 14;
    let start = start & !(PAGE - 1);
    forward(
        nr::MADVISE,
        [start as i64, length as i64, MADV_HUGEPAGE, 0, 0, 0],
    );
}

/// Gives back what [`private`] gave.
pub fn unmap_private(start: u64, length: u64) {
    forward(nr::MUNMAP, [start as i64, length as i64, 0, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_live_in_the_window() {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS;
        let a = mmap([0x7000_0000_0000, 5000, 3, flags | MAP_32BIT, -1, 0]);
        assert!(in_window(a as u64, 8192), "{a:#x}");
        // SAFETY: just mapped.
        unsafe { *(a as *mut u64) = 42 };
        let b = mremap([a, 8192, 1 << 20, MREMAP_MAYMOVE, 0, 0]);
        assert!(in_window(b as u64, 1 << 20));
        // SAFETY: just mapped; contents moved along.
        assert_eq!(unsafe { *(b as *const u64) }, 42);
        assert_eq!(
            mmap([b, 4096, 3, flags | MAP_FIXED_NOREPLACE, -1, 0]),
            -EEXIST
        );
        assert_eq!(
            mmap([0x4000_0000_0000, 4096, 3, flags | MAP_FIXED, -1, 0]),
            -ENOMEM
        );
        assert_eq!(mprotect(b as u64, 4096, 1), 0);
        assert_eq!(munmap(b as u64, 1 << 20), 0);
        assert_eq!(mmap([0, 0, 3, flags, -1, 0]), -EINVAL);
    }
}
