//! Finds out what is alive: reached from the entry point on any ISA is alive on all.
//!
//! References from debug information keep nothing alive. What an unwind entry refers to (LSDA,
//! personality) lives with the function. From here on every reference of a live section is satisfied.

use crate::class::{Class, Rank};
use crate::collect::{Collected, MAX_ISAS, Target};
use crate::error::Error;
use crate::object::{IsaObject, Place};
use crate::units::Units;
use popcorn_metadata::bytes::u32_at;
use popcorn_metadata::elf::shf;
use popcorn_metadata::sections;
use std::collections::HashMap;

/// The places that a message about an undefined symbol names.
const REFERENCES_SHOWN: usize = 3;
/// Sections of descriptors begin with this; the function stands at this offset in one.
const FUNCTION: u64 = 8;

struct Marker<'a, 'c> {
    c: &'c Collected<'a>,
    units: &'c Units<'a>,
    live: Vec<bool>,
    queue: Vec<usize>,
    /// By object and ISA: symbols that live with a section beside those its relocations name.
    beside: Vec<[HashMap<usize, Vec<usize>>; MAX_ISAS]>,
    /// By object and ISA: sections that live with a section.
    with: Vec<[HashMap<usize, Vec<usize>>; MAX_ISAS]>,
    gathered: HashMap<&'a str, Vec<usize>>,
    undefined: Vec<(&'a str, [bool; MAX_ISAS], Vec<String>)>,
    undefined_index: HashMap<&'a str, usize>,
}

/// Marks live units: by unit, whether it is.
///
/// # Errors
/// Undefined symbols that something live refers to; writable data that only one ISA has.
pub fn live(c: &Collected<'_>, units: &Units<'_>) -> Result<Vec<bool>, Error> {
    let mut m = Marker {
        c,
        units,
        live: vec![false; units.list.len()],
        queue: Vec::new(),
        beside: Vec::new(),
        with: Vec::new(),
        gathered: HashMap::new(),
        undefined: Vec::new(),
        undefined_index: HashMap::new(),
    };
    let mut errors = m.unwind_edges();
    m.section_edges();
    m.mark_roots(&mut errors);
    while let Some(unit) = m.queue.pop() {
        m.visit(unit);
    }
    for (symbol, isas, referenced) in m.undefined {
        let isas = c.isas.iter().zip(isas).filter(|(_, on)| *on);
        errors.push(Error::Undefined {
            symbol: symbol.to_owned(),
            isas: isas.map(|(isa, _)| isa.name).collect::<Vec<_>>().join(", "),
            referenced,
        });
    }
    for (unit, _) in units.list.iter().zip(&m.live).filter(|(_, live)| **live) {
        let isa = unit.sections.iter().position(|&s| s != 0).unwrap_or(0);
        let section = c.objects[unit.object].parts[isa].sections[unit.sections[isa]];
        if unit.class == Class::IsaOnlyState && !section.name.starts_with(sections::PRIVATE) {
            errors.push(Error::IsaOnlyState {
                file: c.objects[unit.object].name.clone(),
                section: section.name.to_owned(),
                isa: c.isas[isa].name,
            });
        }
    }
    Error::all(errors)?;
    Ok(m.live)
}

impl<'a> Marker<'a, '_> {
    /// Notes what each function's unwind entry refers to.
    fn unwind_edges(&mut self) -> Vec<Error> {
        let mut errors = Vec::new();
        for object in &self.c.objects {
            let mut edges: [HashMap<usize, Vec<usize>>; MAX_ISAS] = Default::default();
            for (isa, part) in object.parts.iter().enumerate() {
                for (n, section) in part.sections.iter().enumerate() {
                    if section.name != ".eh_frame" || object.dropped[isa][n] {
                        continue;
                    }
                    if frame_edges(part, n, &mut edges[isa]).is_none() {
                        errors.push(Error::Malformed {
                            file: object.name.clone(),
                            what: format!(".eh_frame is damaged ({})", self.c.isas[isa].name),
                        });
                    }
                }
            }
            self.beside.push(edges);
        }
        errors
    }

    /// Notes which sections live together: members of a group, and those linked to another.
    fn section_edges(&mut self) {
        for object in &self.c.objects {
            let mut with: [HashMap<usize, Vec<usize>>; MAX_ISAS] = Default::default();
            for (isa, part) in object.parts.iter().enumerate() {
                for group in &part.groups {
                    for &member in &group.members {
                        with[isa].entry(member).or_default().extend(&group.members);
                    }
                }
                for (n, section) in part.sections.iter().enumerate() {
                    if section.has(shf::ALLOC | shf::LINK_ORDER) {
                        let link = section.raw.link as usize;
                        with[isa].entry(link).or_default().push(n);
                    }
                    // Code does not name its descriptor: the stack map leads there.
                    if let Some(function) = described(part, n) {
                        with[isa].entry(function).or_default().push(n);
                    }
                }
            }
            self.with.push(with);
        }
    }

    fn mark_roots(&mut self, errors: &mut Vec<Error>) {
        let (c, units) = (self.c, self.units);
        for root in &c.roots {
            let global = c.symbols.get(root);
            let mut lacking = Vec::new();
            for (isa, value) in c.isas.iter().enumerate() {
                let Some(def) = global.and_then(|g| g.defs[isa]) else {
                    lacking.push(value.name);
                    continue;
                };
                self.mark_target(c.target(def.object as usize, isa, def.symbol as usize), isa);
            }
            if !lacking.is_empty() {
                errors.push(Error::Undefined {
                    symbol: root.clone(),
                    isas: lacking.join(", "),
                    referenced: vec!["the link itself".to_owned()],
                });
            }
        }
        for (n, unit) in units.list.iter().enumerate() {
            match unit.rank {
                Rank::Array(..) => self.mark(n),
                Rank::Gathered(name) => self.gathered.entry(name).or_default().push(n),
                Rank::Near | Rank::Plain => {}
            }
            for (isa, &section) in unit.sections.iter().enumerate() {
                if section != 0
                    && c.objects[unit.object].parts[isa].sections[section].has(shf::RETAIN)
                {
                    self.mark(n);
                }
            }
        }
    }

