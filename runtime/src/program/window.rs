//! `mmap` and its kin: every address in the window is chosen here, so that it is free on every ISA.

use crate::base::statics::{Slot, Travels};
use crate::kernel::file::{self, S_IFREG, Stat};
use crate::kernel::lock::Lock;
use crate::kernel::memory::{self, page};
use crate::kernel::{self, Errno, errno, nr, process, sys};
use crate::program::identity::HIGH;
use crate::program::maps::{Full, Kind, Map, Table, WINDOW_END, WINDOW_START, mark};
use crate::program::{keepers, lock_all, trace};
use crate::{incarnation, say};

const EEXIST: i64 = errno::EEXIST as i64;
const EFAULT: i64 = errno::EFAULT as i64;
const EINVAL: i64 = errno::EINVAL as i64;
const ENOMEM: i64 = errno::ENOMEM as i64;
const MAP_PRIVATE: i64 = sys::MAP_PRIVATE as i64;
const MAP_FIXED: i64 = sys::MAP_FIXED as i64;
const MAP_HUGETLB: i64 = sys::MAP_HUGETLB as i64;
const MAP_LOCKED: i64 = sys::MAP_LOCKED as i64;
const PROT_EXEC: i64 = sys::PROT_EXEC as i64;
const MAP_ANONYMOUS: i64 = sys::MAP_ANONYMOUS as i64;
const MAP_32BIT: i64 = sys::MAP_32BIT as i64;
const MAP_GROWSDOWN: i64 = sys::MAP_GROWSDOWN as i64;
const MAP_FIXED_NOREPLACE: i64 = sys::MAP_FIXED_NOREPLACE as i64;
const MAP_TYPE: i64 = sys::MAP_TYPE as i64;
const MREMAP_MAYMOVE: i64 = sys::MREMAP_MAYMOVE as i64;
const MREMAP_FIXED: i64 = sys::MREMAP_FIXED as i64;

/// Maps that the table itself has room for.
const FEW: usize = 4096;
/// More maps than this and `mmap` fails with `ENOMEM`: as many as Linux has by default, and the table's own needs.
const MOST: usize = (1 << 16) + 2;

type Maps = Table<FEW>;

/// Program state: the maps of the window.
static TABLE: Travels<Slot<Maps>> = Travels::new(Slot::new(Table::new()));

incarnation! {
    /// Guards [`TABLE`]. Nobody holds it during a hop.
    static LOCK: Lock = Lock::new();
}

/// Runs `f` with the table held. A child forked inside `f` has a free lock of its own.
pub fn with_table<R>(f: impl FnOnce(&mut Maps) -> R) -> R {
    let _held = LOCK.hold();
    // SAFETY: the lock is held.
    f(unsafe { TABLE.get() })
}

/// Whether one more change fits. A table that is full moves to memory in the window, which travels with the rest.
pub fn has_room(table: &mut Maps) -> bool {
    if table.has_moved() || table.has_room(4) {
        return table.has_room(2);
    }
    let length = ((MOST * size_of::<Map>()) as u64).next_multiple_of(page());
    let Ok(start) = table.find_gap(length) else {
        return false;
    };
    let prot = memory::PROT_READ | memory::PROT_WRITE;
    let flags = memory::MAP_PRIVATE | memory::MAP_ANONYMOUS | memory::MAP_NORESERVE;
    if memory::map(start, length, prot, flags | memory::MAP_FIXED, -1, 0).is_err() {
        return false;
    }
    let _ = table.insert(Map::anonymous(start, start + length, prot));
    // SAFETY: just mapped, in a gap.
    unsafe { table.move_to(start, MOST) };
    true
}

/// The program break is fixed: libc's allocator falls back to `mmap`.
pub fn brk() -> i64 {
    WINDOW_START as i64
}

pub fn round_up(length: u64) -> Option<u64> {
    let rounded = length.checked_add(page() - 1)? & !(page() - 1);
    (rounded > 0).then_some(rounded)
}

