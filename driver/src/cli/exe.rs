//! An executable that popcorn-cc linked: the base ISA's ELF file with the other ISAs' images inside.

use std::fs;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};
use popcorn_toolchains::{ALL, BASE, Isa};

use crate::error::{Error, Result};

/// Section that marks a popcorn executable.
const NOTE: &str = ".note.popcorn";
/// Prefix of the sections with the other ISAs' images.
const IMAGE: &str = ".popcorn.image.";

/// The file, whole.
pub struct Exe {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Exe {
    /// Reads a file and makes sure that popcorn-cc linked it.
    pub fn open(path: &Path) -> Result<Exe> {
        let bytes = fs::read(path).map_err(Error::io(path))?;
        let is_one =
            object::File::parse(&*bytes).is_ok_and(|file| file.section_by_name(NOTE).is_some());
        if !is_one {
            return Err(Error::usage(
                format!("{}: not a popcorn executable", path.display()),
                "link the program with popcorn-cc",
            ));
        }
        Ok(Exe {
            path: path.to_owned(),
            bytes,
        })
    }

    /// ISAs that the program can run as.
    pub fn isas(&self) -> Vec<&'static Isa> {
        ALL.iter()
            .copied()
            .filter(|isa| isa.id == BASE.id || self.section(isa).is_some())
            .collect()
    }

    /// The static ELF file for one ISA.
    pub fn image(&self, isa: &Isa) -> Result<&[u8]> {
        if isa.id == BASE.id {
            return Ok(&self.bytes);
        }
        self.section(isa).ok_or_else(|| {
            let names: Vec<_> = self.isas().iter().map(|i| i.name).collect();
            Error::usage(
                format!("{}: has no image for {}", self.path.display(), isa.name),
                format!("it was built for {}", names.join(", ")),
            )
        })
    }

    fn section(&self, isa: &Isa) -> Option<&[u8]> {
        let file = object::File::parse(&*self.bytes).ok()?;
        let section = file.section_by_name(&format!("{IMAGE}{}", isa.name))?;
        let (at, len) = section.file_range()?;
        self.bytes
            .get(usize::try_from(at).ok()?..usize::try_from(at.checked_add(len)?).ok()?)
    }
}
