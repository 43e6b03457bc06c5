//! Where an image goes: a section table in memory, contents in a file.

use popcorn_metadata::image::{Checksum, Header, Section, flag, kind, table_checksum};

use crate::arch;
use crate::base::refusal::Refusal;
use crate::kernel::memory::List;
use crate::kernel::{errno, file};
use crate::program::identity;
use crate::refusal;

/// Sections that there is room for at first.
const SECTIONS: usize = 1 << 12;

/// The image under construction.
pub struct Sink {
    fd: i32,
    table: List<[u8; Section::SIZE]>,
    /// Where the next contents go.
    at: u64,
    /// Bytes of contents.
    bytes: u64,
    /// Every section gets a checksum. Not for a hop: its image lives for a moment, in memory.
    checked: bool,
    /// That of the section under way.
    sum: Checksum,
}

impl Sink {
    /// An image into the file that `fd` is open on, from its beginning.
    pub fn new(fd: i32, checked: bool) -> Result<Self, Refusal> {
        let table = List::with_room(SECTIONS)
            .map_err(|_| refusal!(errno::ENOMEM, "no memory for the process image"))?;
        Ok(Self {
            fd,
            table,
            at: Header::SIZE as u64,
            bytes: 0,
            checked,
            sum: Checksum::new(0),
        })
    }

    /// Bytes of contents so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn section(&mut self, section: Section) -> Result<(), Refusal> {
        let entry = section.to_bytes();
        while !self.table.push(entry) {
            self.table
                .grow()
                .map_err(|e| refusal!(e.0, "no memory for the process image: {e}"))?;
        }
        self.sum = Checksum::new(section.file_length);
        Ok(())
    }

    /// A section whose contents are in one piece.
    pub fn add(&mut self, kind: u32, contents: &[u8]) -> Result<(), Refusal> {
        self.open(kind, contents.len() as u64)?;
        self.put(contents)?;
        self.close();
        Ok(())
    }

    /// Begins a section of `length` bytes, which are `put` next.
    pub fn open(&mut self, kind: u32, length: u64) -> Result<(), Refusal> {
        self.open_of(kind, 0, length)
    }

    /// The same for one that belongs to what is at `address`.
    pub fn open_of(&mut self, kind: u32, address: u64, length: u64) -> Result<(), Refusal> {
        self.section(Section {
            kind,
            address,
            length,
            offset: self.at,
            file_length: length,
            ..Section::default()
        })
    }

    /// Ends the section that was begun last.
    pub fn close(&mut self) {
        if !self.checked {
            return;
        }
        if let Some(entry) = self.table.as_mut_slice().last_mut()
            && let Some(section) = Section::from_bytes(entry)
        {
            *entry = Section {
                flags: section.flags | flag::CHECKED,
                checksum: self.sum.clone().finish(),
                ..section
            }
            .to_bytes();
        }
    }

    pub fn put(&mut self, contents: &[u8]) -> Result<(), Refusal> {
        if self.checked {
            self.sum.update(contents);
        }
        file::write_all_at(self.fd, contents, self.at)
            .map_err(|e| refusal!(e.0, "the process image cannot be written: {e}"))?;
        self.at += contents.len() as u64;
        self.bytes += contents.len() as u64;
        Ok(())
    }

    /// Memory from `start` to `end`: with contents, or all zero.
    ///
    /// # Safety
    /// It is mapped and readable.
    pub unsafe fn memory(&mut self, start: u64, end: u64, zero: bool) -> Result<(), Refusal> {
        let length = end - start;
        self.section(Section {
            kind: kind::MEMORY,
            address: start,
            length,
            offset: self.at,
            file_length: if zero { 0 } else { length },
            ..Section::default()
        })?;
        if !zero {
            // SAFETY: by contract.
            self.put(unsafe { core::slice::from_raw_parts(start as *const u8, length as usize) })?;
        }
        self.close();
        Ok(())
    }

    /// The table and the header; the bytes of the whole image.
    pub fn finish(mut self) -> Result<u64, Refusal> {
        let at = self.at;
        // The table is written from where it lies, so it is taken out of `self` first.
        let none = List::with_room(0)
            .map_err(|_| refusal!(errno::ENOMEM, "no memory for the process image"))?;
        let list = core::mem::replace(&mut self.table, none);
        let table = list.as_slice().as_flattened();
        self.put(table)?;
        let length = at + table.len() as u64;
        let mut header = Header {
            isa: arch::isa().id,
            build_id: identity::build_id(),
            sections: list.as_slice().len() as u32,
            table: at,
            length,
            table_checksum: 0,
        };
        header.table_checksum = table_checksum(&header.to_bytes(), table);
        self.at = 0;
        self.put(&header.to_bytes())?;
        Ok(length)
    }
}
