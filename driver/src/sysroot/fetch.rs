//! Fetching musl 1.2.5: it is complete in the Python wheel of zig 0.13.0, which pip downloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::tools;

const PACKAGE: &str = "ziglang==0.13.0";
const FILE: &str =
    "ziglang-0.13.0-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl";

/// Of the wheel. Anything else under its name is refused.
pub const SHA256: &str = "3ce0c9f16547e5d61b32e0d226926e9a2552ef4b91fccf7ab5ea1a623a77824b";

/// The verified wheel in `cache`, downloaded if it is not there yet.
pub fn wheel(cache: &Path) -> Result<PathBuf> {
    let path = cache.join(FILE);
    if path.exists() {
        verify(&path)?;
        return Ok(path);
    }
    fs::create_dir_all(cache).with_context(|| format!("{}", cache.display()))?;
    let download = tempfile::tempdir_in(cache)?;
    tools::run(
        Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "--only-binary=:all:"])
            .args(["--platform", "manylinux2010_x86_64", "--dest"])
            .arg(download.path())
            .arg(PACKAGE),
        "fetching musl's source (needs python3 and pip)",
    )?;
    let fresh = download.path().join(FILE);
    verify(&fresh)?;
    fs::rename(&fresh, &path)?;
    Ok(path)
}

fn verify(path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("{}", path.display()))?;
    let found = format!("{:x}", Sha256::digest(&bytes));
    if found != SHA256 {
        bail!(
            "{}: sha256 is {found}, expected {SHA256}\n  help: remove the file to download it again",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_wheel_is_refused() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join(FILE), b"PK not the wheel").unwrap();
        let error = wheel(cache.path()).unwrap_err().to_string();
        assert!(
            error.contains(FILE) && error.contains(SHA256) && error.contains("remove"),
            "{error}"
        );
    }
}
