//! From a linked ELF file's `.eh_frame` and LSDAs to the rows of a stack map.
//!
//! Formats: LSB core specification, section 10.6 (`.eh_frame`); *Itanium C++ ABI: Exception Handling
//! Tables*, and LLVM's EHStreamer.cpp for what it writes of them (`.gcc_except_table`). Encodings differ
//! per ISA and are decoded generically.

use crate::elf::{Elf, Symbol, sht, st, string};
use crate::stackmap::{Counts, INSTRUMENTED, RowData, RuleData, TAKES_LONGJMP};
use gimli::{CfaRule, CieOrFde, RegisterRule, UnwindSection};
use popcorn_toolchains::Isa;
use popcorn_toolchains::isa::ReturnAddress;

/// What the unwind tables of one ISA's executable say.
#[derive(Debug, Clone, Default)]
pub struct Unwind {
    /// Rows of the stack map: sorted, the last without a rule.
    pub rows: Vec<RowData>,
    /// Counts of the stack map.
    pub counts: Counts,
    /// Functions that have a frame entry, by address.
    pub functions: Vec<Function>,
}

/// A function that has a frame entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// First address.
    pub start: u64,
    /// Address after it.
    pub end: u64,
    /// Whether it is instrumented: names a personality.
    pub instrumented: bool,
    /// Call sites that have a pad.
    pub pads: u32,
}

/// What cannot be put into a stack map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{function}: {what}")]
pub struct UnwindError {
    /// Name of the function, or its address.
    pub function: String,
    /// What is wrong.
    pub what: String,
}

type Reader<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;

/// Reads the tables of a linked file. One without `.eh_frame` has no functions.
///
/// # Errors
/// Damaged tables, and rules of an instrumented function that a stack map cannot express.
pub fn read(bytes: &[u8], isa: &Isa) -> Result<Unwind, UnwindError> {
    let elf = Elf::parse(bytes).map_err(|e| whole(&e))?;
    let Some((_, section)) = elf.find(b".eh_frame") else {
        return Ok(Unwind::default());
    };
    let table = elf.contents(&section).unwrap_or_default();
    let frame = gimli::EhFrame::new(table, gimli::LittleEndian);
    let bases = gimli::BaseAddresses::default().set_eh_frame(section.address);
    let mut context = gimli::UnwindContext::new();
    let mut cies = std::collections::HashMap::new();
    let mut entries = frame.entries(&bases);
    let mut found: Vec<(Function, Vec<RowData>)> = Vec::new();
    while let Some(entry) = entries.next().map_err(|e| whole(&e))? {
        let CieOrFde::Fde(partial) = entry else {
            continue;
        };
        let fde = partial
            .parse(|frame, bases, offset| {
                // Gimli reads a CIE anew for each of its FDEs otherwise.
                if let Some(cie) = cies.get(&offset.0) {
                    return Ok(gimli::CommonInformationEntry::clone(cie));
                }
                let cie = frame.cie_from_offset(bases, offset)?;
                cies.insert(offset.0, cie.clone());
                Ok(cie)
            })
            .map_err(|e| whole(&e))?;
        if fde.len() == 0 {
            continue;
        }
        let name = |what: String| UnwindError {
            function: name(&elf, fde.initial_address()),
            what,
        };
        found.push(function(&elf, isa, &frame, &bases, &fde, &mut context).map_err(name)?);
    }
    found.sort_by_key(|(f, _)| f.start);
    let mut out = Unwind::default();
    let mut end = 0;
    for (function, rows) in found {
        if function.start < end {
            return Err(UnwindError {
                function: name(&elf, function.start),
                what: "its frame entry overlaps another's".to_owned(),
            });
        }
        if out.rows.last().is_some() && function.start > end {
            out.rows.push(gap(end)?);
        }
        end = function.end;
        out.rows.extend(rows);
        out.counts.functions += 1;
        out.counts.instrumented += u32::from(function.instrumented);
        out.counts.pads += function.pads;
        out.functions.push(function);
    }
    if end != 0 {
        out.rows.push(gap(end)?);
    }
    Ok(out)
}

