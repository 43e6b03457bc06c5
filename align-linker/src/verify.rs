//! Checks what the linker made against the layout: every aligned symbol where it was to be on every
//! ISA, neutral data the same byte for byte.

use crate::class::Class;
use crate::emit::Plan;
use crate::error::Error;
use crate::link::Linked;
use crate::object::Place;
use popcorn_metadata::elf::{Elf, Symbol, shf, sht, st, string};
use std::collections::{HashMap, HashSet};

/// Checks all ISAs' executables.
///
/// # Errors
/// Symbols that are elsewhere, contents that differ: all of them at once.
pub fn verify(plan: &Plan<'_, '_>, linked: &[Linked]) -> Result<(), Error> {
    let mut errors = Vec::new();
    for (isa, linked) in linked.iter().enumerate() {
        check_symbols(plan, isa, linked, &mut errors)?;
    }
    // A symbol out of place makes contents differ too; that would only be noise.
    Error::all(std::mem::take(&mut errors))?;
    for class in [Class::Rodata, Class::Tdata, Class::Data] {
        for other in &linked[1..] {
            check_contents(plan, class, &linked[0], other, &mut errors)?;
        }
    }
    Error::all(errors)
}

fn elf(linked: &Linked) -> Result<Elf<'_>, Error> {
    Elf::parse(&linked.bytes).map_err(|e| Error::Linker {
        linker: "the linker".to_owned(),
        isa: linked.isa.name,
        output: e.to_string(),
    })
}

fn check_symbols(
    plan: &Plan<'_, '_>,
    isa: usize,
    linked: &Linked,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let elf = elf(linked)?;
    let mut found: HashSet<(&[u8], u64)> = HashSet::new();
    let mut by_name: HashMap<&[u8], u64> = HashMap::new();
    for table in elf.sections().filter(|s| s.kind == sht::SYMTAB) {
        let names = elf.section(table.link as usize);
        let names = names.and_then(|n| elf.contents(&n)).unwrap_or_default();
        let entries = elf.contents(&table).unwrap_or_default();
        for symbol in entries
            .chunks_exact(Symbol::SIZE)
            .filter_map(Symbol::from_bytes)
        {
            let Some(name) = string(names, symbol.name) else {
                continue;
            };
            // A linked file gives thread-local symbols as offsets in the TLS image.
            let value = match symbol.kind() {
                st::TLS => symbol.value.wrapping_add(plan.layout.tls.address),
                _ => symbol.value,
            };
            found.insert((name, value));
            by_name.insert(name, value);
        }
    }
    let mut expect = |name: &str, address: u64| {
        if !found.contains(&(name.as_bytes(), address)) {
            errors.push(Error::Misplaced {
                symbol: name.to_owned(),
                isa: linked.isa.name,
                found: match by_name.get(name.as_bytes()) {
                    Some(address) => format!("{address:#x}"),
                    None => "nowhere".to_owned(),
                },
                expected: address,
            });
        }
    };
    for (n, object) in plan.collected.objects.iter().enumerate() {
        let part = &object.parts[isa];
        for (number, symbol) in part.symbols.iter().enumerate() {
            let Place::Section(section) = symbol.place else {
                continue;
            };
            let unit = plan.units.of(n, isa, section);
            let Some(item) = unit.and_then(|unit| plan.item_of[unit]) else {
                continue;
            };
            let global = number
                .checked_sub(part.first_global)
                .map(|g| object.globals[isa][g]);
            let def = global.and_then(|id| plan.collected.symbols.table[id as usize].defs[isa]);
            let other = global.is_some()
                && def.is_none_or(|d| (d.object as usize, d.symbol as usize) != (n, number));
            if symbol.is_named() && !other {
                let address = plan.layout.addresses[item] + symbol.raw.value;
                expect(symbol.name, address);
            }
        }
    }
    Ok(())
}

/// Compares the bytes of an output section between two ISAs.
fn check_contents(
    plan: &Plan<'_, '_>,
    class: Class,
    a: &Linked,
    b: &Linked,
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    let (left, right) = (elf(a)?, elf(b)?);
    let contents = |elf: &Elf<'_>, linked: &Linked| -> Result<Vec<u8>, Error> {
        let section = elf
            .sections()
            .find(|s| s.flags & shf::ALLOC != 0 && elf.name(s) == Some(class.output().as_bytes()));
        let Some(section) = section else {
            return Ok(Vec::new());
        };
        let extent = plan.layout.extent(class);
        if (section.address, section.size) != (extent.address, extent.size) {
            return Err(Error::Misplaced {
                symbol: class.output().to_owned(),
                isa: linked.isa.name,
                found: format!("{:#x}, {} bytes,", section.address, section.size),
                expected: extent.address,
            });
        }
        Ok(elf.contents(&section).unwrap_or_default().to_vec())
    };
    let (left, right) = (contents(&left, a)?, contents(&right, b)?);
    if left == right {
        return Ok(());
    }
    let start = plan.layout.extent(class).address;
    for (item, &address) in plan.items.iter().zip(&plan.layout.addresses) {
        if item.class != class {
            continue;
        }
        let range = (address - start) as usize..(address - start + item.size) as usize;
        let (Some(l), Some(r)) = (left.get(range.clone()), right.get(range)) else {
            continue;
        };
        if let Some(offset) = l.iter().zip(r).position(|(l, r)| l != r) {
            let item = plan.layout.addresses.iter().position(|&x| x == address);
            let unit = plan.item_of.iter().position(|i| i.is_some() && *i == item);
            errors.push(Error::Contents {
                symbol: unit
                    .map_or(class.output(), |n| plan.units.list[n].name)
                    .to_owned(),
                a: a.isa.name,
                b: b.isa.name,
                offset: offset as u64,
            });
        }
    }
    if errors.is_empty() {
        errors.push(Error::Contents {
            symbol: class.output().to_owned(),
            a: a.isa.name,
            b: b.isa.name,
            offset: left
                .iter()
                .zip(&right)
                .position(|(l, r)| l != r)
                .unwrap_or(0) as u64,
        });
    }
    Ok(())
}
