//! `popcorn migrate`: asks a running process to move, and waits for its answer.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use popcorn_metadata::request::Wish;
use popcorn_toolchains::Isa;

use crate::cli::request::{Answer, Process};
use crate::cli::{host, interrupt};
use crate::error::Result;

/// Asks `pid` to go on as `isa`, and waits at most `timeout`.
pub fn migrate(pid: u32, isa: &Isa, timeout: Duration) -> Result<Answer> {
    interrupt::watch()?;
    let process = Process::find(pid)?;
    let emulator = host::emulator(isa)?;
    let wish = Wish::Move {
        isa: isa.name.as_bytes(),
        emulator: emulator.as_ref().map(|path| path.as_os_str().as_bytes()),
    };
    process.ask(wish)?.wait(timeout)
}
