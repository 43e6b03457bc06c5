//! The packed program: an executable for the base ISA that carries the other ISAs' executables.
//!
//! ```text
//! the base ISA's executable, with its own section table: runs as it is
//! .popcorn.image.<isa>   the whole executable for that ISA, at a multiple of 4096; not loaded
//! .popcorn.info          what frame records hold, see the module `info`; not loaded
//! .note.popcorn          a note "popcorn", type 1, see below; not loaded
//! names and section table of all this: `e_shoff` points here
//! ```
//!
//! The note's description, little-endian:
//!
//! ```text
//!  0  [u8; 16]  build id
//! 16  u32       version
//! 20  u16       number of ISAs        22  u16  0
//! 24  u64       bytes of the base ISA's executable
//! 32  u64       its own section table's offset
//! 40  u16       its number of sections     42  u16  the one with their names     44  u32  0
//! 48  u16       ids of the ISAs, the base ISA first
//! ```

use crate::bytes::{array_at, u16_at, u32_at};
use crate::elf::{Elf, ElfError};
use crate::sections::{IMAGE, NOTE};
#[cfg(feature = "std")]
use crate::{sections, symbols};
use core::fmt;
use popcorn_toolchains::Isa;

/// Version of this format. A reader refuses any other.
pub const VERSION: u32 = 1;

/// Why bytes are not a packed program, or not one that helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageError {
    /// Not an executable this can be.
    Elf(ElfError),
    /// An executable, but without the note: not linked by popcorn.
    NotPacked,
    /// Packed by another version: that one.
    Version(u32),
    /// The note or a section is damaged.
    Damaged,
    /// The program has no image for this ISA.
    NoImage(&'static str),
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(e) => e.fmt(f),
            Self::NotPacked => f.write_str("not a program linked by popcorn-cc"),
            Self::Version(v) => write!(f, "program of format version {v}, this is {VERSION}"),
            Self::Damaged => f.write_str("the program's popcorn note is damaged"),
            Self::NoImage(isa) => write!(f, "the program has no image for {isa}"),
        }
    }
}

impl core::error::Error for PackageError {}

/// A packed program's note, read.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    elf: Elf<'a>,
    note: &'a [u8],
}

impl<'a> Package<'a> {
    /// Finds the note and checks it.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(program: &'a [u8]) -> Result<Self, PackageError> {
        let elf = Elf::parse(program).map_err(PackageError::Elf)?;
        let (_, section) = elf.find(NOTE.as_bytes()).ok_or(PackageError::NotPacked)?;
        let damaged = PackageError::Damaged;
        let note = elf.contents(&section).ok_or(damaged)?;
        // Sizes of name and description, type, name padded to 8 bytes.
        let size = u32_at(note, 4).ok_or(damaged)? as usize;
        if array_at(note, 12) != Some(*b"popcorn\0") {
            return Err(damaged);
        }
        let note = note.get(20..20 + size).ok_or(damaged)?;
        match u32_at(note, 16) {
            Some(VERSION) => {}
            Some(other) => return Err(PackageError::Version(other)),
            None => return Err(damaged),
        }
        let count = usize::from(u16_at(note, 20).ok_or(damaged)?);
        if note.len() < 48 + count * 2 {
            return Err(damaged);
        }
        Ok(Self { elf, note })
    }

    /// The build id.
    pub fn build_id(&self) -> [u8; 16] {
        array_at(self.note, 0).unwrap_or_default()
    }

    /// Ids of the ISAs, the base ISA first.
    pub fn isas(&self) -> impl Iterator<Item = u16> + 'a {
        let count = usize::from(u16_at(self.note, 20).unwrap_or(0));
        self.note[48..48 + count * 2]
            .chunks_exact(2)
            .filter_map(|id| u16_at(id, 0))
    }

    /// The executable for an ISA other than the base ISA: where it is in the program.
    ///
    /// # Errors
    /// [`PackageError::NoImage`], [`PackageError::Damaged`].
    pub fn image(&self, isa: &Isa) -> Result<core::ops::Range<usize>, PackageError> {
        let section = self.elf.sections().find(|s| {
            let name = self.elf.name(s).unwrap_or_default();
            name.strip_prefix(IMAGE.as_bytes()) == Some(isa.name.as_bytes())
        });
        let section = section.ok_or(PackageError::NoImage(isa.name))?;
        self.elf.contents(&section).ok_or(PackageError::Damaged)?;
        Ok(section.offset as usize..(section.offset + section.size) as usize)
    }

    #[cfg(feature = "std")]
    /// Bytes of the base ISA's own executable, and offset, count and names of its section table.
    fn base(&self) -> Option<(usize, u64, u16, u16)> {
        Some((
            usize::try_from(crate::bytes::u64_at(self.note, 24)?).ok()?,
            crate::bytes::u64_at(self.note, 32)?,
            u16_at(self.note, 40)?,
            u16_at(self.note, 42)?,
        ))
    }
}

