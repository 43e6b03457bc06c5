//! What frame records hold, for people: function names, lines, types, variables. Not loaded, so it costs a
//! running program nothing; `popcorn inspect` reads it.
//!
//! The same form stands in each object (section `.popcorn.info`, functions by symbol) and, merged by the
//! linker, in the program (functions by the address of their descriptor). Numbers are little-endian; in
//! bodies they are LEB128, `s` for signed ones. `text` is an offset into the texts, which end with a zero.
//!
//! ```text
//!  0  [u8; 8]  magic "POPFRAME"
//!  8  u32      version
//! 12  u32      number of functions
//! 16  u64      bytes of the whole table
//! 24  u32      offset of the texts          28  u32  their length
//! 32  functions, sorted by descriptor: u64 descriptor (0 in objects), u32 offset and u32 length of the body
//!
//! body      text symbol, text name, text file, line,
//!           count, {text name, class, bytes}                     types
//!           count, {offset in the record, type}                  slots
//!           count, {text name, type}                             variables
//!           count, {kind (0 call, 1 migration point),            sites
//!               count, {text function, text file, line, column}  where it is, inlined calls innermost first
//!               count, {slot}                                    what it stores
//!               count, {variable, depth, place}}                 variables in scope; depth: in which of those
//! place     0 slot | 1 slot, s offset: their sum | 2 slot, s offset: memory there | 3 s value
//!           | 4 slot, whose sign is extended
//! ```

use crate::bytes::{array_at, range, u32_at, u64_at};
use core::fmt;
use std::collections::HashMap;

/// First bytes of a table.
pub const MAGIC: [u8; 8] = *b"POPFRAME";
/// Version of this format. A reader refuses any other.
pub const VERSION: u32 = 1;

const HEADER: usize = 32;
const ENTRY: usize = 16;
/// Bytes of text that one function may name, repetitions counted.
const TEXT_BUDGET: usize = 64 << 20;

/// Why bytes are not such a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfoError {
    /// Not a table at all.
    Magic,
    /// A table of another version of the format: that version.
    Version(u32),
    /// It ends early, or refers to what is outside.
    Damaged,
}

impl fmt::Display for InfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => write!(f, "not a table of frames"),
            Self::Version(v) => write!(f, "frame table of version {v}, this reads {VERSION}"),
            Self::Damaged => write!(f, "the frame table is damaged"),
        }
    }
}

impl core::error::Error for InfoError {}

/// How to show a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// As bytes: structs, arrays, vectors.
    Aggregate = 0,
    Signed = 1,
    Unsigned = 2,
    Float = 3,
    Bool = 4,
    /// A character.
    Char = 5,
    Pointer = 6,
    /// A pointer to characters.
    Text = 7,
}

impl Class {
    /// The class of this number; unknown ones are shown as bytes.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Signed,
            2 => Self::Unsigned,
            3 => Self::Float,
            4 => Self::Bool,
            5 => Self::Char,
            6 => Self::Pointer,
            7 => Self::Text,
            _ => Self::Aggregate,
        }
    }
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Type {
    /// As the source language, or LLVM, spells it.
    pub name: String,
    pub class: Class,
    /// Bytes.
    pub size: u64,
}

/// A place in a function's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Index of its type.
    pub ty: u32,
}

/// A variable of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// Index of its type.
    pub ty: u32,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    pub function: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// Where a variable's value is, at one site. Slots by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Slot(u32),
    /// The slot's value plus a number.
    Sum(u32, i64),
    /// In memory, at the slot's value plus a number.
    Memory(u32, i64),
    /// This number.
    Constant(i64),
    /// The slot's value, its sign extended.
    Extended(u32),
}

/// A variable in scope at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Index of the variable.
    pub variable: u32,
    /// Index of the location whose function it belongs to.
    pub depth: u32,
    pub place: Place,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// A migration point; otherwise a call.
    pub point: bool,
    /// Where it is: inlined calls innermost first. Empty without debug information.
    pub at: Vec<Location>,
    /// Indices of the slots that it stores.
    pub stored: Vec<u32>,
    pub bindings: Vec<Binding>,
}

/// A function with frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Function {
    /// Its symbol.
    pub symbol: String,
    /// Its name in the source, or its symbol.
    pub name: String,
    /// File and line of its definition: empty and 0 without debug information.
    pub file: String,
    pub line: u32,
    pub types: Vec<Type>,
    pub slots: Vec<Slot>,
    pub variables: Vec<Variable>,
    pub sites: Vec<Site>,
}

/// A table, its head checked; bodies are checked as they are read.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
    texts: &'a [u8],
}

