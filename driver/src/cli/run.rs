//! `popcorn run`: becomes the program, as one ISA or another.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use popcorn_toolchains::{BASE, Isa};

use crate::cli::exe::Exe;
use crate::cli::hop::HopSpec;
use crate::cli::{host, launch};
use crate::error::{Error, Result};
use crate::tools;

/// What to run, and how.
#[derive(Debug)]
pub struct Run {
    pub isa: Option<&'static Isa>,
    pub hop: Option<String>,
    pub trace: bool,
    /// Measure the time between migration points.
    pub gaps: bool,
    /// Changes of the environment; without a value the variable goes.
    pub env: Vec<(OsString, Option<OsString>)>,
    pub prog: PathBuf,
    pub args: Vec<OsString>,
}

/// Becomes the program; returns only if that fails.
pub fn run(run: &Run) -> Result<std::convert::Infallible> {
    let path = find(&run.prog)?;
    let exe = Exe::open(&path)?;
    let isa = run.isa.unwrap_or(BASE);
    exe.require(isa)?;
    if let Some(text) = &run.hop {
        for isa in HopSpec::parse(text)?.isas() {
            exe.require(isa)?;
            host::emulator(isa)?;
        }
    }
    // From here on every ISA that the program may run as is in the file and can run here.
    let mut command = launch::command(&exe, isa, run.prog.as_os_str())?;
    if let Some(text) = &run.hop {
        command.env("POPCORN_HOP", text);
    }
    if run.trace {
        command.env("POPCORN_TRACE", "1");
    }
    if run.gaps {
        command.env("POPCORN_GAPS", "1");
    }
    for (name, value) in &run.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(&run.args);
    Err(launch::exec(command))
}

/// A name without a slash is looked for here, then on `PATH`.
fn find(prog: &Path) -> Result<PathBuf> {
    if prog.components().count() == 1 && !prog.exists() {
        let name = prog.to_string_lossy();
        return tools::on_path(&name).ok_or_else(|| {
            Error::usage(
                format!("{name}: no such program"),
                "give its path; it is neither here nor on PATH",
            )
        });
    }
    prog.canonicalize().map_err(Error::io(prog))
}
