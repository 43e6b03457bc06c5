//! Writing the process image (`popcorn_metadata::image`) into a memfd.
//!
//! Memory goes in as runs of pages: those of the window that were touched and are not zero, and the
//! data segment whole, its zero pages as sections without contents.

use popcorn_metadata::image::{
    Fd, Header, Hop, Map as SavedMap, Records, Section, State, checksum, flag, kind,
};
use popcorn_toolchains::Isa;

use crate::arch;
use crate::capture::{Capture, now};
use crate::hop::build_id;
use crate::maps::{Kind, Map, PAGE};
use crate::memory::{self, PROT_READ, PROT_WRITE};
use crate::syscall::{forward, nr};
use crate::text::Line;
use crate::{poll, stacks};

unsafe extern "C" {
    static __popcorn_data_start: u8;
    static __popcorn_data_end: u8;
}

/// Room for sections.
const SECTIONS: usize = 1 << 16;
/// Fewer zero pages than this between others are written like them, to have fewer sections.
const GAP: u64 = 8;
/// Bytes of records before the records themselves, in the section of that kind.
pub const RECORDS_AT: u64 = 48;

/// Writes all of `bytes` at `offset`. False on any failure.
pub fn write_all(fd: i64, bytes: &[u8], offset: u64) -> bool {
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        let call = [
            fd,
            rest.as_ptr() as i64,
            rest.len() as i64,
            (offset + done as u64) as i64,
            0,
            0,
        ];
        match forward(nr::PWRITE64, call) {
            n @ 1.. => done += n as usize,
            _ => return false,
        }
    }
    true
}

fn reason(text: &str) -> Line {
    let mut line = Line::new();
    line.str(text);
    line
}

/// The image under construction: section table in memory, contents in the file.
struct Writer {
    fd: i64,
    table: *mut [u8; Section::SIZE],
    sections: usize,
    /// Where the next contents go.
    at: u64,
    /// Bytes of contents.
    bytes: u64,
}

impl Writer {
    fn section(&mut self, section: Section) -> Result<(), Line> {
        if self.sections == SECTIONS {
            return Err(reason("memory is in too many pieces"));
        }
        // SAFETY: inside the block that `write` mapped.
        unsafe { *self.table.add(self.sections) = section.to_bytes() };
        self.sections += 1;
        Ok(())
    }

    /// A section whose contents are in one piece and checked.
    fn add(&mut self, kind: u32, contents: &[u8]) -> Result<(), Line> {
        self.section(Section {
            kind,
            flags: flag::CHECKED,
            length: contents.len() as u64,
            offset: self.at,
            file_length: contents.len() as u64,
            checksum: checksum(contents),
            ..Section::default()
        })?;
        self.put(contents)
    }

    fn put(&mut self, contents: &[u8]) -> Result<(), Line> {
        if !write_all(self.fd, contents, self.at) {
            return Err(reason("no memory for the process image"));
        }
        self.at += contents.len() as u64;
        self.bytes += contents.len() as u64;
        Ok(())
    }

    /// Memory from `start` to `end`: with contents, or all zero.
    fn memory(&mut self, start: u64, end: u64, zero: bool) -> Result<(), Line> {
        let length = end - start;
        let file_length = if zero { 0 } else { length };
        self.section(Section {
            kind: kind::MEMORY,
            address: start,
            length,
            offset: self.at,
            file_length,
            ..Section::default()
        })?;
        if zero {
            return Ok(());
        }
        // SAFETY: mapped, and readable now.
        self.put(unsafe { core::slice::from_raw_parts(start as *const u8, length as usize) })
    }
}

/// Writes the image of this process, stopped with every frame in `capture`'s records.
pub fn write(fd: i64, capture: &Capture, to: &Isa, on_exec: &[i32]) -> Result<(), Line> {
    let room = (SECTIONS * Section::SIZE) as u64;
    let table = memory::private(room, PROT_READ | PROT_WRITE);
    if table < 0 {
        return Err(reason("no memory for the process image"));
    }
    let mut writer = Writer {
        fd,
        table: table as *mut _,
        sections: 0,
        at: Header::SIZE as u64,
        bytes: 0,
    };
    let done = contents(&mut writer, capture, to, on_exec).and_then(|()| finish(&mut writer));
    forward(nr::MUNMAP, [table, room as i64, 0, 0, 0, 0]);
    done
}

fn contents(out: &mut Writer, capture: &Capture, to: &Isa, on_exec: &[i32]) -> Result<(), Line> {
    let state = State {
        self_: stacks::self_(),
        dsp: stacks::dsp(),
        signal_mask: capture.mask,
        ..State::default()
    };
    out.add(kind::STATE, &state.to_bytes())?;
    records(out, capture)?;
    maps(out)?;
    descriptors(out, on_exec)?;
    let swapped = swapped();
    memory::with_table(|table| {
        let mut table = table.maps().iter();
        table.try_for_each(|map| window(out, map, swapped))
    })?;
    data_segment(out)?;
    let hop = Hop {
        sequence: poll::next_hop() - 1,
        from: arch::isa().id.into(),
        to: to.id.into(),
        frames: capture.frames,
        bytes: out.bytes,
        capture_begin: capture.begin,
        capture_end: capture.end,
        transfer_begin: now(),
        requester: capture.job.map_or(0, |job| job.asker as u64),
        ..Hop::default()
    };
    out.add(kind::HOP, &hop.to_bytes())
}

