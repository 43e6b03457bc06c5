//! What rustc hands over for a link: bitcode of crates, and native code that they bring.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, elf};
use popcorn_align_linker as linker;
use popcorn_metadata::sections;
use popcorn_passes::merge::Part;

use super::link_line::LinkLine;
use crate::error::{Error, Result};

/// Where rustc leaves bitcode beside machine code.
const BITCODE_SECTION: &str = ".llvmbc";
/// Where a fat object has its parts for the other ISAs.
/// The crate of compiler helper functions: the sysroot has its own, the same on every ISA.
const BUILTINS: &str = "compiler_builtins";

/// All inputs, sorted out.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Bitcode, in the order of the line.
    pub parts: Vec<Part>,
    /// Fat objects and archives that hold some.
    pub native: Vec<linker::Input>,
    /// Symbols that native code wants of the program.
    pub wanted: HashSet<String>,
}

/// What one object is.
enum Kind<'a> {
    Bitcode(&'a [u8]),
    Fat,
    /// No code and no data, such as rustc's list of symbols.
    Empty,
    /// Machine code for one ISA.
    Machine,
}

/// Reads the files and libraries of a line. `system` is searched for libraries last.
pub fn read(line: &LinkLine, system: &Path) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    for path in &line.files {
        let bytes = fs::read(path).map_err(Error::io(path))?;
        if bytes.starts_with(b"!<arch>\n") {
            inputs.add_archive(path, &bytes)?;
        } else {
            inputs.add_object(path, &bytes)?;
        }
    }
    let folders = || {
        let own = line.folders.iter().map(PathBuf::as_path);
        own.chain([system])
    };
    for (name, is_static) in &line.libraries {
        let file = format!("lib{name}.a");
        let found = folders().map(|dir| dir.join(&file)).find(|p| p.is_file());
        let Some(path) = found else {
            return Err(missing(line, name, *is_static, &file, system));
        };
        let bytes = fs::read(&path).map_err(Error::io(&path))?;
        inputs.add_archive(&path, &bytes)?;
    }
    Ok(inputs)
}

impl Inputs {
    fn add_object(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        match kind(bytes) {
            Some(Kind::Bitcode(bitcode)) => {
                self.add_part(path, path.display().to_string(), bitcode);
            }
            Some(Kind::Fat) => {
                self.want(bytes);
                self.native.push(linker::Input::Object {
                    path: path.to_owned(),
                    bytes: None,
                });
            }
            Some(Kind::Empty) => {}
            Some(Kind::Machine) | None => return Err(machine_code(path, None)),
        }
        Ok(())
    }

    fn add_archive(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        if crate_name(path) == BUILTINS {
            return Ok(());
        }
        let malformed = |e: object::Error| Error::Plain(format!("{}: {e}", path.display()));
        let archive = ArchiveFile::parse(bytes).map_err(malformed)?;
        let mut has_native = false;
        for member in archive.members() {
            let member = member.map_err(malformed)?;
            let name = String::from_utf8_lossy(member.name()).into_owned();
            if name.ends_with(".rmeta") {
                continue;
            }
            let object = member.data(bytes).map_err(malformed)?;
            match kind(object) {
                Some(Kind::Bitcode(bitcode)) => {
                    self.add_part(path, format!("{}({name})", path.display()), bitcode);
                }
                Some(Kind::Fat) => {
                    self.want(object);
                    has_native = true;
                }
                Some(Kind::Empty) => {}
                Some(Kind::Machine) | None => return Err(machine_code(path, Some(&name))),
            }
        }
        if has_native {
            self.native.push(linker::Input::Archive(path.to_owned()));
        }
        Ok(())
    }

    fn add_part(&mut self, path: &Path, name: String, bitcode: &[u8]) {
        self.parts.push(Part {
            name,
            owner: crate_name(path),
            bytes: bitcode.to_vec(),
        });
    }

    fn want(&mut self, object: &[u8]) {
        let Ok(file) = object::File::parse(object) else {
            return;
        };
        let undefined = file.symbols().filter(|s| s.is_undefined());
        self.wanted
            .extend(undefined.filter_map(|s| s.name().ok().map(str::to_owned)));
    }
}

/// `None` if it is nothing that is known.
fn kind(bytes: &[u8]) -> Option<Kind<'_>> {
    if bytes.starts_with(b"BC\xc0\xde") || bytes.starts_with(&0x0b17_c0de_u32.to_le_bytes()) {
        return Some(Kind::Bitcode(bytes));
    }
    let file = object::File::parse(bytes).ok()?;
    if let Some(section) = file.section_by_name(BITCODE_SECTION)
        && let Ok(bitcode) = section.data()
        && !bitcode.is_empty()
    {
        return Some(Kind::Bitcode(bitcode));
    }
    let fat = |s: &object::Section| s.name().is_ok_and(|n| n.starts_with(sections::OBJECT));
    if file.sections().any(|s| fat(&s)) {
        return Some(Kind::Fat);
    }
    let loaded = |s: &object::Section| {
        let SectionFlags::Elf { sh_flags } = s.flags() else {
            return true;
        };
        s.size() > 0 && sh_flags & u64::from(elf::SHF_ALLOC) != 0
    };
    if file.sections().any(|s| loaded(&s)) {
        return Some(Kind::Machine);
    }
    Some(Kind::Empty)
}

