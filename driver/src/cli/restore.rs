//! `popcorn restore`: becomes the process that an image was taken of.
//!
//! Everything that can be checked is, before anything is started: the image whole, the program there and
//! the same build, the ISA in it, the emulator, every file that has to be opened again. The runtime does
//! the rest from inside.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use popcorn_metadata::environment;
use popcorn_metadata::image::{Checkpoint, FD_GIVEN, Fd};
use popcorn_toolchains::Isa;

use crate::cli::image::{self, ImageFile};
use crate::cli::run::Trace;
use crate::cli::{host, launch};
use crate::error::{Error, Result};

/// What to restore, and how.
#[derive(Debug)]
pub struct Restore {
    pub isa: Option<&'static Isa>,
    pub file: PathBuf,
    /// Instead of the program that the image names.
    pub program: Option<PathBuf>,
    pub trace: Trace,
}

/// Becomes the process; returns only if that fails.
pub fn restore(job: &Restore) -> Result<std::convert::Infallible> {
    let file = ImageFile::open(&job.file)?;
    let checkpoint = file.checkpoint()?;
    let exe = file.program(&checkpoint, job.program.as_deref())?;
    let isa = job.isa.unwrap_or_else(host::isa);
    exe.require(isa)?;
    check_surroundings(&job.file, &checkpoint)?;
    // From here on nothing that was foreseen can go wrong.
    let mut arguments = checkpoint.arguments();
    let arg0 = arguments.next().unwrap_or_default();
    let mut command = launch::command(&exe, isa, OsStr::from_bytes(arg0))?;
    command.args(arguments.map(OsStr::from_bytes));
    let bytes = File::open(&job.file).map_err(Error::io(&job.file))?;
    let number = launch::inherited(bytes.into(), &job.file)?;
    command.env(environment::RESUME, number.to_string());
    job.trace.tell(&mut command);
    Err(launch::exec(command))
}

/// Checks that the working directory and every file are there.
fn check_surroundings(file: &Path, checkpoint: &Checkpoint<'_>) -> Result<()> {
    let refuse = |what: String, error: &dyn std::fmt::Display| {
        Error::usage(
            format!("{}: {what}: {error}", file.display()),
            "put it back as it was; images do not contain files that have a path",
        )
    };
    let directory = image::path(checkpoint.directory());
    if let Err(e) = fs::read_dir(&directory) {
        let what = format!("the working directory was {}", directory.display());
        return Err(refuse(what, &e));
    }
    for (fd, path) in checkpoint.descriptors() {
        let path = image::path(path);
        if fd.fd_flags & FD_GIVEN != 0 {
            check_given(file, &fd, &path)?;
            continue;
        }
        if fd.same_as >= 0 || fd.object != 0 {
            continue;
        }
        if let Err(e) = openable(&fd, &path) {
            let what = format!("descriptor {} was {}", fd.fd, path.display());
            return Err(refuse(what, &e));
        }
    }
    Ok(())
}

/// Checks that whoever restores has what only they can give.
fn check_given(file: &Path, fd: &Fd, path: &Path) -> Result<()> {
    let number = fd.fd;
    if number <= 2 || fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok() {
        return Ok(());
    }
    Err(Error::usage(
        format!(
            "{}: the process was started with descriptor {number}, {}",
            file.display(),
            path.display()
        ),
        format!("start `popcorn restore` with one, such as {number}</dev/null"),
    ))
}

/// Opens a file as it was open, to see whether that works.
fn openable(fd: &Fd, path: &Path) -> std::io::Result<()> {
    const S_IFREG: u32 = 0o100000;
    let meta = fs::metadata(path)?;
    if fd.mode == S_IFREG && !meta.is_file() {
        return Err(std::io::Error::other("not a regular file any more"));
    }
    let access = fd.flags & 3;
    let mut options = File::options();
    options.read(access != 1).write(access != 0);
    options.open(path).map(drop)
}