fn gap(start: u64) -> Result<RowData, UnwindError> {
    Ok(RowData {
        start: u32::try_from(start).map_err(|e| whole(&e))?,
        pad: 0,
        flags: 0,
        rule: None,
    })
}

fn whole(what: &impl ToString) -> UnwindError {
    UnwindError {
        function: ".eh_frame".to_owned(),
        what: what.to_string(),
    }
}

/// The function that a symbol table names at an address, for messages.
fn name(elf: &Elf<'_>, address: u64) -> String {
    for table in elf.sections().filter(|s| s.kind == sht::SYMTAB) {
        let names = elf.section(table.link as usize);
        let names = names.and_then(|n| elf.contents(&n)).unwrap_or_default();
        let entries = elf.contents(&table).unwrap_or_default();
        let symbols = entries
            .chunks_exact(Symbol::SIZE)
            .filter_map(Symbol::from_bytes);
        for symbol in symbols.filter(|s| s.value == address && s.kind() == st::FUNC) {
            if let Some(name) = string(names, symbol.name) {
                return String::from_utf8_lossy(name).into_owned();
            }
        }
    }
    format!("{address:#x}")
}

fn function(
    elf: &Elf<'_>,
    isa: &Isa,
    frame: &gimli::EhFrame<Reader<'_>>,
    bases: &gimli::BaseAddresses,
    fde: &gimli::FrameDescriptionEntry<Reader<'_>>,
    context: &mut gimli::UnwindContext<usize>,
) -> Result<(Function, Vec<RowData>), String> {
    let (start, end) = (fde.initial_address(), fde.end_address());
    if end > u64::from(u32::MAX) {
        return Err(format!("its code ends at {end:#x}, past 4 GiB"));
    }
    let instrumented = fde.personality().is_some();
    let lsda = match fde.lsda() {
        None | Some(gimli::Pointer::Direct(0)) => Vec::new(),
        Some(gimli::Pointer::Direct(at)) => call_sites(elf, at, start)?,
        Some(gimli::Pointer::Indirect(_)) => return Err("its LSDA pointer is indirect".to_owned()),
    };
    let flags = if instrumented { INSTRUMENTED as u8 } else { 0 };
    let mut rows = Vec::new();
    let mut site = 0;
    let mut table = fde.rows(frame, bases, context).map_err(|e| e.to_string())?;
    while let Some(row) = table.next_row().map_err(|e| e.to_string())? {
        let rule = match rule(isa, fde.cie().return_address_register(), row) {
            Ok(rule) => Some(rule),
            Err(what) if instrumented => return Err(what),
            // Assembly that no capture goes through: a gap, at which an unwinder stops.
            Err(_) => None,
        };
        let (mut at, row_end) = (row.start_address(), row.end_address().min(end));
        // Where this row and the call sites overlap.
        while at < row_end {
            while lsda.get(site).is_some_and(|s: &CallSite| s.end <= at) {
                site += 1;
            }
            let (next, pad, extra) = match lsda.get(site) {
                Some(s) if s.start <= at => (s.end, s.pad, s.takes_longjmp),
                Some(s) => (s.start, 0, false),
                None => (row_end, 0, false),
            };
            rows.push(RowData {
                start: at as u32,
                pad: u32::try_from(pad).map_err(|_| "its pad lies past 4 GiB".to_owned())?,
                flags: flags | if extra { TAKES_LONGJMP as u8 } else { 0 },
                rule: rule.clone(),
            });
            at = next.min(row_end);
        }
    }
    let pads = lsda.iter().filter(|s| s.pad != 0).count() as u32;
    let function = Function {
        start,
        end,
        instrumented,
        pads,
    };
    Ok((function, rows))
}

