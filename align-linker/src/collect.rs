//! Reads inputs, takes the archive members that are needed, and decides who defines what.
//!
//! Every decision is made for all ISAs at once: a member needed by one ISA is taken for all, and a
//! group or a symbol that has several candidates gets the first on each. From here on every global
//! name has at most one definition per ISA, and no file is read again.

use crate::defined::is_defined;
use crate::error::Error;
use crate::object::{IsaObject, Place};
use crate::{Input, Job};
use object::read::archive::{ArchiveFile, ArchiveOffset};
use popcorn_metadata::elf::{Elf, st};
use popcorn_metadata::sections;
use popcorn_toolchains::{ALL, BASE, Isa};
use std::collections::{HashMap, HashSet};

/// Most ISAs there can be in a link; arrays by position in the job's list have this size.
pub const MAX_ISAS: usize = ALL.len();

/// An input file in memory.
pub struct File {
    name: String,
    bytes: Vec<u8>,
    archive: bool,
    /// Whether it is the archive whose functions may be treated as never migrating.
    leaf_provider: bool,
}

/// Reads the inputs of a job, each path once.
///
/// # Errors
/// [`Error::Io`].
pub fn read(job: &Job) -> Result<Vec<File>, Error> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for input in &job.inputs {
        let (path, bytes, archive) = match input {
            Input::Object { path, bytes } => (path, bytes.clone(), false),
            Input::Archive(path) => {
                if !seen.insert(path) {
                    continue;
                }
                (path, None, true)
            }
        };
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => std::fs::read(path).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?,
        };
        let leaf_provider = job
            .leaf_provider
            .as_ref()
            .is_some_and(|p| path.starts_with(p));
        files.push(File {
            name: path.display().to_string(),
            bytes,
            archive,
            leaf_provider,
        });
    }
    Ok(files)
}

/// An object with its part for each ISA.
#[derive(Debug)]
pub struct Object<'a> {
    /// For messages: `path` or `path(member)`.
    pub name: String,
    /// By position in the job's list of ISAs.
    pub parts: Vec<IsaObject<'a>>,
    /// By ISA and section: whether it belongs to a COMDAT group that another object provides.
    pub dropped: Vec<Vec<bool>>,
    /// By ISA: number in [`Symbols`] of each global symbol, from the part's `first_global`.
    pub globals: Vec<Vec<u32>>,
    /// Whether it may define functions that never migrate.
    pub leaf_provider: bool,
}

/// A definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Def {
    /// The object.
    pub object: u32,
    /// The symbol in its part.
    pub symbol: u32,
    /// Whether another may take its place.
    pub weak: bool,
}

/// What is known of a global name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Global {
    /// By ISA.
    pub defs: [Option<Def>; MAX_ISAS],
}

/// All global names.
#[derive(Debug, Default)]
pub struct Symbols<'a> {
    ids: HashMap<&'a str, u32>,
    /// By number.
    pub names: Vec<&'a str>,
    /// By number.
    pub table: Vec<Global>,
}

impl<'a> Symbols<'a> {
    fn intern(&mut self, name: &'a str) -> u32 {
        *self.ids.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.table.push(Global::default());
            self.names.len() as u32 - 1
        })
    }

    /// What is known of this name.
    pub fn get(&self, name: &str) -> Option<&Global> {
        Some(&self.table[*self.ids.get(name)? as usize])
    }
}

/// The inputs of a link, resolved.
pub struct Collected<'a> {
    /// The ISAs, in the job's order.
    pub isas: Vec<&'static Isa>,
    /// Objects in link order.
    pub objects: Vec<Object<'a>>,
    /// Global names.
    pub symbols: Symbols<'a>,
    /// Names that must be defined and are alive: the entry point and the job's list.
    pub roots: Vec<String>,
}

/// What a reference from an object means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A section of an object.
    Section(usize, usize),
    /// A number, a symbol the linker defines, or a weak reference to nothing.
    Nothing,
    /// A strong reference that nothing satisfies.
    Undefined,
}

