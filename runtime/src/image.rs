//! Writing the process image (`popcorn_metadata::image`): into a memfd for a hop, into a file for a
//! checkpoint.
//!
//! Memory goes in as runs of pages: those of the window that were touched and are not zero, and the
//! data segment whole, its zero pages as sections without contents.

use popcorn_metadata::image::checkpoint::RECORDS_AT;
use popcorn_metadata::image::{
    Checksum, Fd, Header, Hop, Map as SavedMap, Process, Records, Section, Signal, State, Timer,
    flag, kind, table_checksum,
};
use popcorn_toolchains::Isa;

use crate::arch;
use crate::capture::{Capture, now};
use crate::hop::build_id;
use crate::kept::Kept;
use crate::maps::{Kind, Map, PAGE};
use crate::memory::{self, PROT_READ, PROT_WRITE};
use crate::poll::Asker;
use crate::syscall::signals::dispositions;
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

const EFBIG: i64 = -27;
const ENOSPC: i64 = -28;
const ENOMEM: i64 = -12;

/// Writes all of `bytes` at `offset`, or says the error.
pub fn write_all(fd: i64, bytes: &[u8], offset: u64) -> Result<(), i64> {
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
            error => return Err(error),
        }
    }
    Ok(())
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
    /// Every section gets a checksum. Not for a hop: its image lives for a moment, in memory.
    checked: bool,
    /// That of the section under way.
    sum: Checksum,
}

impl Writer {
    fn section(&mut self, section: Section) -> Result<(), Line> {
        if self.sections == SECTIONS {
            return Err(reason("memory is in too many pieces"));
        }
        // SAFETY: inside the block that `write` mapped.
        unsafe { *self.table.add(self.sections) = section.to_bytes() };
        self.sections += 1;
        self.sum = Checksum::new(section.file_length);
        Ok(())
    }

    /// A section whose contents are in one piece.
    fn add(&mut self, kind: u32, contents: &[u8]) -> Result<(), Line> {
        self.open(kind, contents.len() as u64)?;
        self.put(contents)?;
        self.close();
        Ok(())
    }

    /// Begins a section of `length` bytes, which are `put` next.
    fn open(&mut self, kind: u32, length: u64) -> Result<(), Line> {
        self.section(Section {
            kind,
            length,
            offset: self.at,
            file_length: length,
            ..Section::default()
        })
    }

    /// Ends the section that was begun last.
    fn close(&mut self) {
        if !self.checked {
            return;
        }
        // SAFETY: the last entry, inside the block that `write` mapped.
        let entry = unsafe { &mut *self.table.add(self.sections - 1) };
        if let Some(section) = Section::from_bytes(entry) {
            *entry = Section {
                flags: section.flags | flag::CHECKED,
                checksum: self.sum.clone().finish(),
                ..section
            }
            .to_bytes();
        }
    }

    fn put(&mut self, contents: &[u8]) -> Result<(), Line> {
        if self.checked {
            self.sum.update(contents);
        }
        if let Err(error) = write_all(self.fd, contents, self.at) {
            let mut line = reason("the process image cannot be written: ");
            match error {
                ENOSPC => line.str("no space left on device"),
                EFBIG => line.str("the file would be too large"),
                ENOMEM => line.str("no memory"),
                error => line.str("error ").dec(error.unsigned_abs()),
            };
            return Err(line);
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
        if !zero {
            // SAFETY: mapped, and readable now.
            self.put(unsafe { core::slice::from_raw_parts(start as *const u8, length as usize) })?;
        }
        self.close();
        Ok(())
    }
}

/// Writes the image of this process, stopped with every frame in `capture`'s records, for a hop.
pub fn write(fd: i64, capture: &Capture, to: &Isa, on_exec: &[i32]) -> Result<(), Line> {
    with_writer(fd, false, |out| {
        contents(out, capture, to, asker(capture))?;
        marked_descriptors(out, on_exec)
    })?;
    Ok(())
}

/// The same for a checkpoint, with what an exec would keep; the bytes of the image.
pub fn write_checkpoint(fd: i64, capture: &Capture, kept: &Kept) -> Result<u64, Line> {
    with_writer(fd, true, |out| {
        contents(out, capture, arch::isa(), Asker::Restore as u64)?;
        all_descriptors(out, kept)?;
        signals(out)?;
        process(out, kept)?;
        timers(out, kept)
    })
}

fn asker(capture: &Capture) -> u64 {
    capture.job.map_or(0, |job| job.asker as u64)
}

/// Has `fill` write the sections, then writes the rest; the bytes of the image.
fn with_writer(
    fd: i64,
    checked: bool,
    fill: impl FnOnce(&mut Writer) -> Result<(), Line>,
) -> Result<u64, Line> {
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
        checked,
        sum: Checksum::new(0),
    };
    let done = fill(&mut writer).and_then(|()| finish(&mut writer));
    forward(nr::MUNMAP, [table, room as i64, 0, 0, 0, 0]);
    done
}

