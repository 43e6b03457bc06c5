//! What the test programs share: trials that are skipped by name, results that several tests use, and
//! the comparison of outputs.

use std::fmt::Display;
use std::sync::OnceLock;

use anyhow::{Result, bail};
use libtest_mimic::{Failed, Trial};

use crate::process::Outcome;

/// A result that several tests share; errors are kept as text.
pub type Shared<T> = OnceLock<Result<T, String>>;

/// Computes a shared result once.
pub fn share<T>(cell: &Shared<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    match cell.get_or_init(|| make().map_err(|e| format!("{e:#}"))) {
        Ok(value) => Ok(value),
        Err(error) => bail!("{error}"),
    }
}

/// A test that is skipped, with the reason, if something is lacking; in CI that is a failure.
pub fn trial(
    name: impl Display,
    lack: Option<String>,
    test: impl FnOnce() -> Result<()> + Send + 'static,
) -> Trial {
    let Some(reason) = lack else {
        return Trial::test(name.to_string(), move || {
            test().map_err(|e| Failed::from(format!("{e:#}")))
        });
    };
    if std::env::var_os("CI").is_some_and(|v| v == "true") {
        return Trial::test(name.to_string(), move || {
            Err(Failed::from(format!(
                "skipped, which CI does not allow: {reason}"
            )))
        });
    }
    Trial::test(format!("{name} (skipped: {reason})"), || Ok(())).with_ignored_flag(true)
}

/// What a failed run says about itself.
pub fn describe(outcome: &Outcome) -> String {
    format!(
        "{}{}; standard output ends:\n{}\nstandard error ends:\n{}",
        if outcome.timed_out { "timed out, " } else { "" },
        outcome.status,
        tail(&String::from_utf8_lossy(&outcome.stdout)),
        tail(&outcome.stderr)
    )
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// The first line in which two outputs differ.
pub fn difference(expected: &[u8], got: &[u8]) -> String {
    let (expected, got) = (
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(got),
    );
    let mut pairs = expected.lines().zip(got.lines()).enumerate();
    match pairs.find(|(_, (e, g))| e != g) {
        Some((i, (e, g))) => format!("line {}\n  expected: {e}\n  got:      {g}", i + 1),
        None => format!(
            "{} lines expected, {} lines got",
            expected.lines().count(),
            got.lines().count()
        ),
    }
}

/// Number of hops that a run with `--trace` reports.
pub fn hops(stderr: &str) -> usize {
    stderr
        .lines()
        .filter(|line| line.starts_with("popcorn: hop "))
        .count()
}