impl Collected<'_> {
    /// What symbol number `symbol` of an object's part means.
    pub fn target(&self, object: usize, isa: usize, symbol: usize) -> Target {
        let part = &self.objects[object].parts[isa];
        let Some(sym) = part.symbols.get(symbol) else {
            return Target::Nothing;
        };
        if symbol < part.first_global {
            return match sym.place {
                Place::Section(section) => Target::Section(object, section),
                _ => Target::Nothing,
            };
        }
        let id = self.objects[object].globals[isa][symbol - part.first_global];
        if let Some(def) = self.symbols.table[id as usize].defs[isa] {
            let object = def.object as usize;
            return match self.objects[object].parts[isa].symbols[def.symbol as usize].place {
                Place::Section(section) => Target::Section(object, section),
                _ => Target::Nothing,
            };
        }
        if sym.raw.binding() == st::WEAK || symbol == 0 || is_defined(sym.name) {
            return Target::Nothing;
        }
        Target::Undefined
    }
}

/// Where an archive member begins.
type Member = (usize, ArchiveOffset);

struct Collector<'a> {
    isas: Vec<&'static Isa>,
    files: &'a [File],
    objects: Vec<Object<'a>>,
    symbols: Symbols<'a>,
    archives: HashMap<usize, ArchiveFile<'a>>,
    /// Names that archives can provide.
    lazy: HashMap<&'a str, Member>,
    taken: HashSet<(usize, u64)>,
    /// Names wanted and not yet looked for.
    wanted: Vec<u32>,
    /// By COMDAT signature and ISA: the object that provides the group.
    groups: HashMap<(&'a str, usize), usize>,
    duplicates: Vec<(u32, usize, Def, Def)>,
    errors: Vec<Error>,
}

/// Resolves the inputs of a job.
///
/// # Errors
/// Unreadable objects, objects that lack an ISA, duplicate symbols: all of them at once.
pub fn collect<'a>(job: &'a Job, files: &'a [File]) -> Result<Collected<'a>, Error> {
    if job.isas.first().map(|isa| isa.id) != Some(BASE.id) {
        return Err(Error::Pack {
            what: format!("{} must be the first of the program's ISAs", BASE.name),
        });
    }
    let mut c = Collector {
        isas: job.isas.clone(),
        files,
        objects: Vec::new(),
        symbols: Symbols::default(),
        archives: HashMap::new(),
        lazy: HashMap::new(),
        taken: HashSet::new(),
        wanted: Vec::new(),
        groups: HashMap::new(),
        duplicates: Vec::new(),
        errors: Vec::new(),
    };
    for (n, file) in files.iter().enumerate() {
        if file.archive {
            c.add_archive(n)?;
        } else if let Err(e) = c.add_object(file.name.clone(), &file.bytes, file.leaf_provider) {
            c.errors.push(e);
        }
    }
    let roots: Vec<&'a str> = std::iter::once(&job.entry)
        .chain(&job.keep)
        .map(String::as_str)
        .collect();
    for root in &roots {
        let id = c.symbols.intern(root);
        c.wanted.push(id);
    }
    c.take_members();
    c.report_duplicates();
    c.report_split();
    Error::all(c.errors)?;
    Ok(Collected {
        isas: c.isas,
        objects: c.objects,
        symbols: c.symbols,
        roots: roots.into_iter().map(str::to_owned).collect(),
    })
}

impl<'a> Collector<'a> {
    fn malformed(&self, file: usize, what: impl ToString) -> Error {
        Error::Malformed {
            file: self.files[file].name.clone(),
            what: what.to_string(),
        }
    }