fn records(out: &mut Writer, capture: &Capture) -> Result<(), Line> {
    let length = capture.bytes();
    let head = Records {
        outermost: capture.outermost as u64,
        innermost: capture.innermost as u64,
        start: capture.innermost as u64,
        length,
        frames: capture.frames,
    };
    out.section(Section {
        kind: kind::RECORDS,
        length: RECORDS_AT + length,
        offset: out.at,
        file_length: RECORDS_AT + length,
        ..Section::default()
    })?;
    let mut padded = [0; RECORDS_AT as usize];
    padded[..Records::SIZE].copy_from_slice(&head.to_bytes());
    out.put(&padded)?;
    capture.ranges().try_for_each(|(start, end)| {
        // SAFETY: the records, all complete.
        out.put(unsafe { core::slice::from_raw_parts(start as *const u8, (end - start) as usize) })
    })
}

fn maps(out: &mut Writer) -> Result<(), Line> {
    memory::with_table(|table| {
        let maps = table.maps();
        let length = (maps.len() * SavedMap::SIZE) as u64;
        out.section(Section {
            kind: kind::MAPS,
            length,
            offset: out.at,
            file_length: length,
            ..Section::default()
        })?;
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
    })
}

fn descriptors(out: &mut Writer, on_exec: &[i32]) -> Result<(), Line> {
    let length = (8 + on_exec.len() * Fd::SIZE) as u64;
    out.section(Section {
        kind: kind::FDS,
        length,
        offset: out.at,
        file_length: length,
        ..Section::default()
    })?;
    out.put(&(on_exec.len() as u64).to_le_bytes())?;
    on_exec.iter().try_for_each(|&fd| {
        let saved = Fd {
            fd,
            fd_flags: 1,
            ..Fd::default()
        };
        out.put(&saved.to_bytes())
    })
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
fn window(out: &mut Writer, map: &Map, swapped: bool) -> Result<(), Line> {
    let start = match map.kind {
        Kind::DataStack => map.start.max(stacks::dsp() & !(PAGE - 1)),
        _ => map.start,
    };
    if start >= map.end {
        return Ok(());
    }
    let readable = i64::from(map.prot) & PROT_READ != 0;
    let protect = |prot: i64| {
        forward(
            nr::MPROTECT,
            [
                map.start as i64,
                (map.end - map.start) as i64,
                prot,
                0,
                0,
                0,
            ],
        )
    };
    if !readable && protect(PROT_READ) < 0 {
        return Err(reason("memory without read permission cannot be read"));
    }
    let done = pages(out, start, map, swapped);
    if !readable {
        protect(map.prot.into());
    }
    done
}

/// Whether some of our memory may be swapped out: `mincore` says of such pages what it says of pages
/// that were never touched.
fn swapped() -> bool {
    let path = c"/proc/self/status".as_ptr() as i64;
    let fd = forward(nr::OPEN, [path, 0, 0, 0, 0, 0]);
    let mut text = [0u8; 2048];
    let (out, size) = (text.as_mut_ptr() as i64, text.len() as i64);
    let length = forward(nr::READ, [fd, out, size, 0, 0, 0]);
    forward(nr::CLOSE, [fd, 0, 0, 0, 0, 0]);
    let text = &text[..length.max(0) as usize];
    let mut lines = text.split(|&b| b == b'\n');
    let amount = lines.find_map(|line| line.strip_prefix(b"VmSwap:"));
    amount.is_none_or(|amount| amount.trim_ascii() != b"0 kB")
}

/// Pages looked at in one `mincore` call.
const WINDOW: u64 = 1024;

fn pages(out: &mut Writer, start: u64, map: &Map, swapped: bool) -> Result<(), Line> {
    let mut resident = [0u8; WINDOW as usize];
    let mut run: Option<(u64, u64)> = None;
    let mut at = start;
    while at < map.end {
        let length = (map.end - at).min(WINDOW * PAGE);
        let vector = resident.as_mut_ptr() as i64;
        let call = [at as i64, length as i64, vector, 0, 0, 0];
        let known = !swapped && forward(nr::MINCORE, call) >= 0;
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
                    out.memory(from, end, false)?;
                    Some((page, page + PAGE))
                }
                None => Some((page, page + PAGE)),
            };
        }
        at += length;
    }
    match run {
        Some((from, end)) => out.memory(from, end, false),
        None => Ok(()),
    }
}

fn data_segment(out: &mut Writer) -> Result<(), Line> {
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
            out.memory(from, at, before)?;
            from = at;
        }
        kind = Some(zero);
        at = next;
    }
    match kind {
        Some(zero) => out.memory(from, end, zero),
        None => Ok(()),
    }
}

/// The table and the header.
fn finish(out: &mut Writer) -> Result<(), Line> {
    // SAFETY: the sections written so far.
    let table = unsafe {
        core::slice::from_raw_parts(out.table.cast::<u8>(), out.sections * Section::SIZE)
    };
    let at = out.at;
    out.put(table)?;
    let header = Header {
        isa: arch::isa().id,
        build_id: build_id(),
        sections: out.sections as u32,
        table: at,
        length: at + table.len() as u64,
        table_checksum: checksum(table),
    };
    out.at = 0;
    out.put(&header.to_bytes())
}
