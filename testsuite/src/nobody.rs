//! Commands that run without root's rights, for which no file is unreadable.
//!
//! A clone often lies in a home that other users may not enter, and so may the folder for temporary files.
//! So root's tests run copies, in a folder that everyone may enter. Anyone else runs the tools as they are.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::directories::public_directory;
use crate::toolchain;
use crate::workspace::Workspace;

/// The user and the group `nobody`.
pub const NOBODY: u32 = 65534;

/// Whether this is root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Tools that an ordinary user may run.
pub struct Tools {
    /// Root's copies.
    copies: Option<TempDir>,
}

impl Tools {
    /// These tools, and the sysroot.
    pub fn new(names: &[&str]) -> Result<Tools> {
        if !is_root() {
            return Ok(Tools { copies: None });
        }
        let copies = public_directory()?;
        for name in names {
            fs::copy(toolchain::tool(name), copies.path().join(name))?;
        }
        copy_folder(
            &toolchain::sysroot().join("include"),
            &sysroot(&copies).join("include"),
        )?;
        copy_folder(
            &toolchain::sysroot().join("lib"),
            &sysroot(&copies).join("lib"),
        )?;
        Ok(Tools {
            copies: Some(copies),
        })
    }

    /// A command in `w`: by `nobody` if this is root, otherwise by who runs the test.
    pub fn command(&self, w: &Workspace, name: &str, line: &str) -> Command {
        let Some(copies) = &self.copies else {
            return w.command(name, line);
        };
        let mut command = Command::new(copies.path().join(name));
        command
            .args(line.split_whitespace())
            .current_dir(w.path(""))
            .env("POPCORN_SYSROOT", sysroot(copies))
            .uid(NOBODY)
            .gid(NOBODY);
        command
    }
}

fn sysroot(copies: &TempDir) -> PathBuf {
    copies.path().join("sysroot")
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
