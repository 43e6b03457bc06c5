//! The program's memory: which pages go into an image, and how they come back.
//!
//! Memory goes in as runs of pages: those of the window that were touched and are not zero, and the
//! data segment whole, its zero pages as sections without contents.

use popcorn_metadata::image::{Map as SavedMap, Section, kind};

use crate::base::refusal::Refusal;
use crate::image::sink::Sink;
use crate::kernel::memory::{
    self, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE, PAGE, PROT_READ,
    PROT_WRITE,
};
use crate::kernel::{errno, file};
use crate::program::maps::{Kind, Map};
use crate::program::{thread, window};
use crate::refusal;

unsafe extern "C" {
    static __popcorn_data_start: u8;
    static __popcorn_data_end: u8;
}

/// Fewer zero pages than this between others are written like them, to have fewer sections.
const GAP: u64 = 8;
/// Pages looked at in one `mincore` call.
const LOOK: u64 = 1024;

/// What memory there is that cannot travel.
pub fn check() -> Result<(), Refusal> {
    let shared = window::with_table(|t| t.maps().iter().any(|m| m.kind == Kind::Shared));
    if shared {
        return Err(refusal!(errno::EBUSY, "the program has shared memory"));
    }
    Ok(())
}

/// Writes the map table, then the contents of all memory.
pub fn write(out: &mut Sink) -> Result<(), Refusal> {
    maps(out)?;
    let swapped = swapped();
    window::with_table(|table| {
        let mut table = table.maps().iter();
        table.try_for_each(|map| contents(out, map, swapped))
    })?;
    data_segment(out)
}

fn maps(out: &mut Sink) -> Result<(), Refusal> {
    window::with_table(|table| {
        let maps = table.maps();
        out.open(kind::MAPS, (maps.len() * SavedMap::SIZE) as u64)?;
        maps.iter().try_for_each(|map| {
            let saved = SavedMap {
                start: map.start,
                length: map.end - map.start,
                prot: map.prot,
                fd: -1,
                role: map.kind as u32,
                ..SavedMap::default()
            };
            out.put(&saved.to_bytes())
        })
    })?;
    out.close();
    Ok(())
}

/// Whether a page holds nothing but zeros.
///
/// # Safety
/// `page` is mapped and readable.
unsafe fn is_zero(page: u64) -> bool {
    // SAFETY: by contract; pages are aligned.
    let words = unsafe { core::slice::from_raw_parts(page as *const u64, PAGE as usize / 8) };
    words
        .chunks_exact(8)
        .all(|c| c.iter().fold(0, |all, w| all | w) == 0)
}

/// The pages of one map that hold something.
fn contents(out: &mut Sink, map: &Map, swapped: bool) -> Result<(), Refusal> {
    let start = match map.kind {
        Kind::DataStack => map.start.max(thread::dsp() & !(PAGE - 1)),
        _ => map.start,
    };
    if start >= map.end {
        return Ok(());
    }
    let readable = map.prot & PROT_READ != 0;
    let length = map.end - map.start;
    if !readable && let Err(error) = memory::protect(map.start, length, PROT_READ) {
        return Err(refusal!(
            error.0,
            "memory without read permission cannot be read: {error}"
        ));
    }
    let done = pages(out, start, map, swapped);
    if !readable {
        // It had this protection before.
        let _ = memory::protect(map.start, length, map.prot);
    }
    done
}

/// Whether some of our memory may be swapped out: `mincore` says of such pages what it says of pages
/// that were never touched.
fn swapped() -> bool {
    let mut text = [0; 2048];
    let text = file::contents(c"/proc/self/status", &mut text).unwrap_or_default();
    let mut lines = text.split(|&b| b == b'\n');
    let amount = lines.find_map(|line| line.strip_prefix(b"VmSwap:"));
    amount.is_none_or(|amount| amount.trim_ascii() != b"0 kB")
}

fn pages(out: &mut Sink, start: u64, map: &Map, swapped: bool) -> Result<(), Refusal> {
    let mut resident = [0; LOOK as usize];
    let mut run: Option<(u64, u64)> = None;
    let mut at = start;
    while at < map.end {
        let length = (map.end - at).min(LOOK * PAGE);
        let known = !swapped && memory::resident(at, length, &mut resident);
        for i in 0..length / PAGE {
            let page = at + i * PAGE;
            let touched = !known || resident[i as usize] & 1 != 0;
            // SAFETY: a page of a readable private map.
            let wanted = (touched || map.kind == Kind::File) && !unsafe { is_zero(page) };
            if !wanted {
                continue;
            }
            run = match run {
                Some((from, end)) if page - end <= GAP * PAGE => Some((from, page + PAGE)),
                Some((from, end)) => {
                    // SAFETY: pages of a readable private map.
                    unsafe { out.memory(from, end, false)? };
                    Some((page, page + PAGE))
                }
                None => Some((page, page + PAGE)),
            };
        }
        at += length;
    }
    match run {
        // SAFETY: as above.
        Some((from, end)) => unsafe { out.memory(from, end, false) },
        None => Ok(()),
    }
}

fn data_segment(out: &mut Sink) -> Result<(), Refusal> {
    let start = &raw const __popcorn_data_start as u64;
    let end = &raw const __popcorn_data_end as u64;
    let mut from = start;
    let mut kind = None;
    let mut at = start;
    while at < end {
        let next = ((at & !(PAGE - 1)) + PAGE).min(end);
        // SAFETY: a whole page of the data segment.
        let zero = at.is_multiple_of(PAGE) && next - at == PAGE && unsafe { is_zero(at) };
        if let Some(before) = kind
            && before != zero
        {
            // SAFETY: the data segment.
            unsafe { out.memory(from, at, before)? };
            from = at;
        }
        kind = Some(zero);
        at = next;
    }
    match kind {
        // SAFETY: the data segment.
        Some(zero) => unsafe { out.memory(from, end, zero) },
        None => Ok(()),
    }
}

/// Makes room for one map of the window, writable until its contents are there.
pub fn make(map: &SavedMap) -> Result<(), Refusal> {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    match memory::map(map.start, map.length, PROT_READ | PROT_WRITE, flags, -1, 0) {
        Ok(at) if at == map.start => Ok(()),
        _ => Err(refusal!(
            errno::ENOMEM,
            "its addresses are taken, or there is no memory"
        )),
    }
}

/// Reads one memory section to where it belongs.
///
/// # Safety
/// The section's memory is the program's, and nobody has a reference into it.
pub unsafe fn fill(fd: i32, section: &Section) -> Result<(), Refusal> {
    let (at, stored) = (section.address, section.file_length);
    // SAFETY: by contract.
    unsafe {
        file::read_exact_at(fd, at, stored, section.offset)
            .map_err(|e| refusal!(e.0, "memory cannot be filled: {e}"))?;
        let rest = (section.length - stored) as usize;
        core::ptr::write_bytes((at + stored) as *mut u8, 0, rest);
    }
    Ok(())
}

/// Gives a map that is filled the protection it had.
pub fn protect(map: &SavedMap) -> Result<(), Refusal> {
    if map.prot == PROT_READ | PROT_WRITE {
        return Ok(());
    }
    memory::protect(map.start, map.length, map.prot)
        .map_err(|e| refusal!(e.0, "memory cannot be protected: {e}"))
}
