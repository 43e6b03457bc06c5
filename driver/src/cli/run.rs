//! `popcorn run`: becomes the program, as one ISA or another.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use popcorn_toolchains::{BASE, Isa};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use crate::cli::exe::Exe;
use crate::cli::hop::HopSpec;
use crate::cli::host;
use crate::error::{Error, Result};
use crate::tools;

/// Where the descriptor of the program's own file goes, out of the way of the program's.
const PROG_FD: i32 = 900;

/// What to run, and how.
#[derive(Debug)]
pub struct Run {
    pub isa: Option<&'static Isa>,
    pub hop: Option<String>,
    pub trace: bool,
    /// Measure the time between migration points.
    pub gaps: bool,
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
    let mut command = match host::emulator(isa)? {
        None if isa.id == BASE.id => {
            let mut command = Command::new(&path);
            command.arg0(&run.prog);
            command
        }
        None => {
            let mut command = Command::new(image_path(&exe, isa)?);
            command.arg0(&run.prog);
            command
        }
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.arg("-0").arg(&run.prog).arg(image_path(&exe, isa)?);
            command
        }
    };
    if isa.id != BASE.id || host::isa().id != BASE.id {
        let prog = File::open(&path).map_err(Error::io(&path))?;
        command.env("POPCORN_PROG", inherited(prog.into(), &path)?.to_string());
        command.env("POPCORN_HOST", host::isa().name);
    }
    if let Some(text) = &run.hop {
        command.env("POPCORN_HOP", text);
    }
    if run.trace {
        command.env("POPCORN_TRACE", "1");
    }
    if run.gaps {
        command.env("POPCORN_GAPS", "1");
    }
    let source = command.args(&run.args).exec();
    Err(Error::Tool {
        tool: command.get_program().display().to_string(),
        source,
        help: "the program has to be executable".into(),
    })
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

/// Puts an ISA's image into a file in memory that the next program inherits.
fn image_path(exe: &Exe, isa: &Isa) -> Result<PathBuf> {
    let name = format!("popcorn-{}", isa.name);
    let fd =
        memfd_create(&name, MemfdFlags::empty()).map_err(|e| Error::io(&exe.path)(e.into()))?;
    let mut file = File::from(fd);
    file.write_all(&exe.image(isa)?)
        .map_err(Error::io(&exe.path))?;
    let fd = OwnedFd::from(file);
    let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    // The exec that follows needs it open.
    std::mem::forget(fd);
    Ok(path)
}

/// Moves a descriptor out of the way and lets the next program inherit it.
fn inherited(fd: OwnedFd, path: &Path) -> Result<i32> {
    let error = |e: rustix::io::Errno| Error::io(path)(e.into());
    let fd = fcntl_dupfd_cloexec(&fd, PROG_FD).unwrap_or(fd);
    fcntl_setfd(&fd, FdFlags::empty()).map_err(error)?;
    let number = fd.as_raw_fd();
    std::mem::forget(fd);
    Ok(number)
}