/// Puts a row into the stack map's form, or says what in it has none.
fn rule(
    isa: &Isa,
    ra: gimli::Register,
    row: &gimli::UnwindTableRow<usize>,
) -> Result<RuleData, String> {
    let &CfaRule::RegisterAndOffset { register, offset } = row.cfa() else {
        return Err("its frame address is a DWARF expression".to_owned());
    };
    if register.0 != isa.sp && register.0 != isa.fp {
        return Err(format!(
            "its frame address counts from register {}, neither stack nor frame pointer",
            register.0
        ));
    }
    let narrow = |offset: i64| i32::try_from(offset).map_err(|_| "its frame is too large");
    let mut out = RuleData {
        cfa_is_fp: register.0 == isa.fp,
        cfa_offset: narrow(offset)?,
        ra: None,
        saved: Vec::new(),
    };
    for (register, rule) in row.registers() {
        let index = isa.callee_saved_index(register.0);
        let is_ra = *register == ra;
        match rule {
            RegisterRule::Offset(offset) if is_ra => out.ra = Some(narrow(*offset)?),
            RegisterRule::Offset(offset) => {
                // Others than callee-saved ones hold nothing for a caller.
                if let Some(index) = index {
                    out.saved.push((index as u8, narrow(*offset)?));
                }
            }
            RegisterRule::SameValue | RegisterRule::Undefined => {}
            _ if is_ra || index.is_some() => {
                return Err(format!(
                    "register {} is saved in a way that is not a stack slot",
                    register.0
                ));
            }
            _ => {}
        }
    }
    if out.ra.is_none() && isa.ra == ReturnAddress::OnStack {
        return Err("its return address is nowhere".to_owned());
    }
    out.saved.sort_unstable();
    Ok(out)
}

/// A range of code whose calls have one pad.
struct CallSite {
    start: u64,
    end: u64,
    /// 0: none.
    pad: u64,
    takes_longjmp: bool,
}

/// Decodes the call-site table of the LSDA at `address`.
fn call_sites(elf: &Elf<'_>, address: u64, function: u64) -> Result<Vec<CallSite>, String> {
    let section = elf
        .sections()
        .find(|s| {
            s.address != 0 && (s.address..s.address.saturating_add(s.size)).contains(&address)
        })
        .ok_or("its LSDA is not in the file")?;
    let contents = elf.contents(&section).unwrap_or_default();
    let mut cursor = Cursor {
        bytes: contents
            .get((address - section.address) as usize..)
            .unwrap_or_default(),
    };
    let mut decode = || -> Option<Vec<CallSite>> {
        let base = match cursor.byte()? {
            OMIT => function,
            encoding => cursor.encoded(encoding)?,
        };
        if cursor.byte()? != OMIT {
            cursor.uleb()?;
        }
        let encoding = cursor.byte()?;
        let length = cursor.uleb()?;
        let mut table = Cursor {
            bytes: cursor.bytes.get(..usize::try_from(length).ok()?)?,
        };
        let mut sites = Vec::new();
        while !table.bytes.is_empty() {
            let start = function.checked_add(table.encoded(encoding)?)?;
            let end = start.checked_add(table.encoded(encoding)?)?;
            let pad = match table.encoded(encoding)? {
                0 => 0,
                pad => base.checked_add(pad)?,
            };
            let takes_longjmp = table.uleb()? != 0 && pad != 0;
            sites.push(CallSite {
                start,
                end,
                pad,
                takes_longjmp,
            });
        }
        Some(sites)
    };
    let sites = decode().ok_or("its LSDA is damaged")?;
    if sites.windows(2).any(|w| w[0].end > w[1].start) {
        return Err("its call sites overlap".to_owned());
    }
    Ok(sites)
}

/// `DW_EH_PE_omit`.
const OMIT: u8 = 0xff;

struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take::<1>()?[0])
    }

    fn uleb(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            if shift > 63 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    /// A value in a `DW_EH_PE_*` format without a base (LSB core specification, 10.5.1).
    fn encoded(&mut self, encoding: u8) -> Option<u64> {
        match encoding {
            0x00 | 0x04 | 0x0c => self.take().map(u64::from_le_bytes),
            0x01 => self.uleb(),
            0x02 | 0x0a => self.take().map(u16::from_le_bytes).map(u64::from),
            0x03 | 0x0b => self.take().map(u32::from_le_bytes).map(u64::from),
            _ => None,
        }
    }
}
