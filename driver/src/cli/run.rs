//! `popcorn run`: becomes the program, as one ISA or another.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use popcorn_metadata::environment;
use popcorn_toolchains::{BASE, Isa};

use crate::args::unknown_isa;
use crate::cli::exe::Exe;
use crate::cli::hop::HopSpec;
use crate::cli::{host, launch};
use crate::error::{Error, Result};
use crate::tools;

/// How to run a program: options of `popcorn run` and `cargo popcorn run`.
#[derive(Debug, Args)]
pub struct How {
    /// Start as this ISA (default: the host's)
    #[arg(long, value_parser = isa)]
    pub isa: Option<&'static Isa>,
    /// Move by itself: every=N[,max=M],isas=A:B:C, or isas=self to capture and resume in place
    #[arg(long, value_name = "SPEC")]
    pub hop: Option<String>,
    /// Print a line per hop on standard error
    #[arg(long)]
    pub trace: bool,
}

/// Looks an ISA up for clap; the error lists those there are.
pub fn isa(name: &str) -> std::result::Result<&'static Isa, String> {
    Isa::by_name(name).ok_or_else(|| unknown_isa(name).to_string())
}

/// What to run, and how.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub how: How,
    /// Print at the end how many migration points it passed, and the longest time between two
    #[arg(long)]
    pub gaps: bool,
    /// Changes of the environment; without a value the variable goes.
    #[arg(skip)]
    pub env: Vec<(OsString, Option<OsString>)>,
    /// The program
    pub prog: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}

/// Becomes the program; returns only if that fails.
pub fn run(run: &Run) -> Result<std::convert::Infallible> {
    let path = find(&run.prog)?;
    let exe = Exe::open(&path)?;
    let isa = run.how.isa.unwrap_or(BASE);
    exe.require(isa)?;
    if let Some(text) = &run.how.hop {
        for isa in HopSpec::parse(text)?.isas() {
            exe.require(isa)?;
            host::emulator(isa)?;
        }
    }
    // From here on every ISA that the program may run as is in the file and can run here.
    let mut command = launch::command(&exe, isa, run.prog.as_os_str())?;
    if let Some(text) = &run.how.hop {
        command.env(environment::HOP, text);
    }
    if run.how.trace {
        command.env(environment::TRACE, "1");
    }
    if run.gaps {
        command.env(environment::GAPS, "1");
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
