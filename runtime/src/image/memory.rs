//! The program's memory: which pages go into an image, and how they come back.
//!
//! Memory goes in as runs of pages: of anonymous memory those that were touched and are not zero, of a private map of
//! a file those that the program wrote, of shared memory none; and the data segment whole, its zero pages as sections
//! without contents. What was never touched is not looked at.

use popcorn_metadata::image::{Map as SavedMap, Section, kind};

use crate::base::refusal::Refusal;
use crate::image::mapped_files::MappedFiles;
use crate::image::sink::Sink;
use crate::kernel::memory::{
    self, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PAGE,
    PROT_READ, PROT_WRITE,
};
use crate::kernel::pages::{LOOK, Page, Pages};
use crate::kernel::{errno, file, sys};
use crate::program::arguments::initial;
use crate::program::maps::{Kind, Map, mark};
use crate::program::{advice, segments, thread, window};
use crate::refusal;

unsafe extern "C" {
    static __popcorn_data_start: u8;
    static __popcorn_data_end: u8;
}

/// Fewer zero pages than this between others are written like them, to have fewer sections.
const GAP: u64 = 8;

/// What memory there is that cannot travel.
pub fn check() -> Result<(), Refusal> {
    advice::check_data()?;
    window::with_table(|table| table.maps().iter().try_for_each(check_map))?;
    // Each may change the table.
    let mut from = 0;
    while let Some(map) = segment_from(from) {
        segments::check(&map)?;
        from = map.end;
    }
    Ok(())
}

/// The first segment of System V from an address on.
fn segment_from(from: u64) -> Option<Map> {
    window::with_table(|table| {
        let mut maps = table.maps().iter();
        maps.find(|map| map.kind == Kind::Segment && map.start >= from)
            .copied()
    })
}

fn check_map(map: &Map) -> Result<(), Refusal> {
    let at = map.start;
    if map.marks & mark::EXECUTABLE != 0 {
        return Err(refusal!(
            errno::EBUSY,
            "the program has executable memory of its own at {at:#x}, which holds code for one ISA"
        ));
    }
    match map.kind {
        Kind::Stays => Err(refusal!(
            errno::EBUSY,
            "the program has shared memory of a device or huge pages at {at:#x}, which cannot be mapped again"
        )),
        Kind::Shared if !window::is_kept(map) => Err(refusal!(
            errno::EBUSY,
            "the program has shared memory at {at:#x} whose descriptor, kept by popcorn, it has closed"
        )),
        _ => advice::check(map),
    }
}

/// Writes the map table, then the contents of all memory. Of `files` private maps are made again; none: their contents
/// are written.
pub fn write(out: &mut Sink, files: &MappedFiles) -> Result<(), Refusal> {
    let mut pages = Pages::new()
        .map_err(|e| refusal!(e.0, "no memory to look at the program's memory: {e}"))?;
    maps(out, files)?;
    window::with_table(|table| {
        let mut table = table.maps().iter();
        table.try_for_each(|map| contents(out, map, &mut pages, files))
    })?;
    data_segment(out, &mut pages)
}