impl<'a> Info<'a> {
    /// Checks head and extents.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, InfoError> {
        if array_at(bytes, 0) != Some(MAGIC) {
            return Err(InfoError::Magic);
        }
        match u32_at(bytes, 8) {
            Some(VERSION) => Self::tables(bytes).ok_or(InfoError::Damaged),
            Some(other) => Err(InfoError::Version(other)),
            None => Err(InfoError::Damaged),
        }
    }

    fn tables(bytes: &'a [u8]) -> Option<Self> {
        let bytes = range(bytes, 0, u64_at(bytes, 16)?)?;
        let count = u64::from(u32_at(bytes, 12)?);
        Some(Self {
            bytes,
            entries: range(bytes, HEADER as u64, count * ENTRY as u64)?,
            texts: range(bytes, u32_at(bytes, 24)?.into(), u32_at(bytes, 28)?.into())?,
        })
    }

    /// Number of functions.
    pub fn len(&self) -> usize {
        self.entries.len() / ENTRY
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All functions with the addresses of their descriptors.
    pub fn functions(&self) -> impl Iterator<Item = (u64, Result<Function, InfoError>)> + '_ {
        (0..self.len()).map(|i| {
            let descriptor = u64_at(self.entries, i * ENTRY).unwrap_or(0);
            (descriptor, self.read(i).ok_or(InfoError::Damaged))
        })
    }

    /// The function with this descriptor.
    ///
    /// # Errors
    /// If its entry is damaged.
    pub fn find(&self, descriptor: u64) -> Result<Option<Function>, InfoError> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if u64_at(self.entries, middle * ENTRY).unwrap_or(0) < descriptor {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == self.len() || u64_at(self.entries, low * ENTRY) != Some(descriptor) {
            return Ok(None);
        }
        self.read(low).map(Some).ok_or(InfoError::Damaged)
    }

    fn read(&self, index: usize) -> Option<Function> {
        let at = u32_at(self.entries, index * ENTRY + 8)?;
        let length = u32_at(self.entries, index * ENTRY + 12)?;
        let body = range(self.bytes, at.into(), length.into())?;
        Reader {
            rest: body,
            texts: self.texts,
            budget: TEXT_BUDGET,
        }
        .function()
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    texts: &'a [u8],
    /// Bytes of text that may still be copied.
    budget: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// Zigzag: the sign is the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn text(&mut self) -> Option<String> {
        let at = self.small()?;
        let text = crate::elf::string(self.texts, at)?;
        // One text may be named any number of times.
        self.budget = self.budget.checked_sub(text.len())?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// An index below `limit`.
    fn index(&mut self, limit: usize) -> Option<u32> {
        self.small().filter(|&i| (i as usize) < limit)
    }

    /// A list. Every element has a byte at least, so a count beyond the bytes left is damage.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.number()?).ok()?;
        if count > self.rest.len() {
            return None;
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn function(&mut self) -> Option<Function> {
        let mut f = Function {
            symbol: self.text()?,
            name: self.text()?,
            file: self.text()?,
            line: self.small()?,
            ..Function::default()
        };
        f.types = self.list(|r| {
            Some(Type {
                name: r.text()?,
                class: Class::from_number(r.number()?),
                size: r.number()?,
            })
        })?;
        f.slots = self.list(|r| {
            Some(Slot {
                offset: r.small()?,
                ty: r.index(f.types.len())?,
            })
        })?;
        f.variables = self.list(|r| {
            Some(Variable {
                name: r.text()?,
                ty: r.index(f.types.len())?,
            })
        })?;
        let (slots, variables) = (f.slots.len(), f.variables.len());
        f.sites = self.list(|r| r.site(slots, variables))?;
        Some(f)
    }

    fn site(&mut self, slots: usize, variables: usize) -> Option<Site> {
        Some(Site {
            point: self.number()? != 0,
            at: self.list(|r| {
                Some(Location {
                    function: r.text()?,
                    file: r.text()?,
                    line: r.small()?,
                    column: r.small()?,
                })
            })?,
            stored: self.list(|r| r.index(slots))?,
            bindings: self.list(|r| {
                Some(Binding {
                    variable: r.index(variables)?,
                    depth: r.small()?,
                    place: r.place(slots)?,
                })
            })?,
        })
    }

    fn place(&mut self, slots: usize) -> Option<Place> {
        Some(match self.number()? {
            0 => Place::Slot(self.index(slots)?),
            1 => Place::Sum(self.index(slots)?, self.signed()?),
            2 => Place::Memory(self.index(slots)?, self.signed()?),
            3 => Place::Constant(self.signed()?),
            4 => Place::Extended(self.index(slots)?),
            _ => return None,
        })
    }
}

/// Writes a table of functions with the addresses of their descriptors, in any order.
pub fn write(functions: &[(u64, Function)]) -> Vec<u8> {
    let mut order: Vec<&(u64, Function)> = functions.iter().collect();
    order.sort_by_key(|(descriptor, _)| *descriptor);
    let mut out = Writer::default();
    let mut entries = Vec::new();
    let start = HEADER + order.len() * ENTRY;
    for (descriptor, function) in order {
        let at = out.bodies.len();
        out.function(function);
        entries.extend(descriptor.to_le_bytes());
        entries.extend(((start + at) as u32).to_le_bytes());
        entries.extend(((out.bodies.len() - at) as u32).to_le_bytes());
    }
    let texts = start + out.bodies.len();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((functions.len() as u32).to_le_bytes());
    bytes.extend(((texts + out.texts.len()) as u64).to_le_bytes());
    bytes.extend((texts as u32).to_le_bytes());
    bytes.extend((out.texts.len() as u32).to_le_bytes());
    bytes.extend(entries);
    bytes.extend(out.bodies);
    bytes.extend(out.texts);
    bytes
}

#[derive(Default)]
struct Writer {
    bodies: Vec<u8>,
    texts: Vec<u8>,
    known: HashMap<String, u64>,
}

impl Writer {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bodies.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bodies.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.number((value << 1 ^ value >> 63) as u64);
    }

    fn text(&mut self, text: &str) {
        let at = match self.known.get(text) {
            Some(&at) => at,
            None => {
                let at = self.texts.len() as u64;
                self.texts
                    .extend(text.bytes().filter(|&b| b != 0).chain([0]));
                self.known.insert(text.to_owned(), at);
                at
            }
        };
        self.number(at);
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| write(self, item));
    }

    fn function(&mut self, f: &Function) {
        self.text(&f.symbol);
        self.text(&f.name);
        self.text(&f.file);
        self.number(f.line.into());
        self.list(&f.types, |w, t| {
            w.text(&t.name);
            w.number(t.class as u64);
            w.number(t.size);
        });
        self.list(&f.slots, |w, s| {
            w.number(s.offset.into());
            w.number(s.ty.into());
        });
        self.list(&f.variables, |w, v| {
            w.text(&v.name);
            w.number(v.ty.into());
        });
        self.list(&f.sites, Self::site);
    }

    fn site(&mut self, site: &Site) {
        self.number(site.point.into());
        self.list(&site.at, |w, at| {
            w.text(&at.function);
            w.text(&at.file);
            w.number(at.line.into());
            w.number(at.column.into());
        });
        self.list(&site.stored, |w, &slot| w.number(slot.into()));
        self.list(&site.bindings, |w, b| {
            w.number(b.variable.into());
            w.number(b.depth.into());
            w.place(b.place);
        });
    }

    fn place(&mut self, place: Place) {
        let (kind, slot, offset) = match place {
            Place::Slot(slot) => (0, Some(slot), None),
            Place::Sum(slot, offset) => (1, Some(slot), Some(offset)),
            Place::Memory(slot, offset) => (2, Some(slot), Some(offset)),
            Place::Constant(value) => (3, None, Some(value)),
            Place::Extended(slot) => (4, Some(slot), None),
        };
        self.number(kind);
        if let Some(slot) = slot {
            self.number(slot.into());
        }
        if let Some(offset) = offset {
            self.signed(offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Vec<(u64, Function)> {
        let int = Type {
            name: "int".into(),
            class: Class::Signed,
            size: 4,
        };
        let site = Site {
            point: true,
            at: vec![Location {
                function: "inner".into(),
                file: "a.c".into(),
                line: 300,
                column: 7,
            }],
            stored: vec![0],
            bindings: [
                Place::Slot(0),
                Place::Sum(0, -4),
                Place::Memory(0, i64::MIN),
                Place::Constant(i64::MAX),
                Place::Extended(0),
            ]
            .map(|place| Binding {
                variable: 0,
                depth: 0,
                place,
            })
            .to_vec(),
        };
        let f = Function {
            symbol: "f".into(),
            name: "f".into(),
            file: "a.c".into(),
            line: 12,
            types: vec![int],
            slots: vec![Slot { offset: 32, ty: 0 }],
            variables: vec![Variable {
                name: "x".into(),
                ty: 0,
            }],
            sites: vec![site],
        };
        let g = Function {
            symbol: "g".into(),
            ..Function::default()
        };
        vec![(0x2000, f), (0x1000, g)]
    }

    #[test]
    fn round_trip() {
        let functions = sample();
        let bytes = write(&functions);
        let info = Info::parse(&bytes).unwrap();
        assert_eq!(info.find(0x2000).unwrap().as_ref(), Some(&functions[0].1));
        assert_eq!(info.find(0x1000).unwrap().as_ref(), Some(&functions[1].1));
        assert_eq!(info.find(0x1fff).unwrap(), None);
        assert_eq!(info.functions().count(), 2);
    }

    #[test]
    fn a_count_beyond_the_bytes_is_damage() {
        let mut bytes = write(&sample()[1..]);
        let body = HEADER + ENTRY;
        // symbol, name, file, line, then the number of types.
        bytes[body + 4] = 0x7f;
        assert!(Info::parse(&bytes).unwrap().find(0x1000).is_err());
        assert_eq!(Info::parse(b"POPFRAM").unwrap_err(), InfoError::Magic);
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>()) {
            let mut bytes = write(&sample());
            for (at, value) in changes {
                *at.get_mut(&mut bytes) = value;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            if let Ok(info) = Info::parse(&bytes) {
                info.functions().for_each(drop);
                let _ = info.find(0x1000);
            }
        }
    }
}
