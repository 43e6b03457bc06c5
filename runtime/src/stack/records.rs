//! Frame records, and memory for them: two buffers in turn, each a chain of chunks that doubles as it grows.
//!
//! Chunks are made when needed and kept. Small ones first: an emulator pays for every page it is asked
//! to map, touched or not.

use popcorn_metadata::record::LARGEST;

use crate::kernel::memory;

/// A record's header ([`popcorn_metadata::record`]).
#[repr(C)]
pub struct Record {
    pub descriptor: *const Descriptor,
    pub next: *mut Record,
    pub site: u32,
    pub reserved: u32,
    pub frame: u64,
}

/// A function's descriptor ([`popcorn_metadata::record`]).
#[repr(C)]
pub struct Descriptor {
    pub resume: u64,
    pub function: u64,
    pub size: u32,
    pub sites: u32,
    pub name: *const u8,
    pub info: *const u8,
}

const _: () = {
    use core::mem::offset_of;
    use popcorn_metadata::record::{descriptor, header};
    assert!(offset_of!(Record, descriptor) == header::DESCRIPTOR);
    assert!(offset_of!(Record, next) == header::NEXT);
    assert!(offset_of!(Record, site) == header::SITE);
    assert!(offset_of!(Record, reserved) == header::RESERVED);
    assert!(offset_of!(Record, frame) == header::FRAME);
    assert!(size_of::<Record>() == header::SIZE);
    assert!(offset_of!(Descriptor, resume) == descriptor::RESUME);
    assert!(offset_of!(Descriptor, function) == descriptor::FUNCTION);
    assert!(offset_of!(Descriptor, size) == descriptor::RECORD_SIZE);
    assert!(offset_of!(Descriptor, sites) == descriptor::SITES);
    assert!(offset_of!(Descriptor, name) == descriptor::NAME);
    assert!(offset_of!(Descriptor, info) == descriptor::INFO);
    assert!(size_of::<Descriptor>() == descriptor::SIZE);
};

impl Record {
    /// Bytes of a complete record.
    ///
    /// # Safety
    /// The record is complete.
    pub unsafe fn size(record: *const Self) -> u64 {
        // SAFETY: its descriptor is a constant.
        unsafe { (*(*record).descriptor).size.into() }
    }
}

/// Bytes of the first chunk. The largest record has to fit behind the last that is in it.
const FIRST: u64 = 2 * LARGEST;
const CHUNKS: usize = 16;

/// No memory for another chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Clone, Copy)]
struct Chunk {
    start: u64,
    size: u64,
    /// End of the records in it, once the next chunk is begun.
    end: u64,
}

/// One chain.
#[derive(Clone, Copy)]
struct Buffer {
    chunks: [Chunk; CHUNKS],
    current: usize,
}

impl Buffer {
    const EMPTY: Self = Self {
        chunks: [Chunk {
            start: 0,
            size: 0,
            end: 0,
        }; CHUNKS],
        current: 0,
    };

    /// Forgets the records; the address of the first one to come, with room for `least` bytes.
    fn restart(&mut self, least: u64) -> Result<u64, Full> {
        self.current = 0;
        self.chunk(0, FIRST.max(least.saturating_add(LARGEST)))
    }

    /// Where the record after the one that ends at `end` goes.
    #[inline(always)]
    fn next(&mut self, end: u64) -> Result<u64, Full> {
        let chunk = &self.chunks[self.current];
        if end + LARGEST <= chunk.start + chunk.size {
            return Ok(end);
        }
        self.grow(end)
    }

    #[cold]
    fn grow(&mut self, end: u64) -> Result<u64, Full> {
        let chunk = &mut self.chunks[self.current];
        chunk.end = end;
        let size = 2 * chunk.size;
        if self.current + 1 == CHUNKS {
            return Err(Full);
        }
        self.current += 1;
        self.chunk(self.current, size)
    }

    /// Makes chunk `i` at least `size` bytes large; its address.
    fn chunk(&mut self, i: usize, size: u64) -> Result<u64, Full> {
        let chunk = &mut self.chunks[i];
        if chunk.size < size {
            if chunk.size > 0 {
                memory::unmap(chunk.start, chunk.size);
            }
            *chunk = Chunk {
                start: 0,
                size: 0,
                end: 0,
            };
            chunk.start = memory::anonymous(size).map_err(|_| Full)?;
            chunk.size = size;
            if size > FIRST {
                // Whatever is asked for beyond the first chunk is going to be used.
                memory::advise_huge(chunk.start, size);
            }
        }
        Ok(chunk.start)
    }

    /// The address ranges that hold records, the last of which ends at `end`.
    fn ranges(&self, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        (0..=self.current).map(move |i| {
            let chunk = &self.chunks[i];
            (chunk.start, if i == self.current { end } else { chunk.end })
        })
    }
}

/// The two buffers. One holds the records that the stack was last resumed from: frames that are still being rebuilt
/// from them read them while they are captured into the other.
pub struct Arena {
    buffers: [Buffer; 2],
    current: usize,
}

impl Arena {
    pub const EMPTY: Self = Self {
        buffers: [Buffer::EMPTY; 2],
        current: 0,
    };

    /// Gives all memory back.
    pub fn free(&mut self) {
        for chunk in self.buffers.iter_mut().flat_map(|b| &mut b.chunks) {
            if chunk.size > 0 {
                memory::unmap(chunk.start, chunk.size);
            }
        }
        *self = Self::EMPTY;
    }

    /// Makes sure that the next [`flip`](Self::flip) succeeds.
    pub fn prepare(&mut self) -> Result<(), Full> {
        self.buffers[self.current ^ 1].restart(0).map(drop)
    }

    /// Turns to the buffer that was not used last; the address of its first record, with room for `least` bytes.
    pub fn flip(&mut self, least: u64) -> Result<u64, Full> {
        self.current ^= 1;
        self.buffers[self.current].restart(least)
    }

    /// Where the record after the one that ends at `end` goes.
    #[inline(always)]
    pub fn next(&mut self, end: u64) -> Result<u64, Full> {
        self.buffers[self.current].next(end)
    }

    /// The address ranges that hold records, the last of which ends at `end`.
    pub fn ranges(&self, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.buffers[self.current].ranges(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_run_over_chunks_and_chunks_are_kept() {
        let mut buffer = Buffer::EMPTY;
        let mut firsts = Vec::new();
        for _ in 0..2 {
            let mut at = buffer.restart(0).unwrap();
            firsts.push(at);
            let size = 64 << 10;
            let mut total = 0;
            for i in 0..200u64 {
                // SAFETY: room for LARGEST.
                unsafe { *(at as *mut u64) = i };
                total += size;
                if i < 199 {
                    at = buffer.next(at + size).unwrap();
                }
            }
            let ranges: Vec<_> = buffer.ranges(at + size).collect();
            assert!(ranges.len() > 2);
            assert_eq!(ranges.iter().map(|(s, e)| e - s).sum::<u64>(), total);
        }
        assert_eq!(firsts[0], firsts[1]);
        let large = buffer.restart(32 << 20).unwrap();
        // SAFETY: asked for.
        unsafe { *((large + (32 << 20)) as *mut u64) = 1 };
    }
}
