//! Maps of memory, as the kernel has them. Those of the program's window are booked by `program::window`.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Result, check, errno, nr, sys, system_call};
use crate::base::refusal::Refusal;
use crate::{incarnation, refusal};

pub use sys::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED,
    PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE,
};

/// Bytes of the smallest page that a kernel has: memory is looked at and saved in such pieces. Maps are made of the
/// program's pages, [`page`].
pub const PAGE: u64 = popcorn_toolchains::isa::LEAST_PAGE;

unsafe extern "C" {
    #[cfg(not(test))]
    static __popcorn_page_size: u8;
}

/// Bytes of a page as the program has it, on every ISA and kernel. The linker says.
#[cfg(not(test))]
pub fn page() -> u64 {
    &raw const __popcorn_page_size as u64
}

/// The tests' pages are those of the machine.
#[cfg(test)]
pub fn page() -> u64 {
    PAGE
}

incarnation! {
    /// Bytes of a page of the kernel underneath.
    static KERNEL_PAGE: AtomicU64 = AtomicU64::new(PAGE);
}

/// Takes in the size of the kernel's pages, which it states in `AT_PAGESZ`.
pub fn start(kernel: u64) -> core::result::Result<(), Refusal> {
    KERNEL_PAGE.store(kernel, Relaxed);
    bears(page(), kernel)
}

/// Bytes of a page of the kernel underneath.
pub fn kernel_page() -> u64 {
    KERNEL_PAGE.load(Relaxed)
}

/// Whether a program with pages of `program` bytes runs on a kernel with pages of `kernel` bytes.
fn bears(program: u64, kernel: u64) -> core::result::Result<(), Refusal> {
    if kernel.is_power_of_two() && (PAGE..=program).contains(&kernel) {
        return Ok(());
    }
    Err(refusal!(
        errno::ENOEXEC,
        "this kernel has pages of {kernel} bytes; the program was linked for pages of at most {program}"
    ))
}
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
    let start = start & !(page() - 1);
    system_call!(nr::MADVISE, start, length, sys::MADV_HUGEPAGE);
}

/// Which pages of [`PAGE`] bytes from `start` are resident, a byte each; false if the kernel does not say. One with
/// other pages gives a byte to each of those, but an emulator of such a kernel to each of its host's.
pub(super) fn resident(start: u64, length: u64, pages: &mut [u8]) -> bool {
    KERNEL_PAGE.load(Relaxed) == PAGE
        && length.div_ceil(PAGE) <= pages.len() as u64
        && system_call!(nr::MINCORE, start, length, pages.as_mut_ptr()) >= 0
}

/// `madvise`.
pub fn advise(start: u64, length: u64, advice: u32) -> Result<()> {
    check(system_call!(nr::MADVISE, start, length, advice)).map(drop)
}

/// `mlock`, or `mlock2` with `MLOCK_ONFAULT`, which emulators may not have.
pub fn lock(start: u64, length: u64, on_fault: bool) -> Result<()> {
    let result = if on_fault {
        system_call!(nr::MLOCK2, start, length, sys::MLOCK_ONFAULT)
    } else {
        system_call!(nr::MLOCK, start, length)
    };
    check(result).map(drop)
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

    /// Twice the room, for a list that is full.
    pub fn grow(&mut self) -> Result<()> {
        let mut more = Self::with_room(self.room.max(1) * 2)?;
        let fits = more.extend(self.as_slice());
        debug_assert!(fits);
        *self = more;
        Ok(())
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) -> Result<()> {
        while self.room - self.len < more {
            self.grow()?;
        }
        Ok(())
    }

    /// Appends all; makes room as it is needed.
    pub fn append(&mut self, values: &[T]) -> Result<()> {
        while !self.extend(values) {
            self.grow()?;
        }
        Ok(())
    }

    /// Appends values that it holds already.
    pub fn append_own(&mut self, own: core::ops::Range<usize>) -> Result<()> {
        for at in own {
            if let Some(&value) = self.as_slice().get(at) {
                self.append(&[value])?;
            }
        }
        Ok(())
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

impl List<u8> {
    /// Has `fill` put up to `room` bytes behind the others; it says how many.
    pub fn fill(
        &mut self,
        room: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) -> Result<usize> {
        self.reserve(room)?;
        let end = self.block.start as *mut u8;
        // SAFETY: inside the block, readable and writable, and nobody else's.
        let spare = unsafe { core::slice::from_raw_parts_mut(end.add(self.len), room) };
        let filled = fill(spare)?.min(room);
        self.len += filled;
        Ok(filled)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_cannot_work_are_refused_by_name() {
        assert!(bears(4096, 4096).is_ok());
        assert!(bears(16384, 4096).is_ok());
        assert!(bears(16384, 16384).is_ok());
        for (program, kernel) in [
            (4096, 16384),
            (16384, 65536),
            (4096, 0),
            (4096, 2048),
            (16384, 12288),
        ] {
            let text = bears(program, kernel).unwrap_err().text;
            let expected = std::format!("this kernel has pages of {kernel} bytes;");
            assert!(text.as_bytes().starts_with(expected.as_bytes()));
        }
    }
}
