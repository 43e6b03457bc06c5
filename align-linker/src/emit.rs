//! Rewrites an ISA's part of an object for the link: sections padded to the solved size, aligned, and
//! named by their place; what is dead or provided by another object left out.
//!
//! The file is patched, not rebuilt: section and symbol numbers stay, new contents and names follow
//! the old bytes. So relocations and debug information need no change.

use crate::class::Class;
use crate::collect::Collected;
use crate::error::Error;
use crate::object::Place;
use crate::script::input_name;
use crate::solve::{Item, Layout, TooLarge, solve};
use crate::units::{Treatment, Units, is_reversed_array, treatment};
use popcorn_metadata::elf::{Rela, SectionHeader, Symbol, shf, sht, st};
use popcorn_metadata::symbols::linker::PAGE_SIZE;

/// The plan that all rewriting follows.
pub struct Plan<'a, 'c> {
    /// The inputs.
    pub collected: &'c Collected<'a>,
    /// What is placed.
    pub units: &'c Units<'a>,
    /// By unit: whether it is alive.
    pub live: &'c [bool],
    /// The aligned live units: item number to unit.
    pub items: Vec<Item<'a>>,
    /// By unit: its item.
    pub item_of: Vec<Option<usize>>,
    /// By item: its position in the image.
    pub position: Vec<usize>,
    /// The layout.
    pub layout: Layout,
}

impl Plan<'_, '_> {
    /// Rewrites the part of an object for an ISA. `None` if nothing of it is alive.
    pub fn rewrite(&self, object: usize, isa: usize) -> Option<Vec<u8>> {
        let part = &self.collected.objects[object].parts[isa];
        let shoff = part.elf.shoff as usize;
        let mut out = part.elf.bytes.to_vec();
        let mut names = part.contents(part.elf.shstrndx).to_vec();
        let mut kept = false;
        let mut headers: Vec<SectionHeader> = part.sections.iter().map(|s| s.raw).collect();
        for (n, section) in part.sections.iter().enumerate() {
            let header = &mut headers[n];
            header.flags &= !(shf::GROUP | shf::LINK_ORDER);
            if section.has(shf::LINK_ORDER) {
                header.link = 0;
            }
            let class = match treatment(section) {
                Treatment::Pass if self.collected.objects[object].dropped[isa][n] => None,
                Treatment::Pass => continue,
                Treatment::Discard => None,
                Treatment::Place(_) => self.units.of(object, isa, n),
            };
            let Some(unit) = class.filter(|&n| self.live[n]) else {
                if header.kind == sht::GROUP {
                    header.kind = sht::NULL;
                } else if header.kind != sht::RELA {
                    header.flags |= shf::EXCLUDE;
                }
                continue;
            };
            kept = true;
            let class = self.units.list[unit].class;
            let item = self.item_of[unit];
            let position = item.map(|i| self.position[i]);
            header.name = names.len() as u32;
            names.extend(input_name(class, position).bytes().chain([0]));
            header.flags &= !(shf::WRITE | shf::RETAIN);
            if matches!(
                class,
                Class::Data
                    | Class::Bss
                    | Class::State
                    | Class::StateBss
                    | Class::IsaOnlyState
                    | Class::Tdata
                    | Class::Tbss
            ) {
                header.flags |= shf::WRITE;
            }
            if !class.is_zero() && header.kind != sht::NOBITS {
                header.kind = sht::PROGBITS;
            }
            let Some(item) = item else { continue };
            if is_reversed_array(section) && section.rela != 0 {
                let table = &part.sections[section.rela].raw;
                let table = table.offset as usize..(table.offset + table.size) as usize;
                reverse(&mut out[table], section.raw.size);
            }
            header.flags &= !(shf::MERGE | shf::STRINGS);
            header.entsize = 0;
            header.align = self.items[item].align;
            let (old, size) = (header.size, self.items[item].size);
            header.size = size;
            if size > old && header.kind != sht::NOBITS {
                out.resize(out.len().next_multiple_of(16), 0);
                header.offset = out.len() as u64;
                out.extend(part.contents(n));
                let padding = (size - old) as usize;
                if class.is_text() {
                    let trap = self.collected.isas[isa].trap;
                    // Keep the pattern in step with the instructions' alignment.
                    let phase = old as usize % trap.len();
                    out.extend(trap.iter().cycle().skip(phase).take(padding));
                } else {
                    out.resize(out.len() + padding, 0);
                }
            }
        }
        if !kept {
            return None;
        }
        self.write_symbols(object, isa, &mut out);
        let header = &mut headers[part.elf.shstrndx];
        // The table of section names may be that of symbol names too: the old one is its beginning.
        header.offset = out.len() as u64;
        header.size = names.len() as u64;
        out.extend(names);
        for (n, header) in headers.iter().enumerate() {
            let at = shoff + n * SectionHeader::SIZE;
            out[at..at + SectionHeader::SIZE].copy_from_slice(&header.to_bytes());
        }
        Some(out)
    }

