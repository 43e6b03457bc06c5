//! What is left when the executables are linked: stack maps in place of unwind tables, the build id,
//! and one file out of all.

use crate::class::Class;
use crate::emit::Plan;
use crate::error::Error;
use crate::link::Linked;
use crate::object::Place;
use crate::solve::BUILD_ID;
use popcorn_metadata::bytes::{u32_at, u64_at};
use popcorn_metadata::elf::{Elf, ProgramHeader, SectionHeader, shf, sht};
use popcorn_metadata::symbols::function;
use popcorn_metadata::symbols::linker::STACKMAP;
use popcorn_metadata::unwind::{self, Unwind};
use popcorn_metadata::{info, package, sections, stackmap};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Reads every ISA's unwind tables and checks that they describe the same functions.
///
/// # Errors
/// [`Error::Unwind`], all of them at once.
pub fn unwind(
    plan: &Plan<'_, '_>,
    linked: &[Linked],
    descriptors: &Descriptors,
) -> Result<Vec<Unwind>, Error> {
    let mut errors = Vec::new();
    let mut tables = Vec::new();
    for linked in linked {
        match unwind::read(&linked.bytes, linked.isa) {
            Ok(table) => tables.push(table),
            Err(e) => errors.push(Error::Unwind {
                function: e.function,
                what: e.what,
                isa: linked.isa.name,
            }),
        }
    }
    Error::all(std::mem::take(&mut errors))?;
    let by_address: Vec<HashMap<u64, &unwind::Function>> = tables
        .iter()
        .map(|t| t.functions.iter().map(|f| (f.start, f)).collect())
        .collect();
    for (unit, item) in plan.units.list.iter().zip(&plan.item_of) {
        let Some(item) = item.filter(|_| unit.class.is_text()) else {
            continue;
        };
        let address = plan.layout.addresses[item];
        let found: Vec<_> = by_address.iter().map(|map| map.get(&address)).collect();
        let mut error = |isa: usize, what: &str| {
            errors.push(Error::Unwind {
                function: unit.name.to_owned(),
                what: what.to_owned(),
                isa: linked[isa].isa.name,
            });
        };
        let shape = |f: Option<&&unwind::Function>| f.is_some_and(|f| f.instrumented);
        for (isa, here) in found.iter().copied().enumerate() {
            if descriptors.contains_key(&address) && here.is_none() {
                error(isa, "has a descriptor but no unwind entry");
            } else if shape(here) != shape(found[0]) {
                let base = linked[0].isa.name;
                error(
                    isa,
                    &format!("is instrumented either here or on {base}, not on both"),
                );
            }
            // The number of pads may differ: a back end that finds a call dead, behind a comparison that it
            // alone expands for instance, drops its pad.
        }
    }
    Error::all(errors)?;
    Ok(tables)
}

/// Functions and resume clones, by address: their descriptors' addresses.
pub type Descriptors = HashMap<u64, u64>;

/// Reads the descriptors. They are neutral data, which has been compared already: any ISA's will do.
pub fn descriptors(plan: &Plan<'_, '_>, linked: &Linked) -> Descriptors {
    let mut out = HashMap::new();
    let Ok(elf) = Elf::parse(&linked.bytes) else {
        return out;
    };
    let rodata = elf.find(Class::Rodata.output().as_bytes());
    let contents = rodata
        .and_then(|(_, s)| elf.contents(&s))
        .unwrap_or_default();
    let start = plan.layout.extent(Class::Rodata).address;
    for (unit, item) in plan.units.list.iter().zip(&plan.item_of) {
        let Some(item) = item.filter(|_| unit.name.starts_with(function::DESCRIPTOR)) else {
            continue;
        };
        let descriptor = plan.layout.addresses[item];
        let at = (descriptor - start) as usize;
        for field in [at, at + 8] {
            if let Some(address) = u64_at(contents, field).filter(|&a| a != 0) {
                out.insert(address, descriptor);
            }
        }
    }
    out
}

