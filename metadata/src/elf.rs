//! Just enough of ELF to find things: 64-bit, little-endian (System V ABI, edition 4.1, chapters 4, 5).
//!
//! Every ISA of the toolchain uses that form. The runtime needs it to take another ISA's image out of
//! the packed program without allocation; the linker builds on the same records.

use crate::bytes::{array_at, range, record, u16_at, u32_at, u64_at};
use core::fmt;

/// Values of [`SectionHeader::kind`].
#[allow(missing_docs, reason = "the names are the ELF specification's")]
pub mod sht {
    pub const NULL: u32 = 0;
    pub const PROGBITS: u32 = 1;
    pub const SYMTAB: u32 = 2;
    pub const STRTAB: u32 = 3;
    pub const RELA: u32 = 4;
    pub const NOTE: u32 = 7;
    pub const NOBITS: u32 = 8;
    pub const REL: u32 = 9;
    pub const INIT_ARRAY: u32 = 14;
    pub const FINI_ARRAY: u32 = 15;
    pub const PREINIT_ARRAY: u32 = 16;
    pub const GROUP: u32 = 17;
    pub const SYMTAB_SHNDX: u32 = 18;
}

/// Bits of [`SectionHeader::flags`].
#[allow(missing_docs, reason = "the names are the ELF specification's")]
pub mod shf {
    pub const WRITE: u64 = 1;
    pub const ALLOC: u64 = 2;
    pub const EXEC: u64 = 4;
    pub const MERGE: u64 = 0x10;
    pub const STRINGS: u64 = 0x20;
    pub const LINK_ORDER: u64 = 0x80;
    pub const GROUP: u64 = 0x200;
    pub const TLS: u64 = 0x400;
    pub const RETAIN: u64 = 0x20_0000;
    pub const EXCLUDE: u64 = 0x8000_0000;
}

/// Values of [`Symbol::kind`] and [`Symbol::binding`], and reserved section numbers.
#[allow(missing_docs, reason = "the names are the ELF specification's")]
pub mod st {
    pub const NOTYPE: u8 = 0;
    pub const OBJECT: u8 = 1;
    pub const FUNC: u8 = 2;
    pub const SECTION: u8 = 3;
    pub const FILE: u8 = 4;
    pub const COMMON: u8 = 5;
    pub const TLS: u8 = 6;
    pub const IFUNC: u8 = 10;

    pub const LOCAL: u8 = 0;
    pub const GLOBAL: u8 = 1;
    pub const WEAK: u8 = 2;

    pub const UNDEF: u16 = 0;
    pub const LORESERVE: u16 = 0xff00;
    pub const ABS: u16 = 0xfff1;
    pub const COMMON_SECTION: u16 = 0xfff2;
    pub const XINDEX: u16 = 0xffff;
}

record! {
    /// An entry of the section table.
    pub struct SectionHeader[64] {
        /// Offset of the name in the table of names.
        0 => name: u32,
        /// One of [`sht`].
        4 => kind: u32,
        /// Bits of [`shf`].
        8 => flags: u64,
        /// Address in memory.
        16 => address: u64,
        /// Offset in the file, bytes.
        24 => offset: u64,
        /// Bytes.
        32 => size: u64,
        /// A section, by kind.
        40 => link: u32,
        /// By kind.
        44 => info: u32,
        /// Alignment, bytes; 0 and 1 mean none.
        48 => align: u64,
        /// Bytes of an entry, for tables.
        56 => entsize: u64,
    }
}

record! {
    /// An entry of the program header table.
    pub struct ProgramHeader[56] {
        /// `PT_*`.
        0 => kind: u32,
        /// `PF_*`.
        4 => flags: u32,
        /// Offset in the file, bytes.
        8 => offset: u64,
        /// Address in memory.
        16 => address: u64,
        /// Physical address: the same.
        24 => physical: u64,
        /// Bytes in the file.
        32 => file_size: u64,
        /// Bytes in memory.
        40 => size: u64,
        /// Alignment, bytes.
        48 => align: u64,
    }
}

record! {
    /// An entry of a symbol table.
    pub struct Symbol[24] {
        /// Offset of the name.
        0 => name: u32,
        /// Binding and type.
        4 => info: u8,
        /// Visibility.
        5 => other: u8,
        /// Section number, see [`st`].
        6 => section: u16,
        /// Offset in the section (relocatable) or address (linked).
        8 => value: u64,
        /// Bytes.
        16 => size: u64,
    }
}

impl Symbol {
    /// Its type, one of [`st`].
    pub fn kind(&self) -> u8 {
        self.info & 15
    }

    /// Its binding, one of [`st`].
    pub fn binding(&self) -> u8 {
        self.info >> 4
    }
}

record! {
    /// A relocation.
    pub struct Rela[24] {
        /// Offset in the section it changes.
        0 => offset: u64,
        /// Symbol and type.
        8 => info: u64,
        /// Addend.
        16 => addend: i64,
    }
}

impl Rela {
    /// Index of its symbol.
    pub fn symbol(&self) -> usize {
        (self.info >> 32) as usize
    }
}