    /// Makes references of the definitions that another object's take the place of, and of those in
    /// sections that are left out.
    fn write_symbols(&self, object: usize, isa: usize, out: &mut [u8]) {
        let part = &self.collected.objects[object].parts[isa];
        if part.symtab == 0 {
            return;
        }
        let table = part.sections[part.symtab].raw.offset as usize;
        let globals = &self.collected.objects[object].globals[isa];
        for (&id, n) in globals.iter().zip(part.first_global..) {
            let symbol = &part.symbols[n];
            let Place::Section(section) = symbol.place else {
                continue;
            };
            let def = self.collected.symbols.table[id as usize].defs[isa];
            let prevails =
                def.is_some_and(|d| (d.object as usize, d.symbol as usize) == (object, n));
            let unit = self.units.of(object, isa, section);
            let alive = unit.is_none_or(|unit| self.live[unit]);
            if prevails && alive {
                continue;
            }
            let undefined = Symbol {
                section: st::UNDEF,
                value: 0,
                size: 0,
                ..symbol.raw
            };
            let at = table + n * Symbol::SIZE;
            out[at..at + Symbol::SIZE].copy_from_slice(&undefined.to_bytes());
        }
    }
}

/// Turns an array of `size` bytes round by turning round its relocations: all it has is pointers.
fn reverse(relocations: &mut [u8], size: u64) {
    for bytes in relocations.chunks_exact_mut(Rela::SIZE) {
        if let Some(mut relocation) = Rela::from_bytes(bytes) {
            relocation.offset = size.wrapping_sub(8).wrapping_sub(relocation.offset);
            bytes.copy_from_slice(&relocation.to_bytes());
        }
    }
}

/// Solves the layout of what is alive.
///
/// # Errors
/// [`Error::Pack`] if the image does not fit below 2 GiB.
pub fn plan<'a, 'c>(
    collected: &'c Collected<'a>,
    units: &'c Units<'a>,
    live: &'c [bool],
) -> Result<Plan<'a, 'c>, Error> {
    let mut items = Vec::new();
    let mut item_of = vec![None; units.list.len()];
    for (n, unit) in units.list.iter().enumerate() {
        if !unit.aligned || !live[n] {
            continue;
        }
        let sections = unit
            .sections
            .iter()
            .zip(&collected.objects[unit.object].parts);
        let headers = sections.map(|(&section, part)| part.sections[section].raw);
        let (size, align) = headers.fold((0, 1), |(size, align), header| {
            (header.size.max(size), header.align.max(align))
        });
        item_of[n] = Some(items.len());
        items.push(Item {
            class: unit.class,
            rank: unit.rank.clone(),
            size,
            align,
        });
    }
    let mut layout = solve(&items).map_err(|TooLarge(end)| Error::Pack {
        what: format!("the program is too large: its image would end at {end:#x}, past 2 GiB"),
    })?;
    layout.symbols.push((
        PAGE_SIZE.to_owned(),
        popcorn_toolchains::isa::page_size(&collected.isas),
    ));
    let mut position = vec![0; items.len()];
    for (at, &item) in layout.order.iter().enumerate() {
        position[item] = at;
    }
    Ok(Plan {
        collected,
        units,
        live,
        items,
        item_of,
        position,
        layout,
    })
}
