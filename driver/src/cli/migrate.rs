//! `popcorn migrate`: asks a running process to move, and waits for its answer.

use std::time::Duration;

use popcorn_toolchains::Isa;

use crate::cli::request::{Answer, Process};
use crate::cli::{host, interrupt};
use crate::error::Result;

/// Asks `pid` to go on as `isa`, and waits at most `timeout`.
pub fn migrate(pid: u32, isa: &Isa, timeout: Duration) -> Result<Answer> {
    interrupt::watch()?;
    let process = Process::find(pid)?;
    let mut text = format!("to={}\n", isa.name);
    if let Some(emulator) = host::emulator(isa)? {
        text.push_str(&format!("emulator={}\n", emulator.display()));
    }
    process.ask(&text, "")?.wait("moved", timeout)
}