fn contents(out: &mut Writer, capture: &Capture, to: &Isa, requester: u64) -> Result<(), Line> {
    let state = State {
        self_: stacks::self_(),
        dsp: stacks::dsp(),
        signal_mask: capture.mask,
        ..State::default()
    };
    out.add(kind::STATE, &state.to_bytes())?;
    records(out, capture)?;
    maps(out)?;
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
        requester,
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
    out.open(kind::RECORDS, RECORDS_AT as u64 + length)?;
    let mut padded = [0; RECORDS_AT];
    padded[..Records::SIZE].copy_from_slice(&head.to_bytes());
    out.put(&padded)?;
    capture.ranges().try_for_each(|(start, end)| {
        // SAFETY: the records, all complete.
        out.put(unsafe { core::slice::from_raw_parts(start as *const u8, (end - start) as usize) })
    })?;
    out.close();
    Ok(())
}

fn maps(out: &mut Writer) -> Result<(), Line> {
    memory::with_table(|table| {
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

/// Descriptors that stay open over a hop and are to be marked again.
fn marked_descriptors(out: &mut Writer, on_exec: &[i32]) -> Result<(), Line> {
    out.open(kind::FDS, (8 + on_exec.len() * Fd::SIZE) as u64)?;
    out.put(&(on_exec.len() as u64).to_le_bytes())?;
    on_exec.iter().try_for_each(|&fd| {
        let saved = Fd {
            fd,
            fd_flags: 1,
            same_as: -1,
            ..Fd::default()
        };
        out.put(&saved.to_bytes())
    })
}

fn all_descriptors(out: &mut Writer, kept: &Kept) -> Result<(), Line> {
    let records = 8 + kept.count() * Fd::SIZE as u64;
    out.open(kind::FDS, records + kept.text().len() as u64)?;
    out.put(&kept.count().to_le_bytes())?;
    for fd in kept.descriptors() {
        let path = fd.path + records as u32;
        out.put(&Fd { path, ..fd }.to_bytes())?;
    }
    out.put(kept.text())?;
    out.close();
    Ok(())
}

fn signals(out: &mut Writer) -> Result<(), Line> {
    let count = dispositions().count();
    out.open(kind::SIGNALS, (count * Signal::SIZE) as u64)?;
    dispositions().try_for_each(|(number, action)| {
        let saved = Signal {
            number,
            handler: action.handler,
            flags: action.flags,
            restorer: action.restorer,
            mask: action.mask,
        };
        out.put(&saved.to_bytes())
    })?;
    out.close();
    Ok(())
}

fn process(out: &mut Writer, kept: &Kept) -> Result<(), Line> {
    let texts = Process::SIZE as u32;
    let process = kept.of_process();
    let process = Process {
        program: process.program + texts,
        directory: process.directory + texts,
        arguments: process.arguments + texts,
        ..*process
    };
    out.open(kind::PROCESS, (Process::SIZE + kept.text().len()) as u64)?;
    out.put(&process.to_bytes())?;
    out.put(kept.text())?;
    out.close();
    Ok(())
}

fn timers(out: &mut Writer, kept: &Kept) -> Result<(), Line> {
    out.open(kind::TIMERS, (kept.timers().len() * Timer::SIZE) as u64)?;
    kept.timers()
        .iter()
        .try_for_each(|timer| out.put(&timer.to_bytes()))?;
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

/// The table and the header; the bytes of the whole image.
fn finish(out: &mut Writer) -> Result<u64, Line> {
    // SAFETY: the sections written so far.
    let table = unsafe {
        core::slice::from_raw_parts(out.table.cast::<u8>(), out.sections * Section::SIZE)
    };
    let at = out.at;
    out.put(table)?;
    let length = at + table.len() as u64;
    let mut header = Header {
        isa: arch::isa().id,
        build_id: build_id(),
        sections: out.sections as u32,
        table: at,
        length,
        table_checksum: 0,
    };
    header.table_checksum = table_checksum(&header.to_bytes(), table);
    out.at = 0;
    out.put(&header.to_bytes())?;
    Ok(length)
}