fn maps(out: &mut Sink, files: &MappedFiles) -> Result<(), Refusal> {
    window::with_table(|table| {
        let maps = table.maps();
        out.open(kind::MAPS, (maps.len() * SavedMap::SIZE) as u64)?;
        maps.iter().try_for_each(|map| {
            let saved = SavedMap {
                start: map.start,
                length: map.end - map.start,
                prot: map.prot,
                flags: map.marks,
                fd: match map.kind {
                    Kind::Shared => map.fd().unwrap_or(-1),
                    _ => files.of(map).unwrap_or(-1),
                },
                offset: map.offset,
                role: map.kind as u32,
                mark: if map.kind == Kind::Segment {
                    map.inode
                } else {
                    0
                },
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

/// A map whose pages are read: made readable for as long when the first is.
struct Reading<'a> {
    map: &'a Map,
    changed: bool,
}

impl Reading<'_> {
    fn begin(&mut self) -> Result<(), Refusal> {
        if self.changed || self.map.prot & PROT_READ != 0 {
            return Ok(());
        }
        let length = self.map.end - self.map.start;
        memory::protect(self.map.start, length, PROT_READ)
            .map_err(|e| refusal!(e.0, "memory without read permission cannot be read: {e}"))?;
        self.changed = true;
        Ok(())
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.changed {
            // It had this protection before.
            let length = self.map.end - self.map.start;
            let _ = memory::protect(self.map.start, length, self.map.prot);
        }
    }
}

/// Where the part of a data stack begins that is in use.
fn data_stack_in_use(map: &Map) -> u64 {
    let own = thread::dsp();
    if (map.start..=map.end).contains(&own) {
        return own & !(PAGE - 1);
    }
    // That of another thread, or of one that is gone.
    map.start
}

/// The pages of one map that hold something.
fn contents(
    out: &mut Sink,
    map: &Map,
    pages: &mut Pages,
    files: &MappedFiles,
) -> Result<(), Refusal> {
    let start = match map.kind {
        Kind::DataStack => data_stack_in_use(map),
        _ => map.start,
    };
    let is_file = map.kind == Kind::File;
    let again = files.of(map).is_some();
    let mut reading = Reading {
        map,
        changed: false,
    };
    let end = map.end;
    if matches!(map.kind, Kind::Shared | Kind::Segment) {
        return Ok(());
    }
    let file = files.to_look_at(map);
    if is_file && !again {
        reading.begin()?;
        check_readable(map, file)?;
    }
    let mut run: Option<(u64, u64)> = None;
    let mut at = start;
    while at < end {
        let length = (end - at).min(LOOK * PAGE);
        let looked = pages.look(at, length, is_file);
        // Where its file has a hole, a private map has only what the program wrote.
        let hole = || {
            let offset = map.from(at).offset;
            file.is_some_and(|fd| file::is_hole(fd, offset, length))
        };
        let only_own = again || is_file && hole();
        if looked.untouched() && (!is_file || only_own) {
            at += length;
            if !is_file || again {
                at = pages.skip_untouched(at, end);
            }
            continue;
        }
        for n in 0..length / PAGE {
            let page = at + n * PAGE;
            let wanted = match looked.page(n) {
                Page::Untouched if !is_file => false,
                Page::Untouched | Page::OfFile if only_own => false,
                // Its file may hold something else there.
                Page::Own if again => true,
                Page::Unknown if again => {
                    let text = "the kernel does not say any more which pages of files were written";
                    return Err(refusal!(errno::EBUSY, "{text}"));
                }
                _ => {
                    reading.begin()?;
                    // SAFETY: a page of a private map, readable.
                    !unsafe { is_zero(page) }
                }
            };
            if !wanted {
                continue;
            }
            let gap = if again { 0 } else { GAP * PAGE };
            run = match run {
                Some((from, end)) if page - end <= gap => Some((from, page + PAGE)),
                Some((from, end)) => {
                    reading.begin()?;
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
        Some((from, end)) => {
            reading.begin()?;
            // SAFETY: as above.
            unsafe { out.memory(from, end, false) }
        }
        None => Ok(()),
    }
}

/// A map of a file that is not mapped again is read whole: an error if it is longer than the file, for memory that is a
/// signal to read cannot be made.
fn check_readable(map: &Map, file: Option<i32>) -> Result<(), Refusal> {
    let last = map.end - PAGE;
    let readable = match file.map(file::Stat::of) {
        Some(Ok(stat)) => map.from(last).offset < stat.size,
        _ => {
            let scratch = file::memory_file(c"popcorn-scratch")
                .map_err(|e| refusal!(e.0, "no memory to look at the program's memory: {e}"))?;
            file::can_read(scratch.get(), last)
        }
    };
    if readable {
        return Ok(());
    }
    Err(refusal!(
        errno::EBUSY,
        "the private map at {:#x} goes beyond the end of its file, which cannot be mapped again",
        map.start
    ))
}

/// First address of the data segment that no file has: `.bss` behind the page that `.data` ends in.
fn bss() -> u64 {
    const LOAD: u32 = 1;
    let data = &raw const __popcorn_data_start as u64;
    let (headers, count) = initial().program_headers();
    let end = &raw const __popcorn_data_end as u64;
    for n in 0..count {
        // SAFETY: the kernel says that they are there: struct Elf64_Phdr, with p_type, p_vaddr, p_filesz, p_memsz.
        let (kind, address, stored, length) = unsafe {
            let header = (headers + n * 56) as *const u64;
            (
                *header as u32,
                *header.add(2),
                *header.add(4),
                *header.add(5),
            )
        };
        if kind == LOAD && (address..address + length).contains(&data) {
            return (address + stored).next_multiple_of(memory::page()).min(end);
        }
    }
    end
}

fn data_segment(out: &mut Sink, pages: &mut Pages) -> Result<(), Refusal> {
    let start = &raw const __popcorn_data_start as u64;
    let end = &raw const __popcorn_data_end as u64;
    let bss = bss();
    let mut from = start;
    let mut kind = None;
    let mut at = start;
    while at < end {
        let first = at & !(PAGE - 1);
        let length = (end - first).min(LOOK * PAGE);
        let looked = pages.look(first, length, false);
        while at < first + length {
            let page = at & !(PAGE - 1);
            let next = (page + PAGE).min(end);
            let whole = at == page && next - at == PAGE;
            let untouched = at >= bss && looked.page((page - first) / PAGE) == Page::Untouched;
            // SAFETY: a whole page of the data segment.
            let zero = whole && (untouched || unsafe { is_zero(at) });
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
    }
    match kind {
        // SAFETY: the data segment.
        Some(zero) => unsafe { out.memory(from, end, zero) },
        None => Ok(()),
    }
}

/// Makes room for one map of the window; writable until its contents are there, if it has any.
pub fn make(map: &SavedMap, has_contents: bool) -> Result<(), Refusal> {
    let (prot, exact) = (
        if has_contents {
            PROT_READ | PROT_WRITE
        } else {
            map.prot
        },
        MAP_NORESERVE | MAP_FIXED_NOREPLACE,
    );
    let (flags, fd) = match (map.fd, map.role == Kind::Shared as u32) {
        (..0, _) => (MAP_PRIVATE | MAP_ANONYMOUS, -1),
        (fd, false) => (MAP_PRIVATE, fd),
        (fd, true) => (MAP_SHARED, fd),
    };
    let made = if map.role == Kind::Segment as u32 {
        segments::attach_again(map.mark, map.start, map.prot)
    } else {
        memory::map(map.start, map.length, prot, flags | exact, fd, map.offset)
    };
    match made {
        Ok(at) if at == map.start => {
            if map.role == Kind::File as u32 && fd >= 0 {
                let end = map.start + map.length;
                window::complete_page(map.start, end, prot, fd, map.offset);
            }
            Ok(())
        }
        _ => Err(refusal!(
            errno::ENOMEM,
            "its addresses are taken, or there is no memory"
        )),
    }
}

/// After all maps were made: closes what was open only for a private one.
pub fn made(map: &SavedMap) {
    if map.fd >= 0 && map.role != Kind::Shared as u32 {
        file::close(map.fd);
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
        if stored < section.length {
            zero(at + stored, at + section.length);
        }
    }
    Ok(())
}

/// Zeroes memory of the data segment: what no file has is thrown away, and costs nothing.
///
/// # Safety
/// As [`fill`].
unsafe fn zero(start: u64, end: u64) {
    let fresh = bss().clamp(start, end).next_multiple_of(memory::page());
    let whole = end & !(memory::page() - 1);
    let (low, high) =
        if fresh < whole && memory::advise(fresh, whole - fresh, sys::MADV_DONTNEED).is_ok() {
            (fresh, whole)
        } else {
            (end, end)
        };
    // SAFETY: by contract.
    unsafe {
        core::ptr::write_bytes(start as *mut u8, 0, (low - start) as usize);
        core::ptr::write_bytes(high as *mut u8, 0, (end - high) as usize);
    }
}

/// Gives a map that is filled the protection it had.
pub fn protect(map: &SavedMap, had_contents: bool) -> Result<(), Refusal> {
    if had_contents && map.prot != PROT_READ | PROT_WRITE {
        memory::protect(map.start, map.length, map.prot)
            .map_err(|e| refusal!(e.0, "memory cannot be protected: {e}"))?;
    }
    Ok(())
}

/// Tells the kernel again what the program told it of its memory. What an emulator does not take is no error: its
/// kernel gets it after the next move.
pub fn advise_again() {
    window::with_table(|table| table.maps().iter().for_each(advice::tell_again));
    let (start, end) = (
        &raw const __popcorn_data_start,
        &raw const __popcorn_data_end,
    );
    advice::tell_rest_again((start as u64, end as u64));
}
