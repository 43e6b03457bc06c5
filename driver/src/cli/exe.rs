//! An executable that popcorn-cc linked: the base ISA's ELF file with the other ISAs' images inside.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use popcorn_metadata::bytes::u64_at;
use popcorn_metadata::elf::{self, Elf};
use popcorn_metadata::package::{self, Package, PackageError};
use popcorn_metadata::sections::NOTE;
use popcorn_toolchains::Isa;

use crate::error::{Error, Result};

/// The file, whole.
pub struct Exe {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Exe {
    /// Reads a file and makes sure that popcorn-cc linked it.
    pub fn open(path: &Path) -> Result<Exe> {
        let bytes = fs::read(path).map_err(Error::io(path))?;
        let exe = Exe {
            path: path.to_owned(),
            bytes,
        };
        exe.package()?;
        Ok(exe)
    }

    /// Makes sure that popcorn-cc linked a file, of which no more is read than what says so: programs may be large.
    pub fn check(path: &Path) -> Result<()> {
        let bytes = outline(path).map_err(Error::io(path))?;
        let exe = Exe {
            path: path.to_owned(),
            bytes,
        };
        exe.package().map(drop)
    }

    /// ISAs that the program can run as.
    pub fn isas(&self) -> Result<Vec<&'static Isa>> {
        Ok(self.package()?.isas().filter_map(Isa::by_id).collect())
    }

    /// Makes sure that the program can run as `isa`.
    pub fn require(&self, isa: &Isa) -> Result<()> {
        let isas = self.isas()?;
        if isas.iter().any(|i| i.id == isa.id) {
            return Ok(());
        }
        let names: Vec<_> = isas.iter().map(|i| i.name).collect();
        Err(Error::usage(
            format!("{}: has no image for {}", self.path.display(), isa.name),
            format!("it was built for {}", names.join(", ")),
        ))
    }

    /// The static ELF file for one ISA.
    pub fn image(&self, isa: &Isa) -> Result<Cow<'_, [u8]>> {
        self.require(isa)?;
        package::extract(&self.bytes, isa).map_err(|e| self.error(e))
    }

    fn package(&self) -> Result<Package<'_>> {
        Package::parse(&self.bytes).map_err(|e| self.error(e))
    }

    /// Names the file, and says what to do about one that another tool linked.
    pub fn error(&self, error: PackageError) -> Error {
        let path = self.path.display();
        match error {
            PackageError::Elf(_) | PackageError::NotPacked => Error::usage(
                format!("{path}: not a popcorn executable ({error})"),
                "link the program with popcorn-cc",
            ),
            other => Error::Plain(format!("{path}: {other}")),
        }
    }
}

/// A file's ELF header, section table, section names and note, at their places; zeros in between.
fn outline(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = vec![0; file.metadata()?.len() as usize];
    fill(&file, &mut bytes, 0, elf::HEADER as u64)?;
    // The table is the last of the file, or followed by little.
    let table = u64_at(&bytes, 40).unwrap_or(0);
    fill(&file, &mut bytes, table, u64::MAX)?;
    let elf = Elf::parse(&bytes).ok();
    if let Some(names) = elf.and_then(|elf| elf.section(elf.shstrndx)) {
        fill(&file, &mut bytes, names.offset, names.size)?;
    }
    let elf = Elf::parse(&bytes).ok();
    if let Some((_, note)) = elf.and_then(|elf| elf.find(NOTE.as_bytes())) {
        fill(&file, &mut bytes, note.offset, note.size)?;
    }
    Ok(bytes)
}

/// Reads a part of a file to its place, as far as the file goes.
fn fill(file: &File, bytes: &mut [u8], start: u64, size: u64) -> io::Result<()> {
    let length = bytes.len() as u64;
    let (start, end) = (start.min(length), start.saturating_add(size).min(length));
    file.read_exact_at(&mut bytes[start as usize..end as usize], start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_the_sections() {
        let own = std::env::current_exe().unwrap();
        let (whole, outline) = (fs::read(&own).unwrap(), outline(&own).unwrap());
        assert_eq!(whole.len(), outline.len());
        let (whole, outline) = (Elf::parse(&whole).unwrap(), Elf::parse(&outline).unwrap());
        assert!(whole.shnum > 1);
        for (a, b) in whole.sections().zip(outline.sections()) {
            assert_eq!(whole.name(&a), outline.name(&b));
        }
        // Nobody packed the test, and a file of text is no program.
        let packed = Exe::check(&own).unwrap_err().to_string();
        assert!(packed.contains("not a popcorn executable"), "{packed}");
        assert!(Exe::check(Path::new(env!("CARGO_MANIFEST_PATH"))).is_err());
    }
}
