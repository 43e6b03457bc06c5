//! The rules of the repository that a reviewer should not have to remember.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use popcorn_testsuite::toolchain;
use popcorn_toolchains::ALL;

/// Where Rust code may name an ISA: its table.
const ISA_HOME: &[&str] = &["toolchains/"];
/// Rust files that select one ISA's assembly for the CPU underneath, or that have to spell names of
/// others which contain an ISA's: musl's folders, rustc's target for the base ABI, core's
/// module of its intrinsics.
const ISA_FILES: &[&str] = &[
    "runtime/src/arch/",
    "driver/src/sysroot/",
    "driver/src/runtime_build.rs",
    "testsuite/rust-programs/src/programs/vectors.rs",
];

/// Files longer than this are listed; past `TOO_LONG` lines they hide a second job.
const LONG: usize = 400;
const TOO_LONG: usize = 1000;

/// Every file under version control that is text.
fn files() -> Vec<(String, String)> {
    let root = toolchain::root();
    // Root may test another user's clone, which git distrusts.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files"])
        .current_dir(&root)
        .output();
    let names: Vec<PathBuf> = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(PathBuf::from)
            .collect(),
        _ => Vec::new(),
    };
    assert!(names.len() > 50, "git lists only {} files", names.len());
    names
        .iter()
        .filter_map(|name| {
            let text = fs::read_to_string(root.join(name)).ok()?;
            Some((name.display().to_string(), text))
        })
        .collect()
}

/// Code without line comments, and without what follows `mod tests`.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("mod tests"))
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("")))
}

/// Whether `word` stands in `line`, not as a part of a longer identifier.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

#[test]
fn isas_are_named_in_their_tables_only() {
    let words: HashSet<&str> = ALL.iter().map(|isa| isa.name).collect();
    let mut found = Vec::new();
    for (name, text) in files() {
        let kind = Path::new(&name).extension().and_then(|e| e.to_str());
        let exempt = kind != Some("rs")
            || ISA_HOME
                .iter()
                .chain(ISA_FILES)
                .any(|home| name.starts_with(home))
            || name.contains("/tests/")
            || name.contains("/examples/");
        if exempt {
            continue;
        }
        for (line, code) in code(&text) {
            for word in &words {
                if names(code, word) {
                    found.push(format!("{name}:{line}: {word}"));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "ISAs are named outside toolchains/; what differs between them belongs in `Isa`:\n{}",
        found.join("\n")
    );
}

#[test]
fn files_have_one_job() {
    let mut long: Vec<_> = files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs") || name.ends_with(".c"))
        .map(|(name, text)| (text.lines().count(), name))
        .filter(|(lines, _)| *lines > LONG)
        .collect();
    long.sort();
    for (lines, name) in &long {
        println!("{lines:5} {name}");
    }
    long.retain(|(lines, _)| *lines > TOO_LONG);
    assert!(long.is_empty(), "longer than {TOO_LONG} lines: {long:?}");
}

#[test]
fn rust_files_begin_with_what_they_are_for() {
    let without: Vec<_> = files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs"))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert!(without.is_empty(), "no `//!` at the top: {without:?}");
}

#[test]
fn no_path_of_one_machine() {
    // Spelled so that this file does not find itself.
    let needles = [
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/wo", "rk/"],
        ["/User", "s/"],
    ];
    let mut found = Vec::new();
    for (name, text) in files() {
        for (i, line) in text.lines().enumerate() {
            if needles.iter().any(|n| line.contains(&n.concat())) {
                found.push(format!("{name}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "paths of one machine:\n{}",
        found.join("\n")
    );
}

#[test]
fn shell_scripts_parse() {
    for (name, text) in files() {
        if text.starts_with("#!/bin/sh") {
            let path = toolchain::root().join(&name);
            let status = Command::new("sh").arg("-n").arg(path).status();
            assert!(status.is_ok_and(|s| s.success()), "{name}");
        }
    }
}
