//! Maps of memory, as the kernel has them. Those of the program's window are booked by `program::window`.

use super::{Result, check, nr, sys, system_call};

pub use sys::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED,
    PROT_NONE, PROT_READ, PROT_WRITE,
};

/// Bytes of a page of the base ABI.
pub const PAGE: u64 = 4096;
/// What [`advise_huge`] deals in on all ISAs, with pages of 4 KiB.
pub const HUGE_PAGE: u64 = 2 << 20;

/// `mmap` as it is.
pub fn map(start: u64, length: u64, prot: u32, flags: u32, fd: i32, offset: u64) -> Result<u64> {
    check(system_call!(
        nr::MMAP,
        start,
        length,
        prot,
        flags,
        fd,
        offset
    ))
    .map(|at| at as u64)
}

/// Memory outside the window, never program state: native stacks, record buffers. The kernel chooses
/// the address; pages cost nothing until touched.
pub fn anonymous(length: u64) -> Result<u64> {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    map(0, length, PROT_READ | PROT_WRITE, flags, -1, 0)
}

/// As [`anonymous`], at this address. An error if something else is there.
pub fn anonymous_at(start: u64, length: u64) -> Result<u64> {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    map(start, length, PROT_READ | PROT_WRITE, flags, -1, 0)
}

/// Gives memory back.
pub fn unmap(start: u64, length: u64) {
    system_call!(nr::MUNMAP, start, length);
}

pub fn protect(start: u64, length: u64, prot: u32) -> Result<()> {
    check(system_call!(nr::MPROTECT, start, length, prot)).map(drop)
}

/// Asks for large pages where memory is not touched yet. A kernel that has none goes on without.
pub fn advise_huge(start: u64, length: u64) {
    let start = start & !(PAGE - 1);
    system_call!(nr::MADVISE, start, length, sys::MADV_HUGEPAGE);
}

/// Which pages from `start` are resident, a byte each; false if the kernel does not say.
pub fn resident(start: u64, length: u64, pages: &mut [u8]) -> bool {
    length.div_ceil(PAGE) <= pages.len() as u64
        && system_call!(nr::MINCORE, start, length, pages.as_mut_ptr()) >= 0
}

/// A block of memory outside the window, given back when dropped.
pub struct Block {
    start: u64,
    length: u64,
}

impl Block {
    pub fn new(length: u64) -> Result<Self> {
        let length = length.max(1).next_multiple_of(PAGE);
        let start = anonymous(length)?;
        Ok(Self { start, length })
    }

    /// A whole file, for reading.
    pub fn of_file(fd: i32, length: u64) -> Result<Self> {
        let start = map(0, length, PROT_READ, MAP_PRIVATE, fd, 0)?;
        Ok(Self { start, length })
    }

    pub fn start(&self) -> u64 {
        self.start
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped and readable until dropped.
        unsafe { core::slice::from_raw_parts(self.start as *const u8, self.length as usize) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        unmap(self.start, self.length);
    }
}

/// A list with room for a fixed number of plain values, in memory of its own: pages cost nothing until used.
pub struct List<T: Copy> {
    block: Block,
    len: usize,
    room: usize,
    kind: core::marker::PhantomData<T>,
}

impl<T: Copy> List<T> {
    pub fn with_room(room: usize) -> Result<Self> {
        Ok(Self {
            block: Block::new((room * size_of::<T>()) as u64)?,
            len: 0,
            room,
            kind: core::marker::PhantomData,
        })
    }

    /// Appends; false if there is no room.
    #[must_use]
    pub fn push(&mut self, value: T) -> bool {
        self.extend(&[value])
    }

    /// Appends all or, if there is no room, nothing.
    #[must_use]
    pub fn extend(&mut self, values: &[T]) -> bool {
        if values.len() > self.room - self.len {
            return false;
        }
        let end = self.block.start as *mut T;
        // SAFETY: inside the block, whose pages are aligned.
        unsafe {
            core::ptr::copy_nonoverlapping(values.as_ptr(), end.add(self.len), values.len());
        }
        self.len += values.len();
        true
    }

    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the first `len` were written.
        unsafe { core::slice::from_raw_parts(self.block.start as *const T, self.len) }
    }

    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { core::slice::from_raw_parts_mut(self.block.start as *mut T, self.len) }
    }
}
