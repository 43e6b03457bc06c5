//! The process image: what one incarnation of a process leaves for the next, on whatever ISA.
//!
//! ```text
//! header            64 bytes  [Header]
//! section table     48 bytes each  [Section]
//! section contents  anywhere after, in any order; memory on page boundaries if it is to be mapped
//! ```
//!
//! Everything is little-endian and in the base ABI's numbers and layouts, so an image does not depend
//! on the ISA that wrote it; [`Header::isa`] is there for messages. Writers need no allocation: fill
//! in the structs and put their `to_bytes` where they belong. Readers are total: hostile bytes give an
//! [`ImageError`], never a panic.

pub mod checkpoint;
pub mod objects;
mod records;

pub use checkpoint::Checkpoint;
pub use objects::{Contents, Item, Object, Objects};
pub use records::{
    FD_GIVEN, FD_KEEPER, Fd, Hop, Map, Process, Records, Section, Signal, State, Timer,
};

use crate::bytes::{array_at, range, u16_at, u32_at, u64_at};
use core::fmt;

/// First bytes of every image.
pub const MAGIC: [u8; 8] = *b"POPIMAGE";
/// Version of this format. A reader refuses any other.
pub const VERSION: u32 = 4;

/// Bytes of a pending signal in a section [`kind::QUEUED`].
pub const QUEUED_SIZE: usize = 128;

/// What a section holds.
pub mod kind {
    /// A run of pages, to be at `address`. Pages that were never touched, or are zero, are in no section.
    pub const MEMORY: u32 = 1;
    /// One [`Records`](super::Records) and the frame records of one thread; `address` is that of its `struct pthread`.
    pub const RECORDS: u32 = 2;
    /// One [`State`](super::State) for each thread; `address` as above.
    pub const STATE: u32 = 3;
    /// An array of [`Map`](super::Map): the address-space table of the window.
    pub const MAPS: u32 = 4;
    /// A count (u64), that many [`Fd`](super::Fd), then the paths they name.
    pub const FDS: u32 = 5;
    /// An array of [`Signal`](super::Signal).
    pub const SIGNALS: u32 = 6;
    /// One [`Hop`](super::Hop).
    pub const HOP: u32 = 7;
    /// One [`Process`](super::Process), then its texts. Checkpoints only.
    pub const PROCESS: u32 = 8;
    /// An array of [`Timer`](super::Timer). Checkpoints only.
    pub const TIMERS: u32 = 9;
    /// An array of `siginfo_t` in the base ABI's layout, [`QUEUED_SIZE`](super::QUEUED_SIZE) bytes each: real-time
    /// signals that were pending, in the order in which they arrive.
    pub const QUEUED: u32 = 10;
    /// Kernel objects that no path leads to: [`objects`](super::objects). Checkpoints only.
    pub const OBJECTS: u32 = 11;
    /// Bytes of a file among them: [`Contents`](super::Contents). Checkpoints only.
    pub const CONTENTS: u32 = 12;

    /// The name in dumps.
    pub fn name(kind: u32) -> &'static str {
        match kind {
            MEMORY => "memory",
            RECORDS => "records",
            STATE => "state",
            MAPS => "maps",
            FDS => "fds",
            SIGNALS => "signals",
            HOP => "hop",
            PROCESS => "process",
            TIMERS => "timers",
            QUEUED => "queued",
            OBJECTS => "objects",
            CONTENTS => "contents",
            _ => "unknown",
        }
    }
}

/// Bits of [`Section::flags`].
pub mod flag {
    /// [`Section::checksum`](super::Section::checksum) holds the [`checksum`](super::checksum) of the contents.
    pub const CHECKED: u32 = 1;
    /// A reader that does not know the kind may pass over the section.
    pub const OPTIONAL: u32 = 2;
}

