//! Says which sections of the ISAs' parts of an object are the same thing, and where each belongs.
//!
//! Sections are matched by the names they define, not by their own names: back ends put the same
//! constant into differently named sections (`.rodata`, `.srodata`, `.data.rel.ro`). What no other ISA
//! knows by name - constant pools, jump tables, helpers - is private to its ISA.

use crate::collect::{Collected, MAX_ISAS, Object};
use crate::error::Error;
use crate::object::{Part, Place, Sect};
use popcorn_metadata::elf::{shf, sht};
use popcorn_toolchains::Isa;
use std::collections::HashMap;

/// Where a section goes, in the order of the image (docs/abi.md, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Functions.
    Text,
    /// Resume clones.
    Cold,
    /// Constants, init and fini arrays.
    Rodata,
    /// Initialised thread-local variables.
    Tdata,
    /// Zeroed thread-local variables.
    Tbss,
    /// Initialised globals.
    Data,
    /// Zeroed globals.
    Bss,
    /// The runtime's state of one incarnation.
    State,
    /// The zeroed part of that.
    StateBss,
    /// Code of one ISA only.
    PrivateText,
    /// Constants of one ISA only.
    PrivateRodata,
    /// The runtime's state that one ISA only has.
    PrivateState,
    /// Language-specific data: read for the stack map, then gone.
    Lsda,
}

impl Class {
    /// The classes whose sections have the same address on every ISA, in image order.
    pub const ALIGNED: [Class; 9] = [
        Class::Text,
        Class::Cold,
        Class::Rodata,
        Class::Tdata,
        Class::Tbss,
        Class::Data,
        Class::Bss,
        Class::State,
        Class::StateBss,
    ];

    /// The output section.
    pub fn output(self) -> &'static str {
        match self {
            Class::Text => ".text",
            Class::Cold => ".text.cold",
            Class::Rodata => ".rodata",
            Class::Tdata => ".tdata",
            Class::Tbss => ".tbss",
            Class::Data => ".data",
            Class::Bss => ".bss",
            Class::State => ".popcorn.private",
            Class::StateBss => ".popcorn.private.bss",
            Class::PrivateText => ".private.text",
            Class::PrivateRodata => ".private.rodata",
            Class::PrivateState => ".private.data",
            Class::Lsda => ".popcorn.stackmap",
        }
    }

    /// Whether it holds instructions.
    pub fn is_text(self) -> bool {
        matches!(self, Class::Text | Class::Cold | Class::PrivateText)
    }

    /// Whether it has no bytes in the file.
    pub fn is_zero(self) -> bool {
        matches!(self, Class::Tbss | Class::Bss | Class::StateBss)
    }

    /// Whether sizes, and bytes where there are any, are the same on every ISA.
    pub fn is_neutral(self) -> bool {
        matches!(
            self,
            Class::Rodata | Class::Tdata | Class::Tbss | Class::Data | Class::Bss
        )
    }
}

/// Order within a class: arrays that are walked first, then sections that are gathered by name, then
/// all others as they come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank<'a> {
    /// `.preinit_array`, `.init_array`, `.fini_array`: which of them, and the priority.
    Array(u8, u32),
    /// A section whose name is a C identifier: `__start_` and `__stop_` of it exist.
    Gathered(&'a str),
    /// Thread-local variables that compiled code expects within reach of the thread pointer.
    Near,
    /// Any other.
    Plain,
}

/// One thing to place: a section of an object, on all ISAs or on one.
#[derive(Debug)]
pub struct Node<'a> {
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

/// All nodes, and the way back from a section.
pub struct Nodes<'a> {
    /// In link order.
    pub list: Vec<Node<'a>>,
    /// By object, ISA and section: the node.
    of: Vec<Vec<Vec<u32>>>,
}