#[cfg(feature = "std")]
pub use writer::{Description, IsaDescription, describe, extract, info, pack};

#[cfg(feature = "std")]
mod writer {
    use super::*;
    use crate::elf::{SectionHeader, sht};
    use crate::stackmap::{Counts, StackMap};
    use std::borrow::Cow;

    /// Images begin at multiples of this, so that they can be mapped.
    const PAGE: usize = 4096;

    /// Packs executables, the base ISA's first, and the table of what frame records hold.
    ///
    /// # Errors
    /// If the first is not an executable this can carry the others.
    pub fn pack(
        images: &[(&'static Isa, &[u8])],
        build_id: &[u8; 16],
        info: &[u8],
    ) -> Result<Vec<u8>, PackageError> {
        let (_, base) = images.first().ok_or(PackageError::NotPacked)?;
        let elf = Elf::parse(base).map_err(PackageError::Elf)?;
        let mut headers: Vec<SectionHeader> = elf.sections().collect();
        let names = elf.section(elf.shstrndx).ok_or(PackageError::Damaged)?;
        let mut names = elf.contents(&names).ok_or(PackageError::Damaged)?.to_vec();
        // The counts in the header have 16 bits; a linked file has a few dozen sections.
        if headers.len() + images.len() + 2 >= 0xff00 {
            return Err(PackageError::Damaged);
        }
        let mut out = base.to_vec();
        let mut add =
            |out: &mut Vec<u8>, names: &mut Vec<u8>, name: String, kind, align, contents: &[u8]| {
                out.resize(out.len().next_multiple_of(align), 0);
                headers.push(SectionHeader {
                    name: names.len() as u32,
                    kind,
                    offset: out.len() as u64,
                    size: contents.len() as u64,
                    align: align as u64,
                    ..SectionHeader::default()
                });
                names.extend(name.bytes().chain([0]));
                out.extend(contents);
            };
        for (isa, image) in &images[1..] {
            let name = format!("{IMAGE}{}", isa.name);
            add(&mut out, &mut names, name, sht::PROGBITS, PAGE, image);
        }
        let name = sections::INFO.to_owned();
        add(&mut out, &mut names, name, sht::PROGBITS, 8, info);
        let note = note(images, build_id, &elf);
        add(&mut out, &mut names, NOTE.to_owned(), sht::NOTE, 4, &note);
        let shstrtab = &mut headers[elf.shstrndx];
        shstrtab.offset = out.len() as u64;
        shstrtab.size = names.len() as u64;
        out.extend(names);
        out.resize(out.len().next_multiple_of(8), 0);
        let shoff = out.len() as u64;
        for header in &headers {
            out.extend(header.to_bytes());
        }
        set_section_table(&mut out, shoff, headers.len() as u16, elf.shstrndx as u16);
        Ok(out)
    }

    /// `e_shoff`, `e_shnum`, `e_shstrndx`.
    fn set_section_table(elf: &mut [u8], shoff: u64, count: u16, names: u16) {
        elf[40..48].copy_from_slice(&shoff.to_le_bytes());
        elf[60..62].copy_from_slice(&count.to_le_bytes());
        elf[62..64].copy_from_slice(&names.to_le_bytes());
    }

    fn note(images: &[(&'static Isa, &[u8])], build_id: &[u8; 16], base: &Elf<'_>) -> Vec<u8> {
        let mut text = build_id.to_vec();
        text.extend(VERSION.to_le_bytes());
        text.extend((images.len() as u32).to_le_bytes());
        text.extend((base.bytes.len() as u64).to_le_bytes());
        text.extend(base.shoff.to_le_bytes());
        text.extend((base.shnum as u16).to_le_bytes());
        text.extend((base.shstrndx as u16).to_le_bytes());
        text.extend([0; 4]);
        for (isa, _) in images {
            text.extend(isa.id.to_le_bytes());
        }
        let mut note = Vec::new();
        note.extend(8u32.to_le_bytes());
        note.extend((text.len() as u32).to_le_bytes());
        note.extend(1u32.to_le_bytes());
        note.extend(b"popcorn\0");
        note.extend(text);
        note.resize(note.len().next_multiple_of(4), 0);
        note
    }

    /// The table of what frame records hold: empty if the program has none.
    ///
    /// # Errors
    /// Not an executable.
    pub fn info(program: &[u8]) -> Result<&[u8], PackageError> {
        let elf = Elf::parse(program).map_err(PackageError::Elf)?;
        let section = elf.find(sections::INFO.as_bytes());
        Ok(section
            .and_then(|(_, s)| elf.contents(&s))
            .unwrap_or_default())
    }

    /// The plain executable for an ISA.
    ///
    /// # Errors
    /// Not a packed program, or none for this ISA.
    pub fn extract<'a>(program: &'a [u8], isa: &Isa) -> Result<Cow<'a, [u8]>, PackageError> {
        let package = Package::parse(program)?;
        if package.isas().next() != Some(isa.id) {
            return Ok(Cow::Borrowed(&program[package.image(isa)?]));
        }
        let (length, shoff, count, names) = package.base().ok_or(PackageError::Damaged)?;
        let mut base = program.get(..length).ok_or(PackageError::Damaged)?.to_vec();
        if base.len() < crate::elf::HEADER {
            return Err(PackageError::Damaged);
        }
        set_section_table(&mut base, shoff, count, names);
        Ok(Cow::Owned(base))
    }

    /// What `popcorn inspect` says of one ISA.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct IsaDescription {
        /// The ISA's name.
        pub isa: &'static str,
        /// Bytes of the executable.
        pub file: u64,
        /// Bytes of functions.
        pub text: u64,
        /// Bytes of resume clones.
        pub cold: u64,
        /// Bytes of what only this ISA has.
        pub private: u64,
        /// Bytes of the stack map.
        pub stackmap: u64,
        /// Rows of the stack map.
        pub rows: u64,
        /// What the stack map counts.
        pub counts: Counts,
    }

    /// What `popcorn inspect` says.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Description {
        /// The build id.
        pub build_id: [u8; 16],
        /// Functions that have a descriptor.
        pub functions: u64,
        /// Their sites.
        pub sites: u64,
        /// By ISA.
        pub isas: Vec<IsaDescription>,
    }

