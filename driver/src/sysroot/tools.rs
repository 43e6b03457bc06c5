//! The LLVM 22 tools that the recipe runs, and how a failure of one reads.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// `clang` as a command: Debian's versioned name.
pub fn command(tool: &str) -> Command {
    Command::new(format!("{tool}-22"))
}

/// Runs to completion and returns standard output. `what` names the job in messages.
pub fn run(command: &mut Command, what: &str) -> Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program}: cannot be run (is LLVM 22 installed?)"))?;
    if !output.status.success() {
        bail!(
            "{what}: {program} failed\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(output.stdout)
}

/// First line of `--version`.
pub fn version(tool: &str) -> Result<String> {
    let text = run(command(tool).arg("--version"), tool)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
