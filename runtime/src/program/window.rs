//! `mmap` and its kin: every address in the window is chosen here, so that it is free on every ISA.

use crate::base::statics::{Slot, Travels};
use crate::incarnation;
use crate::kernel::file;
use crate::kernel::lock::Lock;
use crate::kernel::memory::{self, page};
use crate::kernel::{self, Errno, errno, nr, sys};
use crate::program::maps::{Full, Kind, Map, Table, WINDOW_END, WINDOW_START};

const EEXIST: i64 = errno::EEXIST as i64;
const EFAULT: i64 = errno::EFAULT as i64;
const EINVAL: i64 = errno::EINVAL as i64;
const ENOMEM: i64 = errno::ENOMEM as i64;
const MAP_PRIVATE: i64 = sys::MAP_PRIVATE as i64;
const MAP_FIXED: i64 = sys::MAP_FIXED as i64;
const MAP_ANONYMOUS: i64 = sys::MAP_ANONYMOUS as i64;
const MAP_32BIT: i64 = sys::MAP_32BIT as i64;
const MAP_GROWSDOWN: i64 = sys::MAP_GROWSDOWN as i64;
const MAP_FIXED_NOREPLACE: i64 = sys::MAP_FIXED_NOREPLACE as i64;
const MAP_TYPE: i64 = sys::MAP_TYPE as i64;
const MREMAP_MAYMOVE: i64 = sys::MREMAP_MAYMOVE as i64;
const MREMAP_FIXED: i64 = sys::MREMAP_FIXED as i64;

/// More maps than this and `mmap` fails with `ENOMEM`.
const MAPS: usize = 8192;

/// Program state: the maps of the window.
static TABLE: Travels<Slot<Table<MAPS>>> = Travels::new(Slot::new(Table::new()));

incarnation! {
    /// Guards [`TABLE`]. Nobody holds it during a hop.
    static LOCK: Lock = Lock::new();
}

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
    let rounded = length.checked_add(page() - 1)? & !(page() - 1);
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
    if flags & MAP_ANONYMOUS == 0 && !(offset as u64).is_multiple_of(page()) {
        return -EINVAL;
    }
    let fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
    let flags = flags & !(MAP_32BIT | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE) | MAP_FIXED;
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let hint = hint as u64;
        let start = if fixed {
            if !hint.is_multiple_of(page()) {
                return -EINVAL;
            }
            if !in_window(hint, length) {
                return -ENOMEM;
            }
            if args[3] & MAP_FIXED_NOREPLACE != 0 && !table.is_free(hint, hint + length) {
                return -EEXIST;
            }
            hint
        } else if hint.is_multiple_of(page())
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
        let result = kernel::call(nr::MMAP, call);
        if result >= 0 {
            let map = Map {
                start,
                end: start + length,
                prot: prot as u32,
                kind,
            };
            // There is room: asked above.
            let _ = table.insert(map);
            if kind == Kind::File {
                complete_page(&map, fd as i32, offset as u64);
            }
        }
        result
    })
}

/// Behind a file's end the last page of a map of it holds zeros. Where the program's pages are larger than the
/// kernel's, the kernel does that for a part of the page only.
fn complete_page(map: &Map, fd: i32, offset: u64) {
    let kernel = memory::kernel_page();
    if kernel == page() {
        return;
    }
    let Ok(size) = file::Stat::of(fd).map(|stat| stat.size) else {
        return;
    };
    let rest = size.saturating_sub(offset);
    let from = map.start + rest.next_multiple_of(kernel);
    let to = (map.start + rest.next_multiple_of(page())).min(map.end);
    if from < to {
        let flags = memory::MAP_PRIVATE | memory::MAP_ANONYMOUS | memory::MAP_FIXED;
        // If it fails the page is as the kernel has it.
        let _ = memory::map(from, to - from, map.prot, flags, -1, 0);
    }
}

/// Takes room for a data stack of `length` bytes; its lowest address. Its lowest page stays inaccessible.
pub fn data_stack(length: u64) -> kernel::Result<u64> {
    let (none, both) = (memory::PROT_NONE, memory::PROT_READ | memory::PROT_WRITE);
    let flags = memory::MAP_PRIVATE | memory::MAP_ANONYMOUS | memory::MAP_NORESERVE;
    with_table(|table| {
        let Ok(start) = table.find_gap(length) else {
            return Err(Errno(errno::ENOMEM));
        };
        memory::map(start, length, both, flags | memory::MAP_FIXED, -1, 0)?;
        memory::protect(start, page(), none)?;
        let map = |start, end, prot| Map {
            start,
            end,
            prot,
            kind: Kind::DataStack,
        };
        let _ = table.insert(map(start, start + page(), none));
        let _ = table.insert(map(start + page(), start + length, both));
        Ok(start)
    })
}

pub fn munmap(start: u64, length: u64) -> i64 {
    let Some(rounded) = round_up(length) else {
        return -EINVAL;
    };
    if !in_window(start, rounded) {
        return kernel::call(nr::MUNMAP, [start as i64, length as i64, 0, 0, 0, 0]);
    }
    if !start.is_multiple_of(page()) {
        return -EINVAL;
    }
    let length = rounded;
    let call = [start as i64, length as i64, 0, 0, 0, 0];
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let result = kernel::call(nr::MUNMAP, call);
        if result >= 0 {
            let _ = table.remove(start, start + length);
        }
        result
    })
}

pub fn mprotect(start: u64, length: u64, prot: i64) -> i64 {
    let Some(rounded) = round_up(length).filter(|&l| in_window(start, l)) else {
        return kernel::call(nr::MPROTECT, [start as i64, length as i64, prot, 0, 0, 0]);
    };
    if !start.is_multiple_of(page()) {
        return -EINVAL;
    }
    let length = rounded;
    let call = [start as i64, length as i64, prot, 0, 0, 0];
    with_table(|table| {
        if !table.has_room() {
            return -ENOMEM;
        }
        let result = kernel::call(nr::MPROTECT, call);
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
    if !in_window(old, old_length) || !old.is_multiple_of(page()) {
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
            return -EFAULT;
        };
        let end = old + old_length;
        let fixed = flags & MREMAP_FIXED != 0;
        let (new, move_flags) = if fixed {
            if !target.is_multiple_of(page()) {
                return -EINVAL;
            }
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
        let result = kernel::call(nr::MREMAP, call);
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
