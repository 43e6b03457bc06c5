//! A directory with source files and what the toolchain makes of them, for tests of the command lines.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::process::{self, Outcome};
use crate::{directories, toolchain};

/// A temporary directory in which commands run.
pub struct Workspace {
    dir: TempDir,
}

impl Workspace {
    /// An empty one; `None`, with a word on standard error, if the toolchain cannot be tested here. CI
    /// allows no such skipping.
    pub fn new() -> Option<Workspace> {
        Self::in_directory(|| tempfile::tempdir().map_err(Into::into))
    }

    /// One that every user may enter.
    pub fn public() -> Option<Workspace> {
        Self::in_directory(directories::public_directory)
    }

    fn in_directory(make: impl Fn() -> Result<TempDir>) -> Option<Workspace> {
        if let Some(reason) = toolchain::missing() {
            let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
            assert!(!ci, "skipped, which CI does not allow: {reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        Some(Workspace {
            dir: make().expect("temporary directory"),
        })
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path(name), text).expect("writing into a temporary directory");
        self
    }

    /// Names of all files in it, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("reading a temporary directory");
        let mut names: Vec<_> = entries
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A command of the toolchain that will run in it.
    pub fn command(&self, tool: &str, line: &str) -> Command {
        let mut command = Command::new(toolchain::tool(tool));
        command
            .args(line.split_whitespace())
            .current_dir(self.dir.path());
        command
    }

    /// Runs `popcorn-cc` or `popcorn` with these words.
    pub fn run(&self, tool: &str, line: &str) -> Result<Outcome> {
        process::run(&mut self.command(tool, line), "", Duration::from_secs(120))
    }

    /// The same, where it has to succeed.
    pub fn ok(&self, tool: &str, line: &str) -> Result<Outcome> {
        let outcome = self.run(tool, line)?;
        ensure!(
            outcome.status.success(),
            "{tool} {line}: {}\n{}",
            outcome.status,
            outcome.stderr
        );
        Ok(outcome)
    }

    /// Runs popcorn where no emulator is to be found; it has to say so.
    pub fn refused_without_emulators(&self, line: &str) -> Result<()> {
        let output = (self.command("popcorn", line))
            .env("PATH", self.path("none"))
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(
            !output.status.success() && said.contains("no emulator"),
            "{said}"
        );
        Ok(())
    }

    /// Runs a tool where it has to be refused with an error that has all of `texts`; no file may appear.
    pub fn refused(&self, tool: &str, line: &str, texts: &[&str]) -> Result<()> {
        let before = self.files();
        let outcome = self.run(tool, line)?;
        let stderr = &outcome.stderr;
        ensure!(!outcome.status.success(), "{tool} {line}: succeeded");
        ensure!(
            outcome.status.code().is_some(),
            "{tool} {line}: {}",
            outcome.status
        );
        for text in texts {
            ensure!(
                stderr.contains(text),
                "{tool} {line}: no `{text}` in:\n{stderr}"
            );
        }
        let after = self.files();
        ensure!(
            before == after,
            "{tool} {line}: left files behind: {after:?}"
        );
        Ok(())
    }
}
