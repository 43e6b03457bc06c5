//! `popcorn extract`: one ISA's image as a file of its own.

use std::fs;
use std::path::Path;

use popcorn_toolchains::Isa;

use crate::cli::exe::Exe;
use crate::error::{Error, Result};
use crate::output::Pending;

/// Writes the static ELF file for `isa` that `prog` carries.
pub fn extract(prog: &Path, isa: &Isa, to: &Path) -> Result<()> {
    let exe = Exe::open(prog)?;
    let image = exe.image(isa)?;
    let pending = Pending::new(to, true)?;
    fs::write(pending.temp(), image).map_err(Error::io(to))?;
    pending.commit()
}