    /// Describes a packed program.
    ///
    /// # Errors
    /// Not a packed program, or a damaged one.
    pub fn describe(program: &[u8]) -> Result<Description, PackageError> {
        let package = Package::parse(program)?;
        let mut out = Description {
            build_id: package.build_id(),
            functions: 0,
            sites: 0,
            isas: Vec::new(),
        };
        for id in package.isas() {
            let isa = Isa::by_id(id).ok_or(PackageError::Damaged)?;
            let image = extract(program, isa)?;
            let elf = Elf::parse(&image).map_err(PackageError::Elf)?;
            let size = |name: &str| elf.find(name.as_bytes()).map_or(0, |(_, s)| s.size);
            let mut counts = Counts::default();
            let mut rows = 0;
            if let Some((_, section)) = elf.find(sections::STACKMAP.as_bytes()) {
                let bytes = elf.contents(&section).unwrap_or_default();
                let map = StackMap::parse(bytes).map_err(|_| PackageError::Damaged)?;
                counts = map.counts();
                rows = map.len() as u64;
            }
            if out.isas.is_empty() {
                (out.functions, out.sites) = descriptors(&elf);
            }
            out.isas.push(IsaDescription {
                isa: isa.name,
                file: image.len() as u64,
                text: size(".text"),
                cold: size(".text.cold"),
                private: size(".private.text") + size(".private.rodata"),
                stackmap: size(sections::STACKMAP),
                rows,
                counts,
            });
        }
        Ok(out)
    }

