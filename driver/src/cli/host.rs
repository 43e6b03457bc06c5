//! What this machine can run: its own ISA, and others through an emulator.

use std::env;
use std::path::PathBuf;

use popcorn_metadata::environment;
use popcorn_toolchains::{BASE, Isa};

use crate::error::{Error, Result};
use crate::tools;

/// The ISA of the CPU underneath. On a machine that is in no table every ISA needs an emulator, and
/// programs start as the base ISA.
pub fn isa() -> &'static Isa {
    Isa::by_name(env::consts::ARCH).unwrap_or(BASE)
}

/// The variable that names another emulator than the one on `PATH`.
pub fn emulator_variable(isa: &Isa) -> String {
    format!("{}{}", environment::EMULATOR, isa.name.to_uppercase())
}

/// The emulator for `isa`, as an absolute path; `None` if this machine runs it by itself.
pub fn emulator(isa: &Isa) -> Result<Option<PathBuf>> {
    if isa.id == self::isa().id {
        return Ok(None);
    }
    let variable = emulator_variable(isa);
    if let Some(path) = env::var_os(&variable).map(PathBuf::from) {
        if !tools::is_executable(&path) {
            return Err(Error::usage(
                format!("{}: no emulator ({variable} names it)", path.display()),
                format!("install {}, or correct {variable}", isa.emulator),
            ));
        }
        return path.canonicalize().map(Some).map_err(Error::io(&path));
    }
    match tools::on_path(isa.emulator) {
        Some(path) => Ok(Some(path)),
        None => Err(Error::usage(
            format!(
                "no emulator for {}: `{}` is not on PATH",
                isa.name, isa.emulator
            ),
            format!("install it, or name it with {variable}"),
        )),
    }
}