pub fn in_window(start: u64, length: u64) -> bool {
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
    if flags & MAP_ANONYMOUS == 0 && !(offset as u64).is_multiple_of(page()) {
        return -EINVAL;
    }
    let fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
    let flags = flags & !(MAP_32BIT | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE) | MAP_FIXED;
    with_table(|table| {
        if !has_room(table) {
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
                Err(Full) => {
                    tell_full(length);
                    return -ENOMEM;
                }
            }
        };
        let backing = Backing::of(length, flags, fd);
        let (flags, fd) = match &backing.kept {
            Some(kept) => (flags & !MAP_ANONYMOUS, i64::from(kept.get())),
            None => (flags, fd),
        };
        let call = [start as i64, length as i64, prot, flags, fd, offset];
        let result = kernel::call(nr::MMAP, call);
        if result >= 0 {
            let offset = match backing.kind {
                Kind::File | Kind::Shared => offset as u64,
                _ => 0,
            };
            forget(table, start, start + length);
            let locked = if flags & MAP_LOCKED != 0 {
                mark::LOCKED
            } else {
                0
            };
            let map = Map {
                offset,
                device: backing.device,
                inode: backing.inode,
                kind: backing.kind,
                marks: marks_of(prot) | lock_all::of_new_map() | locked,
                keeper: backing.kept.map_or(0, |kept| {
                    let fd = kept.into_raw();
                    keepers::add(fd);
                    fd as u32 + 1
                }),
                ..Map::anonymous(start, start + length, prot as u32)
            };
            // There is room: asked above.
            let _ = table.insert(map);
            if map.kind == Kind::File {
                complete_page(map.start, map.end, map.prot, fd as i32, offset);
            }
        }
        result
    })
}

/// Behind a file's end the last page of a map of it holds zeros. Where the program's pages are larger than the
/// kernel's, the kernel does that for a part of the page only.
pub fn complete_page(start: u64, end: u64, prot: u32, fd: i32, offset: u64) {
    let kernel = memory::kernel_page();
    if kernel == page() {
        return;
    }
    let Ok(size) = file::Stat::of(fd).map(|stat| stat.size) else {
        return;
    };
    let rest = size.saturating_sub(offset);
    let from = start.saturating_add(rest.next_multiple_of(kernel));
    let to = start.saturating_add(rest.next_multiple_of(page())).min(end);
    if from < to {
        let flags = memory::MAP_PRIVATE | memory::MAP_ANONYMOUS | memory::MAP_FIXED;
        // If it fails the page is as the kernel has it.
        let _ = memory::map(from, to - from, prot, flags, -1, 0);
    }
}

/// With `--trace`: why there is no room.
#[cold]
fn tell_full(length: u64) {
    if trace::on() {
        let window = WINDOW_END - WINDOW_START;
        say!(
            "popcorn: mmap of {length} bytes fails with ENOMEM: the addresses that all ISAs have in common are {window} bytes"
        );
    }
}

/// Marks of a new map.
fn marks_of(prot: i64) -> u32 {
    if prot & PROT_EXEC != 0 {
        mark::EXECUTABLE
    } else {
        0
    }
}

/// What a new map is of.
struct Backing {
    kind: Kind,
    device: u64,
    inode: u64,
    /// A descriptor of ours: the kernel forgets in an exec whom a map belonged to.
    kept: Option<file::OwnedFd>,
}

impl Backing {
    fn of(length: u64, flags: i64, fd: i64) -> Self {
        let plain = |kind| Self {
            kind,
            device: 0,
            inode: 0,
            kept: None,
        };
        let anonymous = flags & MAP_ANONYMOUS != 0;
        let private = flags & MAP_TYPE == MAP_PRIVATE;
        if flags & MAP_HUGETLB != 0 {
            return plain(Kind::Stays);
        }
        if private && anonymous {
            return plain(Kind::Anonymous);
        }
        let kept = match (private, anonymous) {
            (true, _) => None,
            (_, true) => shared_memory(length),
            (_, false) => file::duplicate_up(fd as i32, HIGH).ok(),
        };
        let of = kept.as_ref().map_or(fd as i32, file::OwnedFd::get);
        let stat = match Stat::of(of) {
            Ok(stat) if stat.kind() == S_IFREG && (private || kept.is_some()) => stat,
            _ if private => return plain(Kind::File),
            _ => return plain(Kind::Stays),
        };
        Self {
            kind: if private { Kind::File } else { Kind::Shared },
            device: stat.device,
            inode: stat.inode,
            kept,
        }
    }
}