impl Nodes<'_> {
    /// The node of a section; `None` for one that is not placed (debug information, unwind tables,
    /// notes, members of a group that another object provides).
    pub fn of(&self, object: usize, isa: usize, section: usize) -> Option<usize> {
        match self.of[object][isa][section] {
            u32::MAX => None,
            node => Some(node as usize),
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
pub fn treatment(section: &Sect<'_>) -> Treatment {
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
        match name.starts_with(".text.popcorn.resume.") {
            true => Class::Cold,
            false => Class::Text,
        }
    } else if name.starts_with(".popcorn.private") {
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
fn array(section: &Sect<'_>) -> Option<(u8, u32)> {
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
pub fn is_reversed_array(section: &Sect<'_>) -> bool {
    [".ctors", ".dtors"].iter().any(|name| {
        let rest = section.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Sections of [`Rank::Near`] begin with this.
const NEAR: &str = ".tdata.popcorn.";

fn rank<'a>(section: &Sect<'a>) -> Rank<'a> {
    match array(section) {
        Some((kind, priority)) => Rank::Array(kind, priority),
        None if is_c_identifier(section.name) => Rank::Gathered(section.name),
        None if section.name.starts_with(NEAR) => Rank::Near,
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
fn private(class: Class, section: &Sect<'_>, names_dw_ref: bool) -> Class {
    match class {
        Class::Text | Class::Cold => Class::PrivateText,
        Class::Rodata => Class::PrivateRodata,
        // A pointer to the personality function; written by nobody once it is linked.
        Class::Data if names_dw_ref || section.name.contains(".DW.ref.") => Class::PrivateRodata,
        Class::Lsda => Class::Lsda,
        _ => Class::PrivateState,
    }
}

/// The names that each section of a part defines, by address, and where each name is.
struct Defined<'a> {
    by_section: Vec<Vec<usize>>,
    by_name: HashMap<&'a str, usize>,
    dw_ref: Vec<bool>,
}

fn defined<'a>(part: &Part<'a>) -> Defined<'a> {
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
pub fn nodes<'a>(c: &Collected<'a>) -> Result<Nodes<'a>, Error> {
    let mut nodes = Nodes {
        list: Vec::new(),
        of: Vec::new(),
    };
    let mut errors = Vec::new();
    for (number, object) in c.objects.iter().enumerate() {
        let sizes = object
            .parts
            .iter()
            .map(|p| vec![u32::MAX; p.sections.len()]);
        nodes.of.push(sizes.collect());
        match_object(&c.isas, number, object, &mut nodes, &mut errors);
    }
    Error::all(errors)?;
    Ok(nodes)
}

fn match_object<'a>(
    isas: &[&'static Isa],
    number: usize,
    object: &Object<'a>,
    nodes: &mut Nodes<'a>,
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
        let node = Node {
            object: number,
            sections,
            class,
            rank: rank(&base.sections[section]),
            name,
            aligned: true,
        };
        check(isas, object, &names, &node, errors);
        for (isa, &section) in sections.iter().take(isas.len()).enumerate() {
            nodes.of[number][isa][section] = nodes.list.len() as u32;
        }
        nodes.list.push(node);
    }
    for (isa, part) in object.parts.iter().enumerate() {
        for (section, sect) in part.sections.iter().enumerate() {
            let Treatment::Place(class) = treatment(sect) else {
                continue;
            };
            let taken = nodes.of[number][isa][section] != u32::MAX;
            if taken || object.dropped[isa][section] {
                continue;
            }
            let mut sections = [0; MAX_ISAS];
            sections[isa] = section;
            let first = names[isa].by_section[section].first();
            nodes.of[number][isa][section] = nodes.list.len() as u32;
            nodes.list.push(Node {
                object: number,
                sections,
                class: private(class, sect, names[isa].dw_ref[section]),
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

    fn applies(section: &Sect<'_>) -> bool {
        let ours = section.name.contains(".popcorn.");
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

/// Checks that a node is the same thing on all ISAs.
fn check(
    isas: &[&'static Isa],
    object: &Object<'_>,
    names: &[Defined<'_>],
    node: &Node<'_>,
    errors: &mut Vec<Error>,
) {
    let base = &object.parts[0].sections[node.sections[0]];
    let mut differs = |symbol: &str, what, isa: usize, here: String, there: String| {
        errors.push(Error::Differs {
            file: object.name.clone(),
            symbol: symbol.to_owned(),
            what,
            sides: Box::new([(isas[0].name, here), (isas[isa].name, there)]),
        });
    };
    for (isa, part) in object.parts.iter().enumerate().skip(1) {
        let section = &part.sections[node.sections[isa]];
        let other = match treatment(section) {
            Treatment::Place(class) => class,
            _ => Class::Lsda,
        };
        if other != node.class {
            differs(
                node.name,
                "sections",
                isa,
                base.name.to_owned(),
                section.name.to_owned(),
            );
            continue;
        }
        // Every name with a type is in this section, at the same offset, on both.
        let mut same = true;
        for &symbol in &names[0].by_section[node.sections[0]] {
            let here = &object.parts[0].symbols[symbol];
            let there = names[isa].by_name.get(here.name).map(|&n| &part.symbols[n]);
            let Some(there) = there.filter(|_| here.is_typed()) else {
                continue;
            };
            if there.place != Place::Section(node.sections[isa]) {
                differs(
                    here.name,
                    "sections",
                    isa,
                    base.name.to_owned(),
                    "another".to_owned(),
                );
                same = false;
            } else if node.class.is_neutral() && there.raw.size != here.raw.size {
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
        if same && node.class.is_neutral() && section.raw.size != base.raw.size {
            let (a, b) = (base.raw.size, section.raw.size);
            differs(node.name, "sizes", isa, a.to_string(), b.to_string());
        }
    }
}
