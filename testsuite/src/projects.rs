//! Projects that are built by a build system of their own, and kept below the target directory until the
//! toolchain is newer.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};

use crate::process::{self, Outcome};
use crate::toolchain;
use crate::trials::describe;

/// Seconds that one step of a build may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// The toolchain file, as it lies in the source tree.
pub fn cmake_file() -> PathBuf {
    toolchain::root().join("toolchains/cmake/popcorn.cmake")
}

/// The folder in which a project is kept.
pub fn folder(name: &str) -> PathBuf {
    toolchain::bin_dir().join("../real").join(name)
}

/// Runs one step of a build in `dir`; it has to succeed.
pub fn step(command: &mut Command, dir: &Path) -> Result<Outcome> {
    command
        .current_dir(dir)
        .env("POPCORN_BIN", toolchain::bin_dir());
    let outcome = process::run(command, "", LIMIT)?;
    ensure!(
        outcome.status.success(),
        "{command:?}: {}",
        describe(&outcome)
    );
    Ok(outcome)
}

/// Makes `dir` by `build`, which begins with an empty folder, unless it is newer than the toolchain.
pub fn kept(dir: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let stamp = dir.join("built.stamp");
    if changed(&stamp).is_none_or(|built| Some(built) < newest_input()) {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        build(&dir)?;
        File::create(&stamp)?;
    }
    dir.canonicalize()
        .with_context(|| format!("{}", dir.display()))
}

/// When the toolchain last changed in a part that what it builds depends on.
fn newest_input() -> Option<SystemTime> {
    let sysroot = toolchain::bin_dir().join("../sysroot/lib");
    [
        toolchain::tool("popcorn-cc"),
        sysroot.join("libc.a"),
        sysroot.join("libpopcorn_rt.a"),
        cmake_file(),
        cmake_file().with_file_name("popcorn-project.cmake"),
        cmake_file().with_file_name("popcorn-static.cmake"),
    ]
    .iter()
    .filter_map(|file| changed(file))
    .max()
}

/// When a file was last written.
pub fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|m| m.modified()).ok()
}

/// Copies a folder, since some projects write into their sources.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new("cp");
    toolchain::compile(command.arg("-Rp").args([from, to]))?;
    // What cargo unpacked may be read-only.
    toolchain::compile(Command::new("chmod").args(["-R", "u+w"]).arg(to))
}
