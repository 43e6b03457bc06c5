//! Live values of a checkpoint: bytes of records and memory, shown by the types that the program's table
//! of frames gives them.

use popcorn_metadata::bytes::{array_at, u64_at};
use popcorn_metadata::elf::{Elf, Symbol, sht, st, string};
use popcorn_metadata::image::Checkpoint;
use popcorn_metadata::info::{Class, Function, Place, Type};

/// Characters of a text that are shown.
const SHOWN: usize = 40;
/// Bytes of a value that are shown.
const MOST: usize = 32;

/// The memory of a process: its image's, and what its program's file holds.
pub struct Memory<'a> {
    checkpoint: &'a Checkpoint<'a>,
    elf: Elf<'a>,
}

impl<'a> Memory<'a> {
    pub fn new(checkpoint: &'a Checkpoint<'a>, elf: Elf<'a>) -> Self {
        Self { checkpoint, elf }
    }

    /// Bytes at an address; `None` if nothing is there.
    pub fn read(&self, address: u64, length: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; length];
        if self.checkpoint.peek(address, &mut out) {
            return Some(out);
        }
        let end = address.checked_add(length as u64)?;
        self.elf.segments().find_map(|s| {
            let offset = address.checked_sub(s.address)?;
            let inside = end <= s.address.checked_add(s.file_size)?;
            let at = s.offset.checked_add(offset)?;
            let found = popcorn_metadata::bytes::range(self.elf.bytes, at, length as u64);
            found.filter(|_| inside).map(<[u8]>::to_vec)
        })
    }

    /// The text at an address, cut where it is long.
    pub fn text(&self, address: u64) -> Option<String> {
        let mut bytes = Vec::new();
        while bytes.len() <= SHOWN {
            match self.read(address.checked_add(bytes.len() as u64)?, 1)?[0] {
                0 => break,
                byte => bytes.push(byte),
            }
        }
        let more = if bytes.len() > SHOWN { "..." } else { "" };
        bytes.truncate(SHOWN);
        let text = String::from_utf8_lossy(&bytes);
        Some(format!("\"{}\"{more}", text.escape_debug()))
    }

    /// The function that begins at an address.
    pub fn function(&self, address: u64) -> Option<String> {
        let mut tables = self.elf.sections().filter(|s| s.kind == sht::SYMTAB);
        let table = tables.next()?;
        let names = self.elf.contents(&self.elf.section(table.link as usize)?)?;
        self.elf
            .contents(&table)?
            .chunks_exact(Symbol::SIZE)
            .filter_map(Symbol::from_bytes)
            .find(|s| s.kind() == st::FUNC && s.value == address)
            .and_then(|s| string(names, s.name))
            .map(|name| String::from_utf8_lossy(name).into_owned())
    }
}

/// One frame record.
pub struct Record<'a> {
    pub bytes: &'a [u8],
    pub function: &'a Function,
    pub memory: &'a Memory<'a>,
}

impl Record<'_> {
    /// The bytes of a slot.
    fn slot(&self, slot: u32) -> Option<(&[u8], &Type)> {
        let slot = self.function.slots.get(slot as usize)?;
        let ty = self.function.types.get(slot.ty as usize)?;
        let at = slot.offset as usize;
        let end = at.checked_add(usize::try_from(ty.size).ok()?)?;
        Some((self.bytes.get(at..end)?, ty))
    }

    fn pointer(&self, slot: u32, offset: i64) -> Option<u64> {
        let (bytes, _) = self.slot(slot)?;
        Some(u64_at(bytes, 0)?.wrapping_add_signed(offset))
    }

    /// A slot's value by its own type.
    pub fn show_slot(&self, slot: u32) -> Option<String> {
        let (bytes, ty) = self.slot(slot)?;
        Some(show(bytes, ty.class, self.memory))
    }

    /// A variable's value.
    pub fn show(&self, place: Place, ty: &Type) -> Option<String> {
        let length = usize::try_from(ty.size).ok()?;
        let shown = length.min(MOST);
        let number = |value: i64| i128::from(value).to_le_bytes()[..shown.min(16)].to_vec();
        let bytes = match place {
            Place::Constant(value) => number(value),
            Place::Sum(slot, offset) => number(self.pointer(slot, offset)? as i64),
            Place::Slot(slot) => {
                let mut bytes = self.slot(slot)?.0.to_vec();
                bytes.resize(shown, 0);
                bytes
            }
            Place::Extended(slot) => {
                let mut bytes = self.slot(slot)?.0.to_vec();
                let sign = bytes.last().is_some_and(|b| b & 0x80 != 0);
                bytes.resize(shown, if sign { 0xff } else { 0 });
                bytes
            }
            Place::Memory(slot, offset) => {
                let address = self.pointer(slot, offset)?;
                if ty.class == Class::Aggregate {
                    return Some(format!("{length} bytes at {address:#x}"));
                }
                self.memory.read(address, shown)?
            }
        };
        Some(show(&bytes, ty.class, self.memory))
    }
}

/// Bytes as a value of a class.
fn show(bytes: &[u8], class: Class, memory: &Memory<'_>) -> String {
    let unsigned = || {
        let mut word = [0; 16];
        word.iter_mut().zip(bytes).for_each(|(to, b)| *to = *b);
        u128::from_le_bytes(word)
    };
    let signed = || {
        let unused = 128 - 8 * bytes.len().clamp(1, 16) as u32;
        (unsigned() as i128) << unused >> unused
    };
    match (class, bytes.len()) {
        (_, 0) => "nothing".to_owned(),
        (Class::Signed, ..=16) => signed().to_string(),
        (Class::Unsigned, ..=16) => unsigned().to_string(),
        (Class::Bool, ..=16) => (unsigned() & 1 != 0).to_string(),
        (Class::Char, 1) => format!("{} {:?}", signed(), char::from(bytes[0])),
        (Class::Float, 4) => f32::from_le_bytes(array_at(bytes, 0).unwrap_or_default()).to_string(),
        (Class::Float, 8) => f64::from_le_bytes(array_at(bytes, 0).unwrap_or_default()).to_string(),
        (Class::Pointer | Class::Text, 8) => {
            let address = unsigned() as u64;
            let known = match class {
                Class::Text => memory.text(address),
                _ => memory.function(address).map(|name| format!("<{name}>")),
            };
            match known {
                Some(known) if address != 0 => format!("{address:#x} {known}"),
                _ => format!("{address:#x}"),
            }
        }
        _ => {
            let shown = &bytes[..bytes.len().min(MOST)];
            let digits: String = shown.iter().map(|b| format!("{b:02x}")).collect();
            format!("bytes {digits}")
        }
    }
}
