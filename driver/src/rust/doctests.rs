//! Tests in documentation: rustdoc merges them into one program, which starts itself once for each test.
//!
//! That program is told its own path only where rustdoc starts it without a runner. Otherwise all tests would share
//! a process, and the first panic, also one that is meant, would end them. So the runner tells it: the path of a
//! script that starts the runner again, since a child has to be the same ISA.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The environment variable by which rustdoc tells a program of merged tests where it lies.
pub const VARIABLE: &str = "RUSTDOC_DOCTEST_BIN_PATH";

/// What the program tells itself: which test a child is to run.
const ONE_TEST: &str = "RUSTDOC_DOCTEST_RUN_NB_TEST";

/// Makes the script if `program` is one of merged tests that does not know its path. `start` are the words that start
/// it, for a shell.
pub fn script(program: &Path, start: &[OsString]) -> Result<Option<PathBuf>> {
    let knows = [VARIABLE, ONE_TEST]
        .into_iter()
        .any(|v| std::env::var_os(v).is_some());
    if knows || !is_merged(program) {
        return Ok(None);
    }
    let path = program.with_file_name("popcorn-start");
    let words: Vec<_> = start.iter().map(|word| quoted(word)).collect();
    let text = format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "));
    fs::write(&path, text).map_err(Error::io(&path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(Error::io(&path))?;
    Ok(Some(path))
}

/// Whether rustdoc built it: `…/rustdoctestXXXXXX/rust_out`. What is not merged does not look at the variable.
fn is_merged(program: &Path) -> bool {
    let folder = program.parent().and_then(Path::file_name);
    let folder = folder.and_then(OsStr::to_str).unwrap_or_default();
    folder.starts_with("rustdoctest") && program.ends_with("rust_out")
}

/// One word of a shell's.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_rustdoc_are_known() {
        assert!(is_merged(Path::new("/tmp/rustdoctest9DDicO/rust_out")));
        assert!(!is_merged(Path::new("/tmp/x/rust_out")));
        assert!(!is_merged(Path::new("/tmp/rustdoctest9DDicO/prog")));
    }

    #[test]
    fn a_script_starts_the_program_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("rustdoctest1");
        fs::create_dir(&folder).unwrap();
        let words = ["printf", "%s|", "it's"].map(OsString::from);
        let path = script(&folder.join("rust_out"), &words).unwrap().unwrap();
        let output = std::process::Command::new(path).arg("a b").output();
        assert_eq!(output.unwrap().stdout, b"it's|a b|");
        assert!(script(&dir.path().join("prog"), &words).unwrap().is_none());
    }
}