/// The crate that a file of rustc's belongs to: `libNAME-HASH.rlib`, `NAME-HASH.….rcgu.o`.
fn crate_name(path: &Path) -> String {
    let file = path
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
        .to_owned();
    let stem = file.split('.').next().unwrap_or_default();
    let name = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
    match path.extension().and_then(OsStr::to_str) {
        Some("rlib" | "a") => name.strip_prefix("lib").unwrap_or(name).to_owned(),
        _ => name.to_owned(),
    }
}

/// The crate whose build script made a file: `…/build/NAME-HASH/out/…`.
fn maker(path: &Path) -> Option<&str> {
    let folders: Vec<_> = path.iter().filter_map(OsStr::to_str).collect();
    let script = folders
        .windows(3)
        .find(|w| w[0] == "build" && w[2] == "out")?;
    script[1].rsplit_once('-').map(|(name, _)| name)
}

/// Whose a file is, for messages.
fn owner(path: &Path) -> String {
    let is = |extension: &str| path.extension().is_some_and(|e| e == extension);
    match maker(path) {
        Some(name) if !is("rlib") => format!("crate `{name}`"),
        _ if is("rlib") || is("o") => format!("crate `{}`", crate_name(path)),
        _ => format!("library `{}`", crate_name(path)),
    }
}

fn machine_code(path: &Path, member: Option<&str>) -> Error {
    let name = owner(path);
    let place = match member {
        Some(member) => format!("{}({member})", path.display()),
        None => path.display().to_string(),
    };
    if place.contains(".rcgu.o") {
        return Error::usage(
            format!("{name} carries no bitcode\n  --> {place}"),
            "let `cargo popcorn` build it from source; one that another command built with `embed-bitcode=no`, as \
             cargo does, cannot be used",
        );
    }
    Error::usage(
        format!("{name} brings machine code that popcorn-cc did not compile\n  --> {place}"),
        "the build script must compile C with $CC, as the `cc` crate does, and ship no prebuilt library; C++ cannot be \
         lowered; many such crates have a feature for pure Rust",
    )
}

fn missing(line: &LinkLine, name: &str, is_static: bool, file: &str, system: &Path) -> Error {
    let folders = line.folders.iter().map(PathBuf::as_path).chain([system]);
    let folders: Vec<_> = folders.map(|d| d.display().to_string()).collect();
    let kind = if is_static { "static" } else { "shared" };
    let who = asks_for(&line.output, name);
    let who = who.map_or("a crate".into(), |crate_name| {
        format!("crate `{crate_name}`")
    });
    if ["stdc++", "c++"].contains(&name) {
        return Error::usage(
            format!("{who} asks for the C++ library `{name}`: only C can be lowered for all ISAs"),
            "turn off the crate's feature that needs C++, or take a crate that is pure Rust or brings C",
        );
    }
    Error::usage(
        format!("the {kind} library `{name}` that {who} asks for is not there for all ISAs"),
        format!(
            "link the archive that popcorn-cc built, or turn on the crate's feature that compiles its own copy \
             (`vendored`, `bundled`); no {file} in {}",
            folders.join(", ")
        ),
    )
}

/// The crate whose build script told cargo to link a library. A name in the source itself, `#[link]`, is not seen.
fn asks_for(output: &Path, library: &str) -> Option<String> {
    // …/PROFILE/deps/NAME, …/PROFILE/build/CRATE-HASH/output
    let scripts = output.parent()?.parent()?.join("build");
    let says = |script: &Path| {
        let text = fs::read_to_string(script.join("output")).unwrap_or_default();
        text.lines().any(|line| {
            let words = line
                .split_once("rustc-link-lib=")
                .map_or("", |(_, words)| words);
            words.rsplit('=').next() == Some(library)
        })
    };
    let mut scripts = fs::read_dir(scripts)
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()));
    let script = scripts.find(|script| says(script))?;
    let (name, _) = script.file_name()?.to_str()?.rsplit_once('-')?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_named() {
        for (path, name) in [
            ("/x/libserde_json-0a1b.rlib", "serde_json"),
            ("/x/libz.a", "z"),
            ("/x/hello-d38.hello.972b-cgu.0.rcgu.o", "hello"),
            ("/r/libcompiler_builtins-27cf.rlib", BUILTINS),
        ] {
            assert_eq!(crate_name(Path::new(path)), name);
        }
    }

    #[test]
    fn what_a_build_script_made_is_its_crates() {
        let at = |path: &str| owner(Path::new(path));
        assert_eq!(
            at("/t/debug/build/z-sys-0a/out/lib/libz.a"),
            "crate `z-sys`"
        );
        assert_eq!(
            at("/t/build/x/release/deps/libserde-0a.rlib"),
            "crate `serde`"
        );
        assert_eq!(at("/opt/libz.a"), "library `z`");
    }

    #[test]
    fn what_is_no_object_is_no_input() {
        assert!(kind(b"#!/bin/sh").is_none());
        assert!(matches!(kind(b"BC\xc0\xde..."), Some(Kind::Bitcode(_))));
    }
}
