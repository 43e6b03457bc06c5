//! The C compiler that build scripts get: popcorn-cc for the program's crates, the system's for build scripts' own.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::flags::RUSTC;
use super::names::{self, CXX, MARK};
use crate::error::{Error, Result};

/// Becomes the compiler; returns only if that fails.
pub fn become_compiler(name: &str, words: &[String]) -> Result<std::convert::Infallible> {
    let systems = if name == CXX { "c++" } else { "cc" };
    let mut tool = PathBuf::from(systems);
    let mut words = words.to_owned();
    if is_for_the_program() {
        if name == CXX {
            refuse_sources(&words)?;
        }
        tool = names::own_path()?.with_file_name("popcorn-cc");
        words.retain(|w| !is_understood(w));
    }
    let source = Command::new(&tool).args(words).exec();
    Err(Error::Tool {
        tool: tool.display().to_string(),
        source,
        help: "it compiles the C code of build scripts".into(),
    })
}

/// Whether the build script that asks builds for the program.
fn is_for_the_program() -> bool {
    std::env::var(RUSTC.encoded).is_ok_and(|flags| flags.contains(MARK))
}

/// Whether a flag of the `cc` crate's only repeats what holds for everything here: the target, and that
/// what links sees the whole program.
fn is_understood(flag: &str) -> bool {
    flag == format!("--target={}", names::target()) || flag.starts_with("-flto")
}

/// C++ is refused where it is compiled; what else is asked of a C++ compiler popcorn-cc can answer.
fn refuse_sources(words: &[String]) -> Result<()> {
    if !words.iter().any(|w| w == "-c") {
        return Ok(());
    }
    let is_source = |w: &&String| {
        let extension = Path::new(w).extension().and_then(|e| e.to_str());
        extension.is_some_and(|e| ["c", "cc", "cpp", "cxx", "C", "c++"].contains(&e))
    };
    let file = words.iter().filter(is_source).find(|w| !w.starts_with('-'));
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "?".into());
    Err(Error::usage(
        format!(
            "crate `{name}` compiles C++ in its build script: only C can be lowered for all ISAs\n  --> {}",
            file.map_or("its source", String::as_str)
        ),
        "turn off the crate's feature that needs C++, or take a crate that is pure Rust or brings C",
    ))
}

/// Variables of a build that a program which cargo starts is not to see.
pub fn hidden() -> Vec<OsString> {
    let ours = |name: &&str| std::env::var(name).is_ok_and(|v| v.contains(MARK));
    let names = [RUSTC.encoded, super::flags::RUSTDOC.encoded];
    names
        .iter()
        .filter(|n| ours(n))
        .map(OsString::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compiling_is_refused() {
        let check = |text: &str| {
            let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
            refuse_sources(&words).map_err(|e| e.to_string())
        };
        assert!(check("-E detect.c").is_ok());
        assert!(check("--version").is_ok());
        assert!(
            check("-O2 -c -o x.o src/a.cpp")
                .unwrap_err()
                .contains("--> src/a.cpp")
        );
        assert!(is_understood("-flto=thin") && !is_understood("-O2"));
    }
}
