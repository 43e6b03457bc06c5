//! The emulator that runs an ISA which the machine is not.

use core::fmt::Write;

use popcorn_metadata::environment;
use popcorn_toolchains::Isa;

use crate::base::path::PathBuffer;
use crate::base::refusal::Refusal;
use crate::base::text::{Bytes, Message};
use crate::kernel::{errno, file};
use crate::program::arguments::initial;
use crate::refusal;

/// The emulator for `to`: `named` by a request, by `POPCORN_QEMU_<ISA>`, or found on PATH.
pub fn find(to: &Isa, named: Option<&[u8]>) -> Result<PathBuffer, Refusal> {
    if let Some(path) = named.or_else(|| from_environment(to)) {
        return match PathBuffer::from_bytes(path) {
            Ok(found) if is_executable(&found) => Ok(found),
            _ => Err(refusal!(
                errno::ENOENT,
                "the emulator {} cannot be run",
                Bytes(path)
            )),
        };
    }
    let folders = initial()
        .var("PATH")
        .unwrap_or(b"/usr/local/bin:/usr/bin:/bin");
    folders
        .split(|&b| b == b':')
        .map(|folder| {
            let mut found = PathBuffer::new();
            found.push(folder).push(b"/").push(to.emulator.as_bytes());
            found
        })
        .find(is_executable)
        .ok_or_else(|| {
            let (isa, emulator) = (to.name, to.emulator);
            refusal!(
                errno::ENOENT,
                "no emulator for {isa}: {emulator} is not on PATH"
            )
        })
}

fn from_environment(to: &Isa) -> Option<&'static [u8]> {
    let mut variable = Message::of(format_args!("{}", environment::EMULATOR));
    for c in to.name.chars() {
        let _ = variable.write_char(c.to_ascii_uppercase());
    }
    let variable = core::str::from_utf8(variable.as_bytes()).ok()?;
    initial().var(variable).filter(|path| !path.is_empty())
}

fn is_executable(path: &PathBuffer) -> bool {
    path.as_c_str().is_ok_and(file::is_executable)
}