    /// Number of descriptors, and of their sites.
    fn descriptors(elf: &Elf<'_>) -> (u64, u64) {
        use crate::elf::{Symbol, string};
        let (mut functions, mut sites) = (0, 0);
        let Some((_, rodata)) = elf.find(b".rodata") else {
            return (0, 0);
        };
        let contents = elf.contents(&rodata).unwrap_or_default();
        for table in elf.sections().filter(|s| s.kind == sht::SYMTAB) {
            let names = elf.section(table.link as usize);
            let names = names.and_then(|n| elf.contents(&n)).unwrap_or_default();
            for entry in elf
                .contents(&table)
                .unwrap_or_default()
                .chunks_exact(Symbol::SIZE)
            {
                let Some(symbol) = Symbol::from_bytes(entry) else {
                    continue;
                };
                let name = string(names, symbol.name).unwrap_or_default();
                let at = symbol.value.wrapping_sub(rodata.address) as usize;
                if name.starts_with(symbols::function::DESCRIPTOR.as_bytes())
                    && let Some(count) = u32_at(contents, at.saturating_add(20))
                {
                    functions += 1;
                    sites += u64::from(count);
                }
            }
        }
        (functions, sites)
    }

    /// The text dump.
    impl fmt::Display for Description {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "build id   ")?;
            for b in self.build_id {
                write!(f, "{b:02x}")?;
            }
            writeln!(f, "\nfunctions  {}", self.functions)?;
            writeln!(f, "sites      {}", self.sites)?;
            writeln!(
                f,
                "{:10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
                "isa", "file", "text", "cold", "private", "stack map", "rows", "pads"
            )?;
            for i in &self.isas {
                writeln!(
                    f,
                    "{:10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
                    i.isa, i.file, i.text, i.cold, i.private, i.stackmap, i.rows, i.counts.pads
                )?;
            }
            Ok(())
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::elf::{SectionHeader, sht};
    use popcorn_toolchains::ALL;
    use proptest::prelude::*;

    /// The smallest file that has sections: a header, the names, and their table.
    fn base() -> Vec<u8> {
        let names = b"\0.shstrtab\0";
        let mut out = b"\x7fELF\x02\x01\x01".to_vec();
        out.resize(crate::elf::HEADER, 0);
        out[16] = 2;
        out.extend(names);
        out.resize(80, 0);
        out.extend(SectionHeader::default().to_bytes());
        let header = SectionHeader {
            name: 1,
            kind: sht::STRTAB,
            offset: 64,
            size: names.len() as u64,
            ..SectionHeader::default()
        };
        out.extend(header.to_bytes());
        (out[40], out[60], out[62]) = (80, 2, 1);
        out
    }

    fn packed() -> Vec<u8> {
        let base = base();
        pack(
            &[(ALL[0], &base), (ALL[1], b"one"), (ALL[2], b"other")],
            &[7; 16],
            b"frames",
        )
        .unwrap()
    }

    #[test]
    fn round_trip() {
        let program = packed();
        let package = Package::parse(&program).unwrap();
        assert_eq!(package.build_id(), [7; 16]);
        assert_eq!(package.isas().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(package.image(ALL[2]).unwrap().start % 4096, 0);
        assert_eq!(*extract(&program, ALL[0]).unwrap(), base()[..]);
        assert_eq!(*extract(&program, ALL[1]).unwrap(), *b"one");
        assert_eq!(*extract(&program, ALL[2]).unwrap(), *b"other");
        assert_eq!(info(&program).unwrap(), b"frames");
        assert_eq!(info(&base()).unwrap(), b"");
    }

    #[test]
    fn what_is_not_packed_says_so() {
        assert_eq!(
            Package::parse(&base()).unwrap_err(),
            PackageError::NotPacked
        );
        let base = base();
        let program = pack(&[(ALL[0], &base), (ALL[1], b"one")], &[7; 16], b"frames").unwrap();
        assert_eq!(
            extract(&program, ALL[2]).unwrap_err(),
            PackageError::NoImage(ALL[2].name)
        );
        let cut = &program[..program.len() - 1];
        assert!(matches!(
            Package::parse(cut).unwrap_err(),
            PackageError::Elf(_)
        ));
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(at: prop::sample::Index, tail in 0usize..700, value: u8, near: bool) {
            let mut program = packed();
            let length = program.len();
            // Most of the file is padding and contents: the end is where note and table are.
            let at = if near { length - 1 - tail } else { at.index(length) };
            program[at] = value;
            let _ = describe(&program);
            for isa in ALL {
                let _ = extract(&program, isa);
            }
        }
    }
}