/// Why bytes are not an image this program can go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError {
    /// Fewer bytes than the header says, or than a header has.
    Truncated,
    /// More bytes than the header says.
    Oversized,
    /// Not an image at all.
    Magic,
    /// An image of another version of the format: that version.
    Version(u32),
    /// Section number so-and-so does not lie inside the file.
    Section(u32),
    /// The contents of section number so-and-so do not have the checksum that the table gives.
    Checksum(u32),
    /// Header and section table do not have the checksum that the header gives.
    Table,
    /// A section of a checkpoint that has no checksum: that section.
    Unchecked(u32),
    /// No section of this kind.
    Missing(u32),
    /// The section of this kind does not hold what it should.
    Malformed(u32),
    /// A section of a kind that this reader does not know.
    Unknown(u32),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the process image is truncated"),
            Self::Oversized => write!(f, "the process image has bytes behind its end"),
            Self::Magic => write!(f, "not a process image"),
            Self::Version(v) => write!(
                f,
                "process image of version {v}, this program reads {VERSION}"
            ),
            Self::Section(n) => write!(f, "section {n} of the process image lies outside it"),
            Self::Checksum(n) => write!(f, "section {n} of the process image is damaged"),
            Self::Table => write!(f, "the section table of the process image is damaged"),
            Self::Unchecked(n) => write!(f, "section {n} of the process image has no checksum"),
            Self::Missing(kind) => write!(
                f,
                "the process image has no section `{}`",
                kind::name(*kind)
            ),
            Self::Malformed(kind) => write!(
                f,
                "the section `{}` of the process image makes no sense",
                kind::name(*kind)
            ),
            Self::Unknown(kind) => {
                write!(f, "the process image has a section of unknown kind {kind}")
            }
        }
    }
}

impl core::error::Error for ImageError {}

/// The first 64 bytes.
///
/// ```text
///  0  [u8; 8]   magic "POPIMAGE"
///  8  u32       version
/// 12  u16       isa: id of the ISA that wrote it
/// 14  u16       0
/// 16  [u8; 16]  build id of the program
/// 32  u32       number of sections
/// 36  u32       bytes of a section entry (48)
/// 40  u64       file offset of the section table
/// 48  u64       bytes of the whole image
/// 56  u64       checksum of what stands before, followed by the section table
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Id of the ISA that wrote the image.
    pub isa: u16,
    /// Build id of the program; another build's image must not be resumed.
    pub build_id: [u8; 16],
    /// Number of sections.
    pub sections: u32,
    /// File offset of the section table, bytes.
    pub table: u64,
    /// Bytes of the whole image.
    pub length: u64,
    /// [`table_checksum`] of the 56 bytes before and the section table.
    pub table_checksum: u64,
}

impl Header {
    /// Bytes of the header.
    pub const SIZE: usize = 64;

    /// The header as it is written.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        out[0..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[12..14].copy_from_slice(&self.isa.to_le_bytes());
        out[16..32].copy_from_slice(&self.build_id);
        out[32..36].copy_from_slice(&self.sections.to_le_bytes());
        out[36..40].copy_from_slice(&(Section::SIZE as u32).to_le_bytes());
        out[40..48].copy_from_slice(&self.table.to_le_bytes());
        out[48..56].copy_from_slice(&self.length.to_le_bytes());
        out[56..64].copy_from_slice(&self.table_checksum.to_le_bytes());
        out
    }

    /// Reads the header at the beginning of `bytes`.
    ///
    /// # Errors
    /// [`ImageError::Magic`], [`ImageError::Version`], or [`ImageError::Truncated`] for fewer than 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImageError> {
        let short = ImageError::Truncated;
        if array_at(bytes, 0).ok_or(short)? != MAGIC {
            return Err(ImageError::Magic);
        }
        let version = u32_at(bytes, 8).ok_or(short)?;
        let entry = u32_at(bytes, 36).ok_or(short)?;
        if version != VERSION || entry as usize != Section::SIZE {
            return Err(ImageError::Version(version));
        }
        Ok(Self {
            isa: u16_at(bytes, 12).ok_or(short)?,
            build_id: array_at(bytes, 16).ok_or(short)?,
            sections: u32_at(bytes, 32).ok_or(short)?,
            table: u64_at(bytes, 40).ok_or(short)?,
            length: u64_at(bytes, 48).ok_or(short)?,
            table_checksum: u64_at(bytes, 56).ok_or(short)?,
        })
    }
}

/// A 64-bit sum over eight bytes at a time: finds damage, proves nothing. (Multiply-rotate; the last
/// word is filled with zeros, the length is mixed in.)
pub fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = Checksum::new(bytes.len() as u64);
    sum.update(bytes);
    sum.finish()
}

/// The sum of [`Header::table_checksum`].
pub fn table_checksum(header: &[u8; Header::SIZE], table: &[u8]) -> u64 {
    let covered = &header[..Header::SIZE - 8];
    let mut sum = Checksum::new((covered.len() + table.len()) as u64);
    sum.update(covered);
    sum.update(table);
    sum.finish()
}