/// The hash of the layout and of all code and neutral data.
pub fn build_id(plan: &Plan<'_, '_>, linked: &[Linked]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for &item in &plan.layout.order {
        hash.update(plan.layout.addresses[item].to_le_bytes());
        hash.update(plan.items[item].size.to_le_bytes());
    }
    for (unit, item) in plan.units.list.iter().zip(&plan.item_of) {
        if item.is_some() {
            hash.update(unit.name.as_bytes());
            hash.update([0]);
        }
    }
    for linked in linked {
        hash.update(linked.isa.name.as_bytes());
        let Ok(elf) = Elf::parse(&linked.bytes) else {
            continue;
        };
        for section in elf.sections().filter(|s| s.flags & shf::ALLOC != 0) {
            hash.update(section.address.to_le_bytes());
            hash.update(elf.contents(&section).unwrap_or_default());
        }
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    id
}

/// Writes the build id into an executable, and a stack map in the place of its unwind tables.
///
/// # Errors
/// [`Error::Pack`]: the linker made another file than the script asked for.
pub fn finish(
    plan: &Plan<'_, '_>,
    linked: &Linked,
    unwind: &Unwind,
    descriptors: &Descriptors,
    build_id: &[u8; 16],
) -> Result<Vec<u8>, Error> {
    let pack = |what: &str| Error::Pack {
        what: format!("{what} ({})", linked.isa.name),
    };
    // Code and constants lie below 2 GiB.
    let descriptors: Vec<(u32, u32)> = unwind
        .functions
        .iter()
        .map(|f| {
            let descriptor = descriptors.get(&f.start).copied().unwrap_or(0);
            (f.start as u32, descriptor as u32)
        })
        .collect();
    let map = stackmap::write(
        linked.isa.id,
        build_id,
        unwind.counts,
        &unwind.rows,
        &descriptors,
    )
    .map_err(|e| pack(&e.to_string()))?;
    replace(plan, &linked.bytes, build_id, &map)
        .ok_or_else(|| pack("the linked file has no place for the stack map"))
}

fn replace(plan: &Plan<'_, '_>, bytes: &[u8], build_id: &[u8; 16], map: &[u8]) -> Option<Vec<u8>> {
    let elf = Elf::parse(bytes).ok()?;
    let (number, mut section) = elf.find(Class::Lsda.output().as_bytes())?;
    let (at, mut segment) = elf
        .segments()
        .enumerate()
        .find(|(_, s)| s.kind == 1 && s.address == section.address)?;
    let start = segment.offset as usize;
    let old_end = start + segment.file_size as usize;
    // What follows keeps its alignment.
    let new_end = (start + map.len()).next_multiple_of(16) + old_end % 16;
    let moved = |offset: u64| match offset >= old_end as u64 {
        true => offset - old_end as u64 + new_end as u64,
        false => offset,
    };
    let mut out = Vec::with_capacity(bytes.len() + map.len());
    out.extend(bytes.get(..start)?);
    out.extend(map);
    out.resize(new_end, 0);
    out.extend(bytes.get(old_end..)?);

    segment.file_size = map.len() as u64;
    segment.size = map.len() as u64;
    let at = elf.phoff as usize + at * ProgramHeader::SIZE;
    out.get_mut(at..at + ProgramHeader::SIZE)?
        .copy_from_slice(&segment.to_bytes());

    let table = moved(elf.shoff) as usize;
    let inside = segment.address..segment.address + (old_end - start) as u64;
    section.size = map.len() as u64;
    section.align = 8;
    section.flags = shf::ALLOC;
    for (n, mut header) in elf.sections().enumerate() {
        if n == number {
            header = section;
        } else if header.flags & shf::ALLOC != 0 && inside.contains(&header.address) {
            // The unwind tables: no more.
            header = SectionHeader::default();
        } else {
            header.offset = moved(header.offset);
        }
        let at = table + n * SectionHeader::SIZE;
        out.get_mut(at..at + SectionHeader::SIZE)?
            .copy_from_slice(&header.to_bytes());
    }
    out.get_mut(40..48)?
        .copy_from_slice(&(table as u64).to_le_bytes());

    let (_, rodata) = elf.find(Class::Rodata.output().as_bytes())?;
    if rodata.kind != sht::PROGBITS || rodata.address != plan.layout.extent(Class::Rodata).address {
        return None;
    }
    let at = rodata.offset as usize;
    out.get_mut(at..at + BUILD_ID as usize)?
        .copy_from_slice(build_id);
    Some(out)
}

/// What the objects say of the records of functions that are in the program, by descriptor.
///
/// # Errors
/// [`Error::Malformed`] for a damaged table.
pub fn info(plan: &Plan<'_, '_>) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    for (number, object) in plan.collected.objects.iter().enumerate() {
        let part = &object.parts[0];
        let section = part.sections.iter().position(|s| s.name == sections::INFO);
        let Some(section) = section else { continue };
        let malformed = |e: info::InfoError| Error::Malformed {
            file: object.name.clone(),
            what: e.to_string(),
        };
        let descriptors: HashMap<&str, u64> = part
            .symbols
            .iter()
            .filter_map(|symbol| {
                let function = symbol.name.strip_prefix(function::DESCRIPTOR)?;
                let Place::Section(section) = symbol.place else {
                    return None;
                };
                let item = plan.item_of[plan.units.of(number, 0, section)?]?;
                Some((function, plan.layout.addresses[item] + symbol.raw.value))
            })
            .collect();
        let table = info::Info::parse(part.contents(section)).map_err(malformed)?;
        for (_, function) in table.functions() {
            let function = function.map_err(malformed)?;
            // What is dead, or another object's, is not there.
            if let Some(&descriptor) = descriptors.get(function.symbol.as_str()) {
                all.push((descriptor, function));
            }
        }
    }
    Ok(info::write(&all))
}