    fn add_archive(&mut self, n: usize) -> Result<(), Error> {
        let bytes: &'a [u8] = &self.files[n].bytes;
        let archive = ArchiveFile::parse(bytes).map_err(|e| self.malformed(n, e))?;
        if archive.is_thin() {
            return Err(self.malformed(n, "thin archives are not supported"));
        }
        let index = archive.symbols().map_err(|e| self.malformed(n, e))?;
        let mut names = 0;
        for symbol in index.into_iter().flatten() {
            let symbol = symbol.map_err(|e| self.malformed(n, e))?;
            if let Ok(name) = str::from_utf8(symbol.name()) {
                self.lazy.entry(name).or_insert((n, symbol.offset()));
                names += 1;
            }
        }
        self.archives.insert(n, archive);
        if names == 0 {
            self.index_members(n, true);
        }
        Ok(())
    }

    /// Adds the names that an archive's own index does not have: those that only some ISAs define, or
    /// all if there is no index.
    fn index_members(&mut self, n: usize, base_too: bool) {
        let bytes: &'a [u8] = &self.files[n].bytes;
        let Ok(archive) = ArchiveFile::parse(bytes) else {
            return;
        };
        for member in archive.members().flatten() {
            let offset = ArchiveOffset(member.file_range().0.saturating_sub(60));
            let Ok(object) = member.data(bytes) else {
                continue;
            };
            let Ok(parts) = self.parts("", object) else {
                continue;
            };
            for part in parts.iter().skip(usize::from(!base_too)) {
                for symbol in &part.symbols[part.first_global..] {
                    if symbol.place != Place::Undefined {
                        self.lazy.entry(symbol.name).or_insert((n, offset));
                    }
                }
            }
        }
    }

    fn take_members(&mut self) {
        let mut all_indexed = false;
        loop {
            let mut missing = Vec::new();
            while let Some(id) = self.wanted.pop() {
                let name = self.symbols.names[id as usize];
                let defs = &self.symbols.table[id as usize].defs;
                if defs.iter().any(Option::is_some) || is_defined(name) {
                    continue;
                }
                match self.lazy.get(name) {
                    Some(&member) => self.take(member),
                    None => missing.push(id),
                }
            }
            if missing.is_empty() || all_indexed {
                return;
            }
            // The archives' own indices know the base ISA's names only.
            all_indexed = true;
            for n in 0..self.files.len() {
                if self.files[n].archive {
                    self.index_members(n, false);
                }
            }
            self.wanted = missing;
        }
    }

    fn take(&mut self, (n, offset): Member) {
        if !self.taken.insert((n, offset.0)) {
            return;
        }
        let file = &self.files[n];
        let bytes: &'a [u8] = &file.bytes;
        let result = self.archives[&n]
            .member(offset)
            .and_then(|member| Ok((member.name().to_vec(), member.data(bytes)?)));
        let added = match result {
            Ok((name, object)) => {
                let name = format!("{}({})", file.name, String::from_utf8_lossy(&name));
                self.add_object(name, object, file.leaf_provider)
            }
            Err(e) => Err(self.malformed(n, e)),
        };
        if let Err(e) = added {
            self.errors.push(e);
        }
    }