/// [`checksum`] of bytes that come in pieces.
#[derive(Debug, Clone)]
pub struct Checksum {
    sum: u64,
    /// Bytes that do not make a word yet.
    rest: [u8; 8],
    held: usize,
}

impl Checksum {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Begins the sum of `length` bytes.
    pub fn new(length: u64) -> Self {
        Self {
            sum: Self::K ^ length,
            rest: [0; 8],
            held: 0,
        }
    }

    fn word(&mut self, word: [u8; 8]) {
        self.sum = (self.sum.rotate_left(29) ^ u64::from_le_bytes(word)).wrapping_mul(Self::K);
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while self.held > 0 && !bytes.is_empty() {
            self.rest[self.held] = bytes[0];
            self.held = (self.held + 1) % 8;
            bytes = &bytes[1..];
            if self.held == 0 {
                self.word(self.rest);
            }
        }
        let words = bytes.chunks_exact(8);
        let rest = words.remainder();
        for word in words {
            self.word(word.try_into().unwrap_or_default());
        }
        self.rest[self.held..self.held + rest.len()].copy_from_slice(rest);
        self.held += rest.len();
    }

    /// The sum.
    pub fn finish(mut self) -> u64 {
        self.rest[self.held..].fill(0);
        self.word(self.rest);
        self.sum
    }
}

/// A checked view of a whole image in memory.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    bytes: &'a [u8],
    table: &'a [u8],
    header: Header,
}

impl<'a> Image<'a> {
    /// Checks header, section table and the extent of every section. Contents are checked by
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let header = Header::from_bytes(bytes)?;
        if bytes.len() as u64 > header.length {
            return Err(ImageError::Oversized);
        }
        let bytes = range(bytes, 0, header.length).ok_or(ImageError::Truncated)?;
        let table_length = u64::from(header.sections) * Section::SIZE as u64;
        let table = range(bytes, header.table, table_length).ok_or(ImageError::Truncated)?;
        let image = Self {
            bytes,
            table,
            header,
        };
        for (n, section) in (0..).zip(image.sections()) {
            let whole = section.length >= section.file_length
                && section.address.checked_add(section.length).is_some();
            if !whole || range(bytes, section.offset, section.file_length).is_none() {
                return Err(ImageError::Section(n));
            }
        }
        Ok(image)
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The section table.
    pub fn sections(&self) -> impl Iterator<Item = Section> + use<'a> {
        self.table
            .chunks_exact(Section::SIZE)
            .filter_map(Section::from_bytes)
    }

    /// The contents of a section of this image.
    pub fn contents(&self, section: &Section) -> &'a [u8] {
        range(self.bytes, section.offset, section.file_length).unwrap_or_default()
    }

    /// The contents of the first section of this kind.
    pub fn find(&self, kind: u32) -> Option<&'a [u8]> {
        let section = self.sections().find(|s| s.kind == kind)?;
        Some(self.contents(&section))
    }

    /// The contents of the section of this kind that belongs to the thread with its `struct pthread` at `address`.
    pub fn find_of(&self, kind: u32, address: u64) -> Option<&'a [u8]> {
        let mut sections = self.sections();
        let section = sections.find(|s| s.kind == kind && s.address == address)?;
        Some(self.contents(&section))
    }

    /// The threads, in the order in which they were written.
    pub fn threads(&self) -> impl Iterator<Item = State> + use<'a> {
        let image = *self;
        let states = self.sections().filter(|s| s.kind == kind::STATE);
        states.filter_map(move |s| State::from_bytes(image.contents(&s)))
    }

    /// Checks the checksums of the table and of every section that has one.
    ///
    /// # Errors
    /// The table, or the first section that is damaged.
    pub fn verify(&self) -> Result<(), ImageError> {
        let header = array_at(self.bytes, 0).ok_or(ImageError::Truncated)?;
        if table_checksum(&header, self.table) != self.header.table_checksum {
            return Err(ImageError::Table);
        }
        for (n, section) in (0..).zip(self.sections()) {
            if section.flags & flag::CHECKED != 0
                && checksum(self.contents(&section)) != section.checksum
            {
                return Err(ImageError::Checksum(n));
            }
        }
        Ok(())
    }
}

