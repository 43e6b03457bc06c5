//! `popcorn checkpoint`: has a process write its image while it goes on, or ends it with that.
//!
//! The process writes through a descriptor of ours into a file under another name. Only when the image has
//! been read back, checked and synchronised does it get its own; until then a process that is to stop
//! waits, and goes on if anything fails.

use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use popcorn_metadata::image::{Checkpoint, Image};
use popcorn_metadata::request::Wish;
use popcorn_toolchains::Isa;

use crate::cli::request::{Answer, Process};
use crate::cli::{image, interrupt};
use crate::error::{Error, Result};
use crate::output::{self, Pending};

/// What is wanted.
#[derive(Debug)]
pub struct Job {
    pub pid: u32,
    /// Default: `PROG.PID.popcorn` here.
    pub output: Option<PathBuf>,
    /// The process ends when its image is safe.
    pub stop: bool,
    /// How long the process may take until it begins.
    pub timeout: Duration,
}

/// Takes the checkpoint. An [`Answer::Done`] is what to print.
pub fn checkpoint(job: &Job) -> Result<Answer> {
    interrupt::watch()?;
    let process = Process::find(job.pid)?;
    if let Some(path) = &job.output
        && output::is_special(path)
    {
        return Err(Error::usage(
            format!("{}: not a regular file", path.display()),
            "an image is put in place by a rename",
        ));
    }
    if !process.shares_pids() {
        return Err(Error::usage(
            format!(
                "process {} is in another pid namespace, and cannot reach our file",
                job.pid
            ),
            "run popcorn inside the namespace (nsenter); a move works from here",
        ));
    }
    let place = job.output.clone().unwrap_or_else(|| "image".into());
    let pending = Pending::new(&place, false)?;
    let file = File::options().read(true).write(true).open(pending.temp());
    let file = file.map_err(Error::io(&place))?;
    // It holds all that the process knows: nobody else reads it, as with core dumps.
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(Error::io(&place))?;
    let request = process.ask(Wish::Checkpoint {
        stop: job.stop,
        asker: std::process::id(),
        descriptor: file.as_raw_fd() as u32,
    })?;
    let said = match request.wait(job.timeout)? {
        Answer::Done(said) => said,
        other => return Ok(other),
    };
    let path = finish(job, pending, &file, &place)?;
    // From here on the image is safe.
    if job.stop {
        process.end().map_err(|e| {
            let pid = job.pid;
            Error::Plain(format!(
                "the image is written, but process {pid} cannot be ended: {e}"
            ))
        })?;
    }
    let (isa, figures) = said.split_once(' ').unwrap_or(("?", &said));
    let verb = if job.stop { "stopped" } else { "goes on" };
    Ok(Answer::Done(format!(
        "{}: process {} as {isa}: {figures}; it {verb}",
        path.display(),
        job.pid
    )))
}

/// Checks the image, has it reach the disk and puts it in its place; where that is.
fn finish(job: &Job, pending: Pending, file: &File, place: &Path) -> Result<PathBuf> {
    let bytes = fs::read(pending.temp()).map_err(Error::io(place))?;
    let image = Image::parse(&bytes).and_then(Checkpoint::read);
    let image = image.map_err(|e| {
        let what = format!("process {} wrote a damaged image: {e}", job.pid);
        Error::usage(what, "the process goes on; try again")
    })?;
    let path = job.output.clone().unwrap_or_else(|| {
        let program = image::path(image.program());
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}.{}.popcorn", job.pid).into()
    });
    file.sync_all().map_err(Error::io(&path))?;
    interrupt::check()?;
    let pending = pending.renamed(&path);
    pending.commit()?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    // The name, too. Not every file system can synchronise a directory.
    if let Ok(dir) = File::open(dir) {
        let _ = dir.sync_all();
    }
    Ok(path)
}

/// The name of the ISA that an image was taken on.
pub fn isa_name(id: u16) -> &'static str {
    Isa::by_id(id).map_or("unknown", |isa| isa.name)
}