    fn mark(&mut self, unit: usize) {
        if !std::mem::replace(&mut self.live[unit], true) {
            self.queue.push(unit);
        }
    }

    fn mark_target(&mut self, target: Target, isa: usize) {
        if let Target::Section(object, section) = target
            && let Some(unit) = self.units.of(object, isa, section)
        {
            self.mark(unit);
        }
    }

    fn visit(&mut self, n: usize) {
        let (c, units) = (self.c, self.units);
        let unit = &units.list[n];
        let object = &c.objects[unit.object];
        for (isa, part) in object.parts.iter().enumerate() {
            let section = unit.sections[isa];
            if section == 0 {
                continue;
            }
            let mut last = usize::MAX;
            for relocation in part.relocations(section) {
                let symbol = relocation.symbol();
                if std::mem::replace(&mut last, symbol) != symbol {
                    self.follow(unit.object, isa, symbol, n);
                }
            }
            let beside = self.beside[unit.object][isa].remove(&section);
            for symbol in beside.into_iter().flatten() {
                self.follow(unit.object, isa, symbol, n);
            }
            let with = self.with[unit.object][isa].remove(&section);
            for section in with.into_iter().flatten() {
                self.mark_target(Target::Section(unit.object, section), isa);
            }
        }
    }

    fn follow(&mut self, object: usize, isa: usize, symbol: usize, from: usize) {
        let c = self.c;
        match c.target(object, isa, symbol) {
            Target::Undefined => self.note_undefined(object, isa, symbol, from),
            Target::Nothing => {
                let name = c.objects[object].parts[isa].symbols.get(symbol);
                let name = name.map_or("", |s| s.name);
                let bound = name
                    .strip_prefix("__start_")
                    .or(name.strip_prefix("__stop_"));
                let gathered = bound.and_then(|name| self.gathered.remove(name));
                for unit in gathered.into_iter().flatten() {
                    self.mark(unit);
                }
            }
            target => self.mark_target(target, isa),
        }
    }

    fn note_undefined(&mut self, object: usize, isa: usize, symbol: usize, from: usize) {
        let name = self.c.objects[object].parts[isa].symbols[symbol].name;
        let n = *self.undefined_index.entry(name).or_insert_with(|| {
            self.undefined.push((name, [false; MAX_ISAS], Vec::new()));
            self.undefined.len() - 1
        });
        let (_, isas, referenced) = &mut self.undefined[n];
        isas[isa] = true;
        let place = format!(
            "{}: {}",
            self.c.objects[object].name, self.units.list[from].name
        );
        if referenced.len() < REFERENCES_SHOWN && !referenced.contains(&place) {
            referenced.push(place);
        }
    }
}

/// Section of the function that a descriptor describes, if `section` is one's. It is in the same object: a
/// function that another object's takes the place of has no use for its descriptor.
fn described(part: &IsaObject<'_>, section: usize) -> Option<usize> {
    if !part.sections[section]
        .name
        .starts_with(sections::DESCRIPTOR)
    {
        return None;
    }
    let named = part.relocations(section).find(|r| r.offset == FUNCTION)?;
    match part.symbols.get(named.symbol())?.place {
        Place::Section(function) => Some(function),
        _ => None,
    }
}

/// Adds, for each function section, the symbols its unwind entries name. `None`: the table is damaged.
fn frame_edges(
    part: &IsaObject<'_>,
    section: usize,
    edges: &mut HashMap<usize, Vec<usize>>,
) -> Option<()> {
    let bytes = part.contents(section);
    let mut relocations: Vec<_> = part.relocations(section).collect();
    relocations.sort_by_key(|r| r.offset);
    let between = |from: usize, to: usize| {
        let first = relocations.partition_point(|r| r.offset < from as u64);
        let last = relocations.partition_point(|r| r.offset < to as u64);
        &relocations[first..last]
    };
    let mut at = 0;
    let mut cies: HashMap<usize, usize> = HashMap::new();
    // Each entry: length, then 0 (CIE) or the distance back to its CIE (LSB core specification, 10.6.1).
    while at < bytes.len() {
        let length = u32_at(bytes, at)? as usize;
        if length == 0 {
            at += 4;
            continue;
        }
        let end = at.checked_add(4)?.checked_add(length)?;
        if length >= 0xffff_fff0 || end > bytes.len() {
            return None;
        }
        let id = u32_at(bytes, at + 4)? as usize;
        if id == 0 {
            cies.insert(at, end);
        } else {
            let cie = (at + 4).checked_sub(id)?;
            let mut named = between(at + 8, end).iter();
            let function = named.next().map(popcorn_metadata::elf::Rela::symbol);
            let function = function.and_then(|s| part.symbols.get(s)).map(|s| s.place);
            if let Some(Place::Section(function)) = function {
                let beside = edges.entry(function).or_default();
                beside.extend(named.map(popcorn_metadata::elf::Rela::symbol));
                let cie = between(cie, *cies.get(&cie)?);
                beside.extend(cie.iter().map(popcorn_metadata::elf::Rela::symbol));
            }
        }
        at = end;
    }
    Some(())
}
