//! Says which sections of the ISAs' parts of an object are the same thing, and where each belongs.
//!
//! Sections are matched by the names they define, not by their own names: back ends put the same
//! constant into differently named sections (`.rodata`, `.srodata`, `.data.rel.ro`). What no other ISA
//! knows by name - constant pools, jump tables, helpers - is of one ISA only.

use crate::class::{Class, Rank};
use crate::collect::{Collected, MAX_ISAS, Object};
use crate::error::Error;
use crate::object::{IsaObject, Place, Section};
use popcorn_metadata::elf::{shf, sht};
use popcorn_metadata::sections;
use popcorn_toolchains::Isa;
use std::collections::HashMap;

/// One thing to place: a section of an object, on all ISAs or on one.
#[derive(Debug)]
pub struct Unit<'a> {
    /// The object.
    pub object: usize,
    /// By ISA: its number there, 0 where it does not exist.
    pub sections: [usize; MAX_ISAS],
    /// Where it goes.
    pub class: Class,
    /// Order within the class.
    pub rank: Rank<'a>,
    /// The first name it defines, or else its section's.
    pub name: &'a str,
    /// Whether it has the same address on every ISA.
    pub aligned: bool,
}

/// All units, and the way back from a section.
pub struct Units<'a> {
    /// In link order.
    pub list: Vec<Unit<'a>>,
    /// By object, ISA and section: the unit.
    of: Vec<Vec<Vec<u32>>>,
}

impl Units<'_> {
    /// The unit of a section; `None` for one that is not placed (debug information, unwind tables,
    /// notes, members of a group that another object provides).
    pub fn of(&self, object: usize, isa: usize, section: usize) -> Option<usize> {
        match self.of[object][isa][section] {
            u32::MAX => None,
            unit => Some(unit as usize),
        }
    }
}

/// What to do with a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Leave it to the linker as it is: debug information, unwind tables, tables of the file itself.
    Pass,
    /// Leave it out.
    Discard,
    /// Place it, if it is alive.
    Place(Class),
}

/// Says what to do with a section if all ISAs have it.
pub fn treatment(section: &Section<'_>) -> Treatment {
    let name = section.name;
    if !section.has(shf::ALLOC) {
        return match section.raw.kind {
            sht::GROUP => Treatment::Discard,
            _ => Treatment::Pass,
        };
    }
    if name == ".eh_frame" {
        return Treatment::Pass;
    }
    if section.raw.kind == sht::NOTE {
        return Treatment::Discard;
    }
    let zero = section.raw.kind == sht::NOBITS;
    let pick = |filled, zeroed| if zero { zeroed } else { filled };
    Treatment::Place(if name.starts_with(".gcc_except_table") {
        Class::Lsda
    } else if section.has(shf::TLS) {
        pick(Class::Tdata, Class::Tbss)
    } else if section.has(shf::EXEC) {
        match name.starts_with(sections::CLONE) {
            true => Class::Cold,
            false => Class::Text,
        }
    } else if name.starts_with(sections::PRIVATE) {
        pick(Class::State, Class::StateBss)
    } else if array(section).is_some()
        || !section.has(shf::WRITE)
        || name.starts_with(".data.rel.ro")
    {
        Class::Rodata
    } else {
        pick(Class::Data, Class::Bss)
    })
}

/// Which array of functions a section is part of, and its priority there: 0 preinit, 1 init, 2 fini.
/// Without a number: after all that have one (gABI, chapter 4, and GNU ld's SORT_BY_INIT_PRIORITY).
fn array(section: &Section<'_>) -> Option<(u8, u32)> {
    let priority = section.name.rsplit('.').next().unwrap_or_default().parse();
    let kind = match section.raw.kind {
        sht::PREINIT_ARRAY => 0,
        sht::INIT_ARRAY => 1,
        sht::FINI_ARRAY => 2,
        _ if is_reversed_array(section) => {
            // The older form counts down.
            let priority = priority.map_or(u32::MAX, |p: u32| 65535u32.saturating_sub(p));
            return Some((if section.name.starts_with(".c") { 1 } else { 2 }, priority));
        }
        _ => return None,
    };
    Some((kind, priority.unwrap_or(u32::MAX)))
}

/// Whether a section is an array of functions in the older form, `.ctors` or `.dtors`, which is walked
/// the other way round.
pub fn is_reversed_array(section: &Section<'_>) -> bool {
    [".ctors", ".dtors"].iter().any(|name| {
        let rest = section.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn rank<'a>(section: &Section<'a>) -> Rank<'a> {
    match array(section) {
        Some((kind, priority)) => Rank::Array(kind, priority),
        None if is_c_identifier(section.name) => Rank::Gathered(section.name),
        None if section.name.starts_with(sections::NEAR_TLS) => Rank::Near,
        None => Rank::Plain,
    }
}

fn is_c_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b == b'_' || b.is_ascii_alphabetic())
        && bytes.all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// The class of a section that only its own ISA knows.