/// Why bytes are not an ELF file of the only form there is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfError {
    /// Not a 64-bit little-endian ELF file.
    NotElf,
    /// The section table or a section lies outside the file.
    Truncated,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotElf => "not a 64-bit little-endian ELF file",
            Self::Truncated => "the ELF file is truncated",
        })
    }
}

impl core::error::Error for ElfError {}

/// A view of an ELF file: its header, and its sections by number and name.
#[derive(Debug, Clone, Copy)]
pub struct Elf<'a> {
    /// The file.
    pub bytes: &'a [u8],
    /// `e_type`: 1 relocatable, 2 executable.
    pub kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// Address of the entry point.
    pub entry: u64,
    /// Offset of the program headers, bytes.
    pub phoff: u64,
    /// Number of program headers.
    pub phnum: u16,
    /// Offset of the section table, bytes.
    pub shoff: u64,
    /// Number of sections.
    pub shnum: usize,
    /// Number of the section that holds the section names.
    pub shstrndx: usize,
    table: &'a [u8],
    names: &'a [u8],
}

impl<'a> Elf<'a> {
    /// Reads the header and finds the section table and the names.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        // EI_MAG, EI_CLASS (64), EI_DATA (little-endian), EI_VERSION.
        if array_at(bytes, 0) != Some(*b"\x7fELF\x02\x01\x01") {
            return Err(ElfError::NotElf);
        }
        Self::parse_tables(bytes).ok_or(ElfError::Truncated)
    }

    fn parse_tables(bytes: &'a [u8]) -> Option<Self> {
        let shoff = u64_at(bytes, 40)?;
        let (mut shnum, mut shstrndx) = (
            usize::from(u16_at(bytes, 60)?),
            u32::from(u16_at(bytes, 62)?),
        );
        if shoff != 0 {
            // Counts that do not fit in the header stand in the first section.
            let first = SectionHeader::from_bytes(bytes.get(usize::try_from(shoff).ok()?..)?)?;
            if shnum == 0 {
                shnum = usize::try_from(first.size).ok()?;
            }
            if shstrndx == u32::from(st::XINDEX) {
                shstrndx = first.link;
            }
        }
        let length = (shnum as u64).checked_mul(SectionHeader::SIZE as u64)?;
        let mut elf = Self {
            bytes,
            kind: u16_at(bytes, 16)?,
            machine: u16_at(bytes, 18)?,
            entry: u64_at(bytes, 24)?,
            phoff: u64_at(bytes, 32)?,
            phnum: u16_at(bytes, 56)?,
            shoff,
            shnum,
            shstrndx: shstrndx as usize,
            table: range(bytes, shoff, length)?,
            names: &[],
        };
        if shnum != 0 {
            elf.names = elf.contents(&elf.section(elf.shstrndx)?)?;
        }
        Some(elf)
    }

    /// The header of a section.
    pub fn section(&self, index: usize) -> Option<SectionHeader> {
        SectionHeader::from_bytes(self.table.get(index.checked_mul(SectionHeader::SIZE)?..)?)
    }

    /// All section headers, from number 0.
    pub fn sections(&self) -> impl Iterator<Item = SectionHeader> + 'a {
        self.table
            .chunks_exact(SectionHeader::SIZE)
            .filter_map(SectionHeader::from_bytes)
    }

    /// All program headers.
    pub fn segments(&self) -> impl Iterator<Item = ProgramHeader> + 'a {
        let length = u64::from(self.phnum) * ProgramHeader::SIZE as u64;
        range(self.bytes, self.phoff, length)
            .unwrap_or_default()
            .chunks_exact(ProgramHeader::SIZE)
            .filter_map(ProgramHeader::from_bytes)
    }

    /// The name of a section.
    pub fn name(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        string(self.names, section.name)
    }

    /// The contents of a section in the file: empty if it has none there.
    pub fn contents(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        if section.kind == sht::NOBITS {
            return Some(&[]);
        }
        range(self.bytes, section.offset, section.size)
    }

    /// The section of this name: its number and header.
    pub fn find(&self, name: &[u8]) -> Option<(usize, SectionHeader)> {
        self.sections()
            .enumerate()
            .find(|(_, s)| self.name(s) == Some(name))
    }
}

/// The NUL-terminated string at `at`.
pub fn string(table: &[u8], at: u32) -> Option<&[u8]> {
    let rest = table.get(at as usize..)?;
    Some(&rest[..rest.iter().position(|&b| b == 0)?])
}

/// Size and alignment of the ELF header.
pub const HEADER: usize = 64;

/// Reads `e_flags`.
pub fn header_flags(bytes: &[u8]) -> Option<u32> {
    u32_at(bytes, 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_test_program() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = Elf::parse(&bytes).unwrap();
        let (_, text) = elf.find(b".text").unwrap();
        assert_eq!(text.flags & shf::EXEC, shf::EXEC);
        assert!(elf.segments().count() > 2);
        assert!(elf.find(b".nothing").is_none());
    }

    #[test]
    fn truncated_files_are_errors() {
        assert_eq!(Elf::parse(b"MZ").unwrap_err(), ElfError::NotElf);
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let cut = &bytes[..bytes.len() / 2];
        assert_eq!(Elf::parse(cut).unwrap_err(), ElfError::Truncated);
        assert_eq!(Elf::parse(&bytes[..20]).unwrap_err(), ElfError::Truncated);
    }
}
