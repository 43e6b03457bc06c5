//! Source packages of the distribution that this machine has, as they are released: fetched once, verified by apt,
//! never changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::projects::{folder, step};
use crate::toolchain;

/// The folder with a package's sources. Builds work in copies of it.
pub fn source(package: &str) -> Result<PathBuf> {
    let dir = folder("distribution").join(package);
    let sources = dir.join("sources");
    if !sources.exists() {
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let found = fetch(package, &dir)?;
        fs::remove_dir_all(dir.join("apt"))?;
        fs::rename(found, &sources)?;
    }
    Ok(sources.canonicalize()?)
}

/// Fetches and unpacks a package below `dir`.
fn fetch(package: &str, dir: &Path) -> Result<PathBuf> {
    let script = toolchain::root().join("testsuite/real/debian-source");
    let outcome = step(Command::new(script).arg(package).arg(dir), dir)?;
    let found = PathBuf::from(String::from_utf8(outcome.stdout)?.trim());
    ensure!(found.is_dir(), "{} is no folder", found.display());
    Ok(found)
}