fn isa_only(class: Class, section: &Section<'_>, names_dw_ref: bool) -> Class {
    match class {
        Class::Text | Class::Cold => Class::IsaOnlyText,
        Class::Rodata => Class::IsaOnlyRodata,
        // A pointer to the personality function; written by nobody once it is linked.
        Class::Data if names_dw_ref || section.name.contains(".DW.ref.") => Class::IsaOnlyRodata,
        Class::Lsda => Class::Lsda,
        _ => Class::IsaOnlyState,
    }
}

/// The names that each section of a part defines, by address, and where each name is.
struct Defined<'a> {
    by_section: Vec<Vec<usize>>,
    by_name: HashMap<&'a str, usize>,
    dw_ref: Vec<bool>,
}

fn defined<'a>(part: &IsaObject<'a>) -> Defined<'a> {
    let mut d = Defined {
        by_section: vec![Vec::new(); part.sections.len()],
        by_name: HashMap::new(),
        dw_ref: vec![false; part.sections.len()],
    };
    for (n, symbol) in part.symbols.iter().enumerate() {
        let Place::Section(section) = symbol.place else {
            continue;
        };
        if symbol.name.starts_with("DW.ref.") {
            d.dw_ref[section] = true;
        }
        if symbol.is_named() {
            d.by_section[section].push(n);
            d.by_name.insert(symbol.name, n);
        }
    }
    for names in &mut d.by_section {
        names.sort_by_key(|&n| (part.symbols[n].raw.value, part.symbols[n].name));
    }
    d
}

/// Matches the sections of all objects.
///
/// # Errors
/// Data whose size, kind or place within its section differs per ISA: all of them at once.
pub fn units<'a>(c: &Collected<'a>) -> Result<Units<'a>, Error> {
    let mut units = Units {
        list: Vec::new(),
        of: Vec::new(),
    };
    let mut errors = Vec::new();
    for (number, object) in c.objects.iter().enumerate() {
        let sizes = object
            .parts
            .iter()
            .map(|p| vec![u32::MAX; p.sections.len()]);
        units.of.push(sizes.collect());
        match_object(&c.isas, number, object, &mut units, &mut errors);
    }
    Error::all(errors)?;
    Ok(units)
}

fn match_object<'a>(
    isas: &[&'static Isa],
    number: usize,
    object: &Object<'a>,
    units: &mut Units<'a>,
    errors: &mut Vec<Error>,
) {
    let names: Vec<Defined<'a>> = object.parts.iter().map(defined).collect();
    let mut ordinals = Ordinals::new(object);
    let base = &object.parts[0];
    for section in 0..base.sections.len() {
        let Treatment::Place(class) = treatment(&base.sections[section]) else {
            continue;
        };
        if object.dropped[0][section] || class == Class::Lsda {
            continue;
        }
        let by_name = base.sections[section].name;
        let found = match_by_symbol(object, &names, section)
            .or_else(|| ordinals.matching(object, section).map(|s| (s, by_name)));
        let Some((sections, name)) = found else {
            continue;
        };
        let unit = Unit {
            object: number,
            sections,
            class,
            rank: rank(&base.sections[section]),
            name,
            aligned: true,
        };
        check(isas, object, &names, &unit, errors);
        for (isa, &section) in sections.iter().take(isas.len()).enumerate() {
            units.of[number][isa][section] = units.list.len() as u32;
        }
        units.list.push(unit);
    }
    for (isa, part) in object.parts.iter().enumerate() {
        for (section, sect) in part.sections.iter().enumerate() {
            let Treatment::Place(class) = treatment(sect) else {
                continue;
            };
            let taken = units.of[number][isa][section] != u32::MAX;
            if taken || object.dropped[isa][section] {
                continue;
            }
            let mut sections = [0; MAX_ISAS];
            sections[isa] = section;
            let first = names[isa].by_section[section].first();
            units.of[number][isa][section] = units.list.len() as u32;
            units.list.push(Unit {
                object: number,
                sections,
                class: isa_only(class, sect, names[isa].dw_ref[section]),
                rank: Rank::Plain,
                name: first.map_or(sect.name, |&n| part.symbols[n].name),
                aligned: false,
            });
        }
    }
}

