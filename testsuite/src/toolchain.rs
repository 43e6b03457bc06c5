//! Where the toolchain under test is, and what this machine lacks to test it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_toolchains::{ALL, BASE, DEFAULT, Isa};

use crate::process;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
        .to_owned()
}

/// The directory of `popcorn-cc` and `popcorn`: `$POPCORN_BIN`, or `release` of the target directory.
pub fn bin_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("POPCORN_BIN") {
        return dir.into();
    }
    let exe = std::env::current_exe().expect("own path");
    exe.ancestors()
        .find(|dir| dir.join("CACHEDIR.TAG").exists())
        .map_or_else(|| root().join("target/release"), |dir| dir.join("release"))
}

/// One of the toolchain's programs.
pub fn tool(name: &str) -> PathBuf {
    bin_dir().join(name)
}

/// Where libc and its headers are: `$POPCORN_SYSROOT`, or beside the directory of the tools.
pub fn sysroot() -> PathBuf {
    std::env::var_os("POPCORN_SYSROOT").map_or_else(|| bin_dir().join("../sysroot"), PathBuf::from)
}

/// The plain compiler that everything is compared with.
pub fn clang() -> Command {
    Command::new(std::env::var_os("POPCORN_CLANG").unwrap_or_else(|| "clang-22".into()))
}

/// The Fortran compiler whose bitcode is linked.
pub fn flang() -> Command {
    Command::new("flang-22")
}

/// Why no program can be tested here, if so.
pub fn missing() -> Option<String> {
    for name in ["popcorn-cc", "popcorn"] {
        if !tool(name).exists() {
            return Some(format!(
                "{} is not built: run `make build`",
                tool(name).display()
            ));
        }
    }
    if clang().arg("--version").output().is_err() {
        return Some("clang-22 is not installed: run `make deps`".into());
    }
    let sysroot = sysroot();
    if !sysroot.join("lib/libc.a").exists() {
        return Some(format!(
            "{} holds no libc: run `make build`",
            sysroot.display()
        ));
    }
    None
}

/// The ISA this machine runs by itself. Programs start on the base ISA, so only its hosts can run tests.
pub fn host() -> &'static Isa {
    BASE
}

/// Why programs cannot run as `isa` here, if so.
pub fn missing_emulator(isa: &Isa) -> Option<String> {
    if isa.id == host().id {
        return None;
    }
    Command::new(isa.emulator)
        .arg("--version")
        .output()
        .is_err()
        .then(|| format!("{} is not installed: run `make deps`", isa.emulator))
}

/// The ISAs of a program by default, joined by `separator`, in the order of their ids.
pub fn all_isas(separator: &str) -> String {
    let names: Vec<_> = DEFAULT.iter().map(|isa| isa.name).collect();
    names.join(separator)
}

/// All ISAs that there are, joined by `separator`: the base ISA, those that no program has by default, then the others.
pub fn every_isa(separator: &str) -> String {
    let (default, more) = ALL.split_at(DEFAULT.len());
    let order = default[..1].iter().chain(more).chain(&default[1..]);
    let names: Vec<_> = order.map(|isa| isa.name).collect();
    names.join(separator)
}

/// Why not all ISAs that there are can be run here, if so.
pub fn missing_any_emulator() -> Option<String> {
    ALL.iter().find_map(|isa| missing_emulator(isa))
}

/// Runs a compiler; its messages are the error.
pub fn compile(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let outcome = process::run(command, "", Duration::from_secs(1800))?;
    ensure!(
        outcome.status.success(),
        "{shown}\n{}\n{}",
        outcome.status,
        outcome.stderr
    );
    Ok(())
}

/// The addresses of all named symbols of an ELF file, as `nm` prints them.
pub fn symbols(file: &Path) -> Result<Vec<(String, u64)>> {
    let output = Command::new("llvm-nm-22")
        .arg("--defined-only")
        .arg(file)
        .output()
        .context("llvm-nm-22")?;
    ensure!(output.status.success(), "llvm-nm-22 {}", file.display());
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let address = u64::from_str_radix(words.next()?, 16).ok()?;
            Some((words.nth(1)?.to_owned(), address))
        })
        .collect())
}