/// A memory file in place of shared anonymous memory: what is forked shares it, before and after a move.
pub fn shared_memory(length: u64) -> Option<file::OwnedFd> {
    // A longer file would be a signal.
    if process::limit(sys::RLIMIT_FSIZE).is_none_or(|limit| length > limit) {
        return None;
    }
    let file = file::memory_file(c"popcorn-shared").and_then(|file| file.moved_up(HIGH));
    let file = file.ok()?;
    file::set_length(file.get(), length).ok()?;
    Some(file)
}

/// Whether a map's descriptor is still what it was: a program may close what is not its own.
pub fn is_kept(map: &Map) -> bool {
    map.fd().is_some_and(|fd| {
        Stat::of(fd).is_ok_and(|s| (s.device, s.inode) == (map.device, map.inode))
    })
}

/// In a restored process: notes which files shared maps are of now, by the descriptors that keep them.
pub fn note_files() {
    with_table(|table| {
        for at in 0..table.maps().len() {
            let map = table.maps()[at];
            if let Some(Ok(stat)) = map.fd().map(Stat::of) {
                table.note_file(at, stat.device, stat.inode);
            }
        }
    });
}

/// Whether a descriptor is one of ours that keeps a map.
pub fn keeps(fd: i32) -> bool {
    with_table(|table| {
        let mut maps = table.maps().iter();
        maps.any(|map| map.fd() == Some(fd) && is_kept(map))
    })
}

/// Takes a range out of the table. There is room. What only it kept is closed.
pub fn forget(table: &mut Maps, start: u64, end: u64) {
    let kept = |table: &Maps| {
        let mut maps = table.within(start, end);
        maps.find(|map| map.keeper != 0).copied()
    };
    while let Some(map) = kept(table) {
        let _ = table.remove(map.start.max(start), map.end.min(end));
        let used = table.maps().iter().any(|other| other.keeper == map.keeper);
        if !used && is_kept(&map) {
            map.fd().into_iter().for_each(|fd| {
                keepers::remove(fd);
                file::close(fd);
            });
        }
    }
    let _ = table.remove(start, end);
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
            kind: Kind::DataStack,
            ..Map::anonymous(start, end, prot)
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
        if !has_room(table) {
            return -ENOMEM;
        }
        let result = kernel::call(nr::MUNMAP, call);
        if result >= 0 {
            forget(table, start, start + length);
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
        if !has_room(table) {
            return -ENOMEM;
        }
        let result = kernel::call(nr::MPROTECT, call);
        if result >= 0 {
            let marks = marks_of(prot);
            let _ = table.change(start, start + length, |map| {
                map.prot = prot as u32;
                map.marks |= marks;
            });
        }
        result
    })
}

/// The program's `pkey_mprotect`, `pkey_alloc` and `pkey_free`: there are no keys, as on a CPU without. Their rights are
/// in a register of one ISA's.
pub fn protection_key(n: i64, args: [i64; 6]) -> i64 {
    match n {
        nr::PKEY_MPROTECT if args[3] as i32 == -1 => {
            mprotect(args[0] as u64, args[1] as u64, args[2])
        }
        nr::PKEY_ALLOC => -i64::from(errno::ENOSPC),
        _ => -EINVAL,
    }
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
        if !has_room(table) {
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
                Err(Full) => {
                    tell_full(new_length);
                    return -ENOMEM;
                }
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
            forget(table, new, new + new_length);
            let moved = Map {
                start: new,
                end: new + new_length,
                ..map.from(old)
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