/// The sections of all ISAs that define a name this one of the base ISA defines.
fn match_by_symbol<'a>(
    object: &Object<'a>,
    names: &[Defined<'a>],
    section: usize,
) -> Option<([usize; MAX_ISAS], &'a str)> {
    'symbols: for &symbol in &names[0].by_section[section] {
        let name = object.parts[0].symbols[symbol].name;
        let mut sections = [0; MAX_ISAS];
        sections[0] = section;
        for (isa, part) in object.parts.iter().enumerate().skip(1) {
            let Some(&other) = names[isa].by_name.get(name) else {
                continue 'symbols;
            };
            let Place::Section(other) = part.symbols[other].place else {
                continue 'symbols;
            };
            let placed = matches!(treatment(&part.sections[other]), Treatment::Place(_));
            if !placed || object.dropped[isa][other] {
                continue 'symbols;
            }
            sections[isa] = other;
        }
        return Some((sections, name));
    }
    None
}

/// Sections that have no names to match them by, but a fixed meaning: arrays of functions, and those
/// whose name is ours. They are matched by their own name and number.
struct Ordinals<'a> {
    by_name: Vec<HashMap<&'a str, Vec<usize>>>,
}

impl<'a> Ordinals<'a> {
    fn new(object: &Object<'a>) -> Self {
        let mut by_name = Vec::new();
        for part in &object.parts {
            let mut map: HashMap<&'a str, Vec<usize>> = HashMap::new();
            for (n, section) in part.sections.iter().enumerate() {
                if Self::applies(section) {
                    map.entry(section.name).or_default().push(n);
                }
            }
            by_name.push(map);
        }
        Self { by_name }
    }

    fn applies(section: &Section<'_>) -> bool {
        let ours = section.name.contains(sections::OURS);
        section.has(shf::ALLOC) && (ours || array(section).is_some())
    }

    fn matching(&mut self, object: &Object<'a>, section: usize) -> Option<[usize; MAX_ISAS]> {
        let name = object.parts[0].sections[section].name;
        let ordinal = self.by_name[0]
            .get(name)?
            .iter()
            .position(|&s| s == section)?;
        let mut sections = [0; MAX_ISAS];
        for (isa, map) in self.by_name.iter().enumerate() {
            sections[isa] = *map.get(name)?.get(ordinal)?;
        }
        Some(sections)
    }
}

/// Checks that a unit is the same thing on all ISAs.
fn check(
    isas: &[&'static Isa],
    object: &Object<'_>,
    names: &[Defined<'_>],
    unit: &Unit<'_>,
    errors: &mut Vec<Error>,
) {
    let base = &object.parts[0].sections[unit.sections[0]];
    let mut differs = |symbol: &str, what, isa: usize, here: String, there: String| {
        errors.push(Error::Differs {
            file: object.name.clone(),
            symbol: symbol.to_owned(),
            what,
            sides: Box::new([(isas[0].name, here), (isas[isa].name, there)]),
        });
    };
    for (isa, part) in object.parts.iter().enumerate().skip(1) {
        let section = &part.sections[unit.sections[isa]];
        let other = match treatment(section) {
            Treatment::Place(class) => class,
            _ => Class::Lsda,
        };
        if other != unit.class {
            differs(
                unit.name,
                "sections",
                isa,
                base.name.to_owned(),
                section.name.to_owned(),
            );
            continue;
        }
        // Every name with a type is in this section, at the same offset, on both.
        let mut same = true;
        for &symbol in &names[0].by_section[unit.sections[0]] {
            let here = &object.parts[0].symbols[symbol];
            let there = names[isa].by_name.get(here.name).map(|&n| &part.symbols[n]);
            let Some(there) = there.filter(|_| here.is_typed()) else {
                continue;
            };
            if there.place != Place::Section(unit.sections[isa]) {
                differs(
                    here.name,
                    "sections",
                    isa,
                    base.name.to_owned(),
                    "another".to_owned(),
                );
                same = false;
            } else if unit.class.is_neutral() && there.raw.size != here.raw.size {
                let (a, b) = (here.raw.size, there.raw.size);
                differs(here.name, "sizes", isa, a.to_string(), b.to_string());
                same = false;
            } else if there.raw.value != here.raw.value {
                let (a, b) = (here.raw.value, there.raw.value);
                differs(
                    here.name,
                    "offsets in its section",
                    isa,
                    a.to_string(),
                    b.to_string(),
                );
                same = false;
            }
        }
        if same && unit.class.is_neutral() && section.raw.size != base.raw.size {
            let (a, b) = (base.raw.size, section.raw.size);
            differs(unit.name, "sizes", isa, a.to_string(), b.to_string());
        }
    }
}