/// The text dump: one line for the header, one per section.
impl fmt::Display for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let h = &self.header;
        write!(f, "image version {VERSION} isa {} build ", h.isa)?;
        for b in h.build_id {
            write!(f, "{b:02x}")?;
        }
        writeln!(f, " sections {} bytes {}", h.sections, h.length)?;
        for s in self.sections() {
            writeln!(
                f,
                "{:8} {:#014x} +{:#x} file {:#x} +{:#x}",
                kind::name(s.kind),
                s.address,
                s.length,
                s.offset,
                s.file_length
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let memory = [7u8; 100];
        let hop = Hop {
            sequence: 3,
            to: 2,
            ..Hop::default()
        }
        .to_bytes();
        let at = (Header::SIZE + 2 * Section::SIZE) as u64;
        let table: Vec<u8> = [
            Section {
                kind: kind::MEMORY,
                flags: flag::CHECKED,
                address: 0x10_0000_0000,
                length: 4096,
                offset: at,
                file_length: 100,
                checksum: checksum(&memory),
            },
            Section {
                kind: kind::HOP,
                offset: at + 100,
                length: Hop::SIZE as u64,
                file_length: Hop::SIZE as u64,
                ..Section::default()
            },
        ]
        .iter()
        .flat_map(Section::to_bytes)
        .collect();
        let mut header = Header {
            isa: 1,
            build_id: *b"0123456789abcdef",
            sections: 2,
            table: Header::SIZE as u64,
            length: at + 100 + Hop::SIZE as u64,
            table_checksum: 0,
        };
        header.table_checksum = table_checksum(&header.to_bytes(), &table);
        [&header.to_bytes()[..], &table, &memory, &hop].concat()
    }

    #[test]
    fn round_trip() {
        let bytes = sample();
        let image = Image::parse(&bytes).unwrap();
        image.verify().unwrap();
        assert_eq!(image.header().isa, 1);
        assert_eq!(image.find(kind::MEMORY).unwrap(), [7; 100]);
        let hop = Hop::from_bytes(image.find(kind::HOP).unwrap()).unwrap();
        assert_eq!((hop.sequence, hop.to), (3, 2));
        assert!(image.find(kind::FDS).is_none());
        assert!(
            image
                .to_string()
                .contains("memory   0x001000000000 +0x1000 file 0xa0 +0x64")
        );
    }

    #[test]
    fn damage_is_named() {
        let mut bytes = sample();
        let last_memory = Header::SIZE + 2 * Section::SIZE + 99;
        bytes[last_memory] ^= 1;
        let image = Image::parse(&bytes).unwrap();
        assert_eq!(image.verify(), Err(ImageError::Checksum(0)));
        bytes[8] = 9;
        assert_eq!(Image::parse(&bytes).unwrap_err(), ImageError::Version(9));
        bytes[0] = 0;
        assert_eq!(Image::parse(&bytes).unwrap_err(), ImageError::Magic);
        let mut bytes = sample();
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(Image::parse(cut).unwrap_err(), ImageError::Truncated);
        bytes[12] ^= 1;
        let image = Image::parse(&bytes).unwrap();
        assert_eq!(image.verify(), Err(ImageError::Table));
        bytes.push(0);
        assert_eq!(Image::parse(&bytes).unwrap_err(), ImageError::Oversized);
    }

    #[test]
    fn pieces_sum_up_like_the_whole() {
        let bytes: Vec<u8> = (0..100).collect();
        for cut in 0..bytes.len() {
            let mut sum = Checksum::new(100);
            sum.update(&bytes[..cut / 2]);
            sum.update(&bytes[cut / 2..cut]);
            sum.update(&bytes[cut..]);
            assert_eq!(sum.finish(), checksum(&bytes), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(at in 0usize..160, value: u8, cut in 0usize..400) {
            let mut bytes = sample();
            bytes[at] = value;
            bytes.truncate(cut.max(at + 1));
            if let Ok(image) = Image::parse(&bytes) {
                let _ = image.verify();
                let _ = image.to_string();
            }
        }

        #[test]
        fn sections_round_trip(kind: u32, flags: u32, address: u64, length: u64, checksum: u64) {
            let section = Section { kind, flags, address, length, offset: length, file_length: address, checksum };
            prop_assert_eq!(Section::from_bytes(&section.to_bytes()), Some(section));
        }
    }
}