    /// The parts of a fat object.
    fn parts(&self, name: &str, bytes: &'a [u8]) -> Result<Vec<IsaObject<'a>>, Error> {
        let malformed = |what: String| Error::Malformed {
            file: name.to_owned(),
            what,
        };
        let host = Elf::parse(bytes).map_err(|e| malformed(e.to_string()))?;
        let mut parts = Vec::new();
        for (n, isa) in self.isas.iter().enumerate() {
            let object = if n == 0 {
                bytes
            } else {
                let section = format!("{}{}", sections::OBJECT, isa.name);
                let found = host.find(section.as_bytes());
                match found.and_then(|(_, s)| host.contents(&s)) {
                    Some(object) => object,
                    None => {
                        return Err(Error::NotFat {
                            file: name.to_owned(),
                            isa: isa.name,
                        });
                    }
                }
            };
            let part = IsaObject::parse(object, isa.elf_machine)
                .map_err(|what| malformed(format!("{what} ({})", isa.name)))?;
            parts.push(part);
        }
        Ok(parts)
    }

    fn add_object(
        &mut self,
        name: String,
        bytes: &'a [u8],
        leaf_provider: bool,
    ) -> Result<(), Error> {
        let parts = self.parts(&name, bytes)?;
        let number = self.objects.len();
        let mut object = Object {
            name,
            parts,
            dropped: Vec::new(),
            globals: Vec::new(),
            leaf_provider,
        };
        for isa in 0..self.isas.len() {
            let part = &object.parts[isa];
            let mut dropped = vec![false; part.sections.len()];
            for group in &part.groups {
                let owner = *self.groups.entry((group.signature, isa)).or_insert(number);
                if owner != number {
                    for &member in &group.members {
                        dropped[member] = true;
                    }
                }
            }
            let mut globals = Vec::new();
            for (n, symbol) in part.symbols.iter().enumerate().skip(part.first_global) {
                let id = self.symbols.intern(symbol.name);
                globals.push(id);
                let defined = match symbol.place {
                    Place::Undefined => false,
                    Place::Section(section) => !dropped[section],
                    Place::Absolute => true,
                    Place::Common => {
                        self.errors.push(Error::Unsupported {
                            file: object.name.clone(),
                            what: format!(
                                "the common symbol {} (compile with -fno-common)",
                                symbol.name
                            ),
                            isa: self.isas[isa].name,
                        });
                        true
                    }
                };
                if !defined {
                    if symbol.raw.binding() != st::WEAK && n != 0 {
                        self.wanted.push(id);
                    }
                    continue;
                }
                if symbol.raw.kind() == st::IFUNC {
                    self.errors.push(Error::Unsupported {
                        file: object.name.clone(),
                        what: format!("the indirect function {}", symbol.name),
                        isa: self.isas[isa].name,
                    });
                }
                let def = Def {
                    object: number as u32,
                    symbol: n as u32,
                    weak: symbol.raw.binding() == st::WEAK,
                };
                let slot = &mut self.symbols.table[id as usize].defs[isa];
                match *slot {
                    None => *slot = Some(def),
                    Some(old) if old.weak && !def.weak => *slot = Some(def),
                    Some(old) if !old.weak && !def.weak => {
                        self.duplicates.push((id, isa, old, def));
                    }
                    Some(_) => {}
                }
            }
            object.dropped.push(dropped);
            object.globals.push(globals);
        }
        self.objects.push(object);
        Ok(())
    }

    fn report_duplicates(&mut self) {
        let mut seen: HashMap<(u32, u32, u32), Vec<&'static str>> = HashMap::new();
        let mut order = Vec::new();
        for (id, isa, first, second) in &self.duplicates {
            let key = (*id, first.object, second.object);
            let isas = seen.entry(key).or_insert_with(|| {
                order.push(key);
                Vec::new()
            });
            isas.push(self.isas[*isa].name);
        }
        for key in order {
            let (id, first, second) = key;
            self.errors.push(Error::Duplicate {
                symbol: self.symbols.names[id as usize].to_owned(),
                isas: seen[&key].join(", "),
                first: self.objects[first as usize].name.clone(),
                second: self.objects[second as usize].name.clone(),
            });
        }
    }

    /// A name that several ISAs define must come from one object, or it would have several addresses.
    fn report_split(&mut self) {
        for (name, global) in self.symbols.names.iter().zip(&self.symbols.table) {
            let mut defs = global.defs.iter().enumerate();
            let Some((isa, first)) = defs.find_map(|(isa, def)| Some((isa, (*def)?))) else {
                continue;
            };
            let other = defs
                .find_map(|(isa, def)| def.filter(|d| d.object != first.object).map(|d| (isa, d)));
            if let Some((other_isa, other)) = other {
                let file = |def: Def| self.objects[def.object as usize].name.clone();
                self.errors.push(Error::Differs {
                    file: file(first),
                    symbol: (*name).to_owned(),
                    what: "definitions",
                    sides: Box::new([
                        (self.isas[isa].name, file(first)),
                        (self.isas[other_isa].name, file(other)),
                    ]),
                });
            }
        }
    }
}
