//! Shared memory of System V: attached in the window, and attached again after a hop.

use crate::base::refusal::Refusal;
use crate::kernel::memory::{self, page};
use crate::kernel::{self, errno, file, nr, system_call};
use crate::program::maps::{Full, Kind, Map, mark};
use crate::program::{keepers, window};
use crate::refusal;

const EINVAL: i64 = errno::EINVAL as i64;
const ENOMEM: i64 = errno::ENOMEM as i64;
const SHM_RDONLY: i64 = 0o10000;
const SHM_RND: i64 = 0o20000;
const SHM_REMAP: i64 = 0o40000;
const SHM_EXEC: i64 = 0o100000;

/// The widest boundary on which a kernel attaches segments (`SHMLBA`).
const WIDEST: u64 = 1 << 16;

/// The boundary for addresses that the program names: kernels with the base ISA's pages have those.
fn boundary() -> u64 {
    if page() == memory::PAGE {
        page()
    } else {
        WIDEST
    }
}

/// What the kernel says of a segment.
struct Segment {
    bytes: u64,
    attached: u64,
    /// It is removed as soon as nobody has it attached.
    removed: bool,
}

impl Segment {
    fn of(id: u64) -> kernel::Result<Self> {
        const IPC_STAT: u32 = 2;
        const SHM_DEST: u64 = 0o1000;
        // struct shmid64_ds: the permissions with the mode in the third word, then size, three times, ids, count.
        let mut words = [0u64; 16];
        kernel::check(system_call!(nr::SHMCTL, id, IPC_STAT, words.as_mut_ptr()))?;
        Ok(Self {
            bytes: words[6],
            attached: words[11],
            removed: words[2] >> 32 & SHM_DEST != 0,
        })
    }
}

/// The program's `shmat(id, address, flags)`.
pub fn attach([id, address, flags, ..]: [i64; 6]) -> i64 {
    let segment = match Segment::of(id as u32 as u64) {
        Ok(segment) => segment,
        // The kernel's own answer: one may attach what one may not look at, but then nobody knows how large it is.
        Err(error) => return -i64::from(error),
    };
    let Some(length) = window::round_up(segment.bytes) else {
        return -EINVAL;
    };
    window::with_table(|table| {
        if !window::has_room(table) {
            return -ENOMEM;
        }
        let start = match address as u64 {
            0 => match table.find_gap(length + WIDEST) {
                Ok(gap) => gap.next_multiple_of(WIDEST),
                Err(Full) => return -ENOMEM,
            },
            asked if flags & SHM_RND != 0 => asked & !(boundary() - 1),
            asked => asked,
        };
        let fits = start.is_multiple_of(boundary()) && window::in_window(start, length);
        let free = flags & SHM_REMAP != 0 || table.is_free(start, start + length);
        if !fits || !free {
            return -EINVAL;
        }
        let result = kernel::call(nr::SHMAT, [id, start as i64, flags, 0, 0, 0]);
        if result >= 0 {
            window::forget(table, start, start + length);
            let mut prot = memory::PROT_READ;
            if flags & SHM_RDONLY == 0 {
                prot |= memory::PROT_WRITE;
            }
            let executable = flags & SHM_EXEC != 0;
            let map = Map {
                kind: Kind::Segment,
                inode: id as u32 as u64,
                marks: if executable { mark::EXECUTABLE } else { 0 },
                ..Map::anonymous(start, start + length, prot)
            };
            // There is room: asked above.
            let _ = table.insert(map);
        }
        result
    })
}

/// The program's `shmdt(address)`.
pub fn detach(address: u64) -> i64 {
    window::with_table(|table| {
        if !window::has_room(table) {
            return -ENOMEM;
        }
        let at = |map: &&Map| map.start == address && map.is_segment();
        let Some(map) = table.maps().iter().find(at).copied() else {
            return -EINVAL;
        };
        let result = match map.kind {
            Kind::Segment => kernel::call(nr::SHMDT, [address as i64, 0, 0, 0, 0, 0]),
            _ => {
                let length = (map.end - map.start) as i64;
                kernel::call(nr::MUNMAP, [address as i64, length, 0, 0, 0, 0])
            }
        };
        if result >= 0 {
            window::forget(table, map.start, map.end);
        }
        result
    })
}

/// Attaches a segment where it was, on the other side of a hop.
pub fn attach_again(id: u64, start: u64, prot: u32) -> kernel::Result<u64> {
    let flags = if prot & memory::PROT_WRITE == 0 {
        SHM_RDONLY
    } else {
        0
    };
    let result = system_call!(nr::SHMAT, id, start, flags);
    kernel::check(result).map(|at| at as u64)
}

/// Checks that a segment can be attached again. One that is removed would be gone after the exec, which detaches it: if
/// nobody else has it, it becomes shared memory without an id.
pub fn check(map: &Map) -> Result<(), Refusal> {
    let at = map.start;
    let failed = |e: kernel::Errno| {
        refusal!(
            e.0,
            "the shared memory of System V at {at:#x} cannot be looked at: {e}"
        )
    };
    let segment = Segment::of(map.inode).map_err(failed)?;
    if map.offset != 0 || window::round_up(segment.bytes) != Some(map.end - map.start) {
        return Err(refusal!(
            errno::EBUSY,
            "of the shared memory of System V at {at:#x} a part was unmapped or protected in another way"
        ));
    }
    if segment.removed && segment.attached == 1 {
        give_up_id(map).map_err(failed)?;
    }
    Ok(())
}

/// Puts a memory file with the same contents in a segment's place.
fn give_up_id(map: &Map) -> kernel::Result<()> {
    let (start, length) = (map.start, map.end - map.start);
    let kept = window::shared_memory(length).ok_or(kernel::Errno(errno::ENOMEM))?;
    let fd = kept.get();
    // SAFETY: attached, and readable as every segment is.
    let bytes = unsafe { core::slice::from_raw_parts(start as *const u8, length as usize) };
    file::write_all_at(fd, bytes, 0)?;
    let stat = file::Stat::of(fd)?;
    window::with_table(|table| {
        if !window::has_room(table) {
            return Err(kernel::Errno(errno::ENOMEM));
        }
        let flags = memory::MAP_SHARED | memory::MAP_FIXED;
        memory::map(start, length, map.prot, flags, fd, 0)?;
        let fd = kept.into_raw();
        keepers::add(fd);
        let _ = table.insert(Map {
            kind: Kind::Shared,
            device: stat.device,
            inode: stat.inode,
            marks: map.marks | mark::SEGMENT,
            keeper: fd as u32 + 1,
            ..*map
        });
        Ok(())
    })
}

/// The limit on shared memory of System V that a checkpoint has: others find it by its id, which a restored process
/// would not have.
pub fn check_checkpoint() -> Result<(), Refusal> {
    let segment = window::with_table(|table| {
        let mut maps = table.maps().iter();
        maps.find(|map| map.kind == Kind::Segment).copied()
    });
    match segment {
        Some(map) => Err(refusal!(
            errno::EBUSY,
            "the program has shared memory of System V at {:#x}, whose id {} others may use",
            map.start,
            map.inode
        )),
        None => Ok(()),
    }
}