/// Packs the finished executables and puts the program in place, complete or not at all.
///
/// # Errors
/// [`Error::Pack`], [`Error::Io`].
pub fn write(
    linked: &[Linked],
    finished: &[Vec<u8>],
    build_id: &[u8; 16],
    info: &[u8],
    output: &Path,
) -> Result<(), Error> {
    let images: Vec<_> = linked
        .iter()
        .zip(finished)
        .map(|(l, f)| (l.isa, f.as_slice()))
        .collect();
    let program = package::pack(&images, build_id, info).map_err(|e| Error::Pack {
        what: e.to_string(),
    })?;
    write_atomically(output, &program, 0o755)
}

/// Writes a file under another name in the same directory, then renames it.
///
/// # Errors
/// [`Error::Io`] naming `path`.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".popcorn-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(dir)
        .map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.persist(path).map_err(|e| io(e.error))?;
    Ok(())
}

/// The layout as text: a line per aligned section, then one per symbol the linker defines.
pub fn layout_map(plan: &Plan<'_, '_>) -> String {
    use std::fmt::Write;
    let mut node_of = vec![0; plan.items.len()];
    for (unit, item) in plan.item_of.iter().enumerate() {
        if let Some(item) = item {
            node_of[*item] = unit;
        }
    }
    let mut out = format!(
        "{:12} {:>10} {:>6} {:16} {}\n",
        "address", "size", "align", "section", "symbol, file"
    );
    for &item in &plan.layout.order {
        let unit = &plan.units.list[node_of[item]];
        let file = &plan.collected.objects[unit.object].name;
        let (i, at) = (&plan.items[item], plan.layout.addresses[item]);
        let section = i.class.output();
        let _ = writeln!(
            out,
            "{at:#012x} {:>10} {:>6} {section:16} {}  {file}",
            i.size, i.align, unit.name
        );
    }
    for (name, value) in &plan.layout.symbols {
        let _ = writeln!(out, "{value:#012x} {name}");
    }
    let _ = writeln!(out, "(differs per ISA) {STACKMAP}");
    out
}

/// Sites that the descriptors of a finished executable count, for the summary.
pub fn sites(plan: &Plan<'_, '_>, linked: &Linked) -> (usize, u64) {
    let Ok(elf) = Elf::parse(&linked.bytes) else {
        return (0, 0);
    };
    let rodata = elf.find(Class::Rodata.output().as_bytes());
    let contents = rodata
        .and_then(|(_, s)| elf.contents(&s))
        .unwrap_or_default();
    let start = plan.layout.extent(Class::Rodata).address;
    let (mut functions, mut sites) = (0, 0);
    for (unit, item) in plan.units.list.iter().zip(&plan.item_of) {
        if let (true, Some(item)) = (unit.name.starts_with(function::DESCRIPTOR), item) {
            let at = (plan.layout.addresses[*item] - start) as usize;
            functions += 1;
            sites += u64::from(u32_at(contents, at + 20).unwrap_or(0));
        }
    }
    (functions, sites)
}
