//! What the kernel knows of single pages: whether they were touched, and whose they are.
//!
//! `/proc/self/pagemap` says it best, but not to everybody, and under an emulator it describes the emulator's memory,
//! which may lie elsewhere: it is asked about pages of ours first. `mincore` knows less, and what neither says is
//! unknown: such a page has to be read.

use super::file::{self, O_CLOEXEC, O_RDONLY, OwnedFd};
use super::memory::{self, Block, PAGE};
use super::{nr, sys, system_call};

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// It was never touched: its contents are those it was mapped with.
    Untouched,
    /// Memory of the process's own, which no file has.
    Own,
    /// A page of the file that is mapped there.
    OfFile,
    /// The kernel does not say.
    Unknown,
}

/// Pages looked at in one call.
pub const LOOK: u64 = 8192;

const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const OF_FILE: u64 = 1 << 61;

const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

enum Source {
    Pagemap(OwnedFd),
    Mincore,
    Nothing,
}

/// The kernel's answers.
pub struct Pages {
    source: Source,
    /// Room for the answers about [`LOOK`] pages.
    room: Block,
}

impl Pages {
    pub fn new() -> super::Result<Self> {
        let room = Block::new(LOOK * 8)?;
        let source = match file::open(c"/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0) {
            Ok(map) if describes_us(&map) => Source::Pagemap(map),
            // It says of pages that are swapped out what it says of those that were never touched.
            _ if !swapped() => Source::Mincore,
            _ => Source::Nothing,
        };
        Ok(Self { source, room })
    }

    /// Whether it is known which pages of a private map of a file are the file's.
    pub fn knows_files(&self) -> bool {
        matches!(self.source, Source::Pagemap(_))
    }

    /// The first page from `start` that may have been touched, or `end`: large holes are skipped at once, by kernels that
    /// have `PAGEMAP_SCAN` (Linux 6.7).
    pub fn skip_untouched(&self, start: u64, end: u64) -> u64 {
        let Source::Pagemap(map) = &self.source else {
            return start;
        };
        // SAFETY: plain integers.
        let (mut found, mut wanted): (sys::page_region, sys::pm_scan_arg) =
            unsafe { core::mem::zeroed() };
        wanted.size = size_of::<sys::pm_scan_arg>() as u64;
        (wanted.start, wanted.end) = (start, end);
        (wanted.vec, wanted.vec_len, wanted.max_pages) = (&raw mut found as u64, 1, 1);
        wanted.category_anyof_mask = IS_PRESENT | IS_SWAPPED;
        wanted.return_mask = wanted.category_anyof_mask;
        match system_call!(nr::IOCTL, map.get(), PAGEMAP_SCAN, &raw mut wanted) {
            0 => end,
            1 => found.start,
            _ => start,
        }
    }

    /// Looks at up to [`LOOK`] pages from `start`; `file`: a private map of a file. What [`Looked::page`] says then is of
    /// the pages from there.
    pub fn look(&mut self, start: u64, length: u64, file: bool) -> Looked<'_> {
        let count = length.div_ceil(PAGE).min(LOOK);
        let at = self.room.start();
        match &self.source {
            Source::Pagemap(map) => {
                let (bytes, offset) = (count * 8, start / PAGE * 8);
                // SAFETY: the block has room for as much.
                match unsafe { file::read_exact_at(map.get(), at, bytes, offset) } {
                    // SAFETY: just read; aligned as pages are.
                    Ok(()) => Looked::Pagemap(unsafe {
                        core::slice::from_raw_parts(at as *const u64, count as usize)
                    }),
                    Err(_) => Looked::Unknown,
                }
            }
            Source::Mincore if !file => {
                // SAFETY: the block has room for as much, and nobody else uses it.
                let out = unsafe { core::slice::from_raw_parts_mut(at as *mut u8, count as usize) };
                if memory::resident(start, count * PAGE, out) {
                    Looked::Mincore(out)
                } else {
                    Looked::Unknown
                }
            }
            _ => Looked::Unknown,
        }
    }
}

/// What is known of some pages.
pub enum Looked<'a> {
    Pagemap(&'a [u64]),
    Mincore(&'a [u8]),
    Unknown,
}

impl Looked<'_> {
    /// Of the `n`-th page.
    pub fn page(&self, n: u64) -> Page {
        match self {
            Self::Pagemap(entries) => match entries.get(n as usize) {
                None => Page::Unknown,
                Some(entry) if entry & (PRESENT | SWAPPED) == 0 => Page::Untouched,
                Some(entry) if entry & OF_FILE != 0 => Page::OfFile,
                Some(_) => Page::Own,
            },
            Self::Mincore(bytes) => match bytes.get(n as usize) {
                Some(byte) if byte & 1 == 0 => Page::Untouched,
                _ => Page::Unknown,
            },
            Self::Unknown => Page::Unknown,
        }
    }

    /// Whether none of the pages was touched.
    pub fn untouched(&self) -> bool {
        match self {
            Self::Pagemap(entries) => entries.iter().all(|e| e & (PRESENT | SWAPPED) == 0),
            Self::Mincore(bytes) => bytes.iter().all(|b| b & 1 == 0),
            Self::Unknown => false,
        }
    }
}

/// Whether a page map describes the memory that we see, page by page: some pages of ours are touched, others not.
fn describes_us(map: &OwnedFd) -> bool {
    const TOUCHED: [bool; 8] = [true, false, true, true, false, false, true, false];
    let length = TOUCHED.len() as u64 * PAGE;
    let Ok(block) = Block::new(length) else {
        return false;
    };
    // Else a large page may be put there.
    let _ = memory::advise(block.start(), length, sys::MADV_NOHUGEPAGE);
    for (n, _) in TOUCHED.iter().enumerate().filter(|&(_, touched)| *touched) {
        // SAFETY: a page of the block.
        unsafe { ((block.start() + n as u64 * PAGE) as *mut u8).write_volatile(1) };
    }
    let mut entries = [0u64; TOUCHED.len()];
    let (at, offset) = (entries.as_mut_ptr() as u64, block.start() / PAGE * 8);
    // SAFETY: the array's own length.
    let read = unsafe { file::read_exact_at(map.get(), at, size_of_val(&entries) as u64, offset) };
    let expected = |(entry, touched): (&u64, &bool)| {
        (entry & (PRESENT | SWAPPED) != 0) == *touched && entry & OF_FILE == 0
    };
    read.is_ok() && entries.iter().zip(&TOUCHED).all(expected)
}

/// Whether some of our memory may be swapped out.
fn swapped() -> bool {
    let mut text = [0; 2048];
    let text = file::contents(c"/proc/self/status", &mut text).unwrap_or_default();
    let mut lines = text.split(|&b| b == b'\n');
    let amount = lines.find_map(|line| line.strip_prefix(b"VmSwap:"));
    amount.is_none_or(|amount| amount.trim_ascii() != b"0 kB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_pages_are_told_from_others() {
        let mut pages = Pages::new().unwrap();
        let block = Block::new(4 * PAGE).unwrap();
        let end = block.start() + 4 * PAGE;
        assert!(pages.look(block.start(), 4 * PAGE, false).untouched());
        // SAFETY: a page of the block.
        unsafe { ((block.start() + 2 * PAGE) as *mut u8).write_volatile(1) };
        assert!(pages.skip_untouched(block.start(), end) <= block.start() + 2 * PAGE);
        let looked = pages.look(block.start(), 4 * PAGE, false);
        assert_eq!(looked.page(1), Page::Untouched);
        assert_ne!(looked.page(2), Page::Untouched);
    }
}
