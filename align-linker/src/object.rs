//! One ISA's relocatable as the linker sees it: sections, symbols, groups, relocations.
//!
//! A view of the bytes; nothing is copied but the tables.

use popcorn_metadata::elf::{Elf, Rela, SectionHeader, Symbol as RawSymbol, sht, st, string};

/// Where a symbol lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Defined elsewhere.
    Undefined,
    /// A number, not an address.
    Absolute,
    /// C's tentative definition, from a compiler told `-fcommon`.
    Common,
    /// In the section of this number.
    Section(usize),
}

/// A symbol.
#[derive(Debug, Clone, Copy)]
pub struct Symbol<'a> {
    /// Its name.
    pub name: &'a str,
    /// The entry of the table.
    pub raw: RawSymbol,
    /// Where it lies.
    pub place: Place,
}

impl Symbol<'_> {
    /// Whether a person or another ISA may know it by its name: not an assembler-local label, a section
    /// symbol, a file name or a mapping symbol (`$x`, `$d`).
    pub fn is_named(&self) -> bool {
        !matches!(self.raw.kind(), st::SECTION | st::FILE)
            && !self.name.is_empty()
            && !self.name.starts_with(".L")
            && !self.name.starts_with('$')
            && !self.name.starts_with("DW.ref.")
    }

    /// Whether it has a type, so that its address is part of program state.
    pub fn is_typed(&self) -> bool {
        matches!(
            self.raw.kind(),
            st::OBJECT | st::FUNC | st::TLS | st::IFUNC | st::COMMON
        )
    }
}

/// A section.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// Its name.
    pub name: &'a str,
    /// The entry of the table.
    pub raw: SectionHeader,
    /// Number of its relocation section, 0 for none.
    pub rela: usize,
}

impl Section<'_> {
    /// Whether all these flags are set.
    pub fn has(&self, flags: u64) -> bool {
        self.raw.flags & flags == flags
    }
}

/// A COMDAT group.
#[derive(Debug)]
pub struct Group<'a> {
    /// Its signature.
    pub signature: &'a str,
    /// Its members.
    pub members: Vec<usize>,
}

/// One ISA's relocatable.
#[derive(Debug)]
pub struct IsaObject<'a> {
    /// The file.
    pub elf: Elf<'a>,
    /// Sections by number.
    pub sections: Vec<Section<'a>>,
    /// Symbols by number.
    pub symbols: Vec<Symbol<'a>>,
    /// Number of the first symbol that is not local.
    pub first_global: usize,
    /// Number of the symbol table's section, 0 for none.
    pub symtab: usize,
    /// COMDAT groups.
    pub groups: Vec<Group<'a>>,
}

impl<'a> IsaObject<'a> {
    /// Reads a relocatable for the given `e_machine`.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase to follow the file's name.
    pub fn parse(bytes: &'a [u8], machine: u16) -> Result<Self, String> {
        let elf = Elf::parse(bytes).map_err(|e| e.to_string())?;
        if elf.kind != 1 {
            return Err("not a relocatable object file".into());
        }
        if elf.machine != machine {
            return Err(format!(
                "an object for ELF machine {}, where {machine} is needed",
                elf.machine
            ));
        }
        Self::tables(elf).ok_or_else(|| "the object file is damaged".into())
    }

    fn tables(elf: Elf<'a>) -> Option<Self> {
        let text = |bytes: &'a [u8]| str::from_utf8(bytes).ok();
        let mut sections = Vec::with_capacity(elf.shnum);
        for raw in elf.sections() {
            elf.contents(&raw)?;
            let name = text(elf.name(&raw)?)?;
            sections.push(Section { name, raw, rela: 0 });
        }
        let (mut symtab, mut extended) = (0, &[][..]);
        for n in 0..sections.len() {
            let raw = sections[n].raw;
            match raw.kind {
                sht::SYMTAB => symtab = n,
                sht::SYMTAB_SHNDX => extended = elf.contents(&raw)?,
                sht::RELA => sections.get_mut(raw.info as usize)?.rela = n,
                sht::REL => return None,
                _ => {}
            }
        }
        let mut symbols = Vec::new();
        let mut first_global = 0;
        if symtab != 0 {
            let raw = sections[symtab].raw;
            first_global = raw.info as usize;
            let names = elf.contents(&sections.get(raw.link as usize)?.raw)?;
            for (n, entry) in elf
                .contents(&raw)?
                .chunks_exact(RawSymbol::SIZE)
                .enumerate()
            {
                let raw = RawSymbol::from_bytes(entry)?;
                let place = match raw.section {
                    st::UNDEF => Place::Undefined,
                    st::ABS => Place::Absolute,
                    st::COMMON_SECTION => Place::Common,
                    st::XINDEX => {
                        Place::Section(popcorn_metadata::bytes::u32_at(extended, n * 4)? as usize)
                    }
                    index => Place::Section(index.into()),
                };
                if matches!(place, Place::Section(s) if s >= sections.len()) {
                    return None;
                }
                let name = text(string(names, raw.name)?)?;
                symbols.push(Symbol { name, raw, place });
            }
            if first_global > symbols.len() {
                return None;
            }
        }
        let mut part = Self {
            elf,
            sections,
            symbols,
            first_global,
            symtab,
            groups: Vec::new(),
        };
        for section in 0..part.sections.len() {
            let raw = part.sections[section].raw;
            if raw.kind != sht::GROUP {
                continue;
            }
            let signature = part.symbols.get(raw.info as usize)?;
            let signature = match (signature.raw.kind(), signature.place) {
                (st::SECTION, Place::Section(s)) => part.sections[s].name,
                _ => signature.name,
            };
            let words = part.elf.contents(&raw)?.chunks_exact(4);
            // The first word says that the group is COMDAT; no other kind is in use.
            let members = words
                .skip(1)
                .map(|w| u32::from_le_bytes(w.try_into().unwrap_or_default()) as usize)
                .collect::<Vec<_>>();
            if members.iter().any(|&m| m >= part.sections.len()) {
                return None;
            }
            part.groups.push(Group { signature, members });
        }
        Some(part)
    }

    /// The contents of a section.
    pub fn contents(&self, section: usize) -> &'a [u8] {
        self.elf
            .contents(&self.sections[section].raw)
            .unwrap_or_default()
    }

    /// The relocations of a section.
    pub fn relocations(&self, section: usize) -> impl Iterator<Item = Rela> + 'a {
        let table = match self.sections[section].rela {
            0 => &[][..],
            rela => self.contents(rela),
        };
        table.chunks_exact(Rela::SIZE).filter_map(Rela::from_bytes)
    }
}
