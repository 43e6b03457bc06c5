//! An executable that popcorn-cc linked: the base ISA's ELF file with the other ISAs' images inside.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use popcorn_metadata::package::{self, Package, PackageError};
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
