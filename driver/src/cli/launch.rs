//! How a program is started as one ISA or another.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use popcorn_metadata::environment;
use popcorn_toolchains::{BASE, Isa};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use crate::cli::exe::Exe;
use crate::cli::host;
use crate::error::{Error, Result};

/// Where descriptors of ours go, out of the way of the program's.
const HIGH: i32 = 900;

/// A command that becomes `exe` as `isa`, under the name `arg0`.
pub fn command(exe: &Exe, isa: &Isa, arg0: &OsStr) -> Result<Command> {
    let emulator = host::emulator(isa)?;
    if isa.id == BASE.id && emulator.is_none() {
        let mut command = Command::new(&exe.path);
        command.arg0(arg0);
        return Ok(command);
    }
    let image = inherited(image(exe, isa)?, &exe.path)?;
    let path = format!("/proc/self/fd/{image}");
    let mut command = match emulator {
        None => {
            let mut command = Command::new(path);
            command.arg0(arg0);
            command
        }
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.arg("-0").arg(arg0).arg(path);
            command
        }
    };
    let prog = File::open(&exe.path).map_err(Error::io(&exe.path))?;
    command.env(
        environment::PROGRAM,
        inherited(prog.into(), &exe.path)?.to_string(),
    );
    // The image's descriptor stays: the emulator opens it again for /proc/self/exe.
    command.env(environment::HOST, host::isa().name);
    Ok(command)
}

/// Becomes the command; returns only if that fails.
pub fn exec(mut command: Command) -> Error {
    let source = command.exec();
    Error::Tool {
        tool: command.get_program().display().to_string(),
        source,
        help: "the program has to be executable".into(),
    }
}

/// Puts an ISA's image into a file in memory.
fn image(exe: &Exe, isa: &Isa) -> Result<OwnedFd> {
    let name = format!("popcorn-{}", isa.name);
    let fd =
        memfd_create(&name, MemfdFlags::empty()).map_err(|e| Error::io(&exe.path)(e.into()))?;
    let mut file = File::from(fd);
    file.write_all(&exe.image(isa)?)
        .map_err(Error::io(&exe.path))?;
    Ok(file.into())
}

/// Moves a descriptor out of the way and lets the next program inherit it.
pub fn inherited(fd: OwnedFd, path: &Path) -> Result<i32> {
    let error = |e: rustix::io::Errno| Error::io(path)(e.into());
    let fd = fcntl_dupfd_cloexec(&fd, HIGH).unwrap_or(fd);
    fcntl_setfd(&fd, FdFlags::empty()).map_err(error)?;
    let number = fd.as_raw_fd();
    std::mem::forget(fd);
    Ok(number)
}
