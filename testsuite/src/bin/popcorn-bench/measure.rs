//! Counting instructions, processor time and migration points of a run.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use tempfile::TempDir;

use crate::report::Report;

/// Runs of which the median is taken, where time is measured.
pub const RUNS: usize = 5;
/// Migration points after which a program hops once, at most: every one before it calls the runtime.
const EARLY: u64 = 1000;
/// What our test programs return when all went well.
const SUCCESS: i32 = 42;
/// Seconds that one run may take.
const LIMIT: Duration = Duration::from_secs(900);

/// Where everything is built and where it is reported.
pub struct Bench {
    pub report: Report,
    dir: TempDir,
}

impl Bench {
    pub fn new(filters: Vec<String>) -> Result<Bench> {
        Ok(Bench {
            report: Report::new(filters),
            dir: tempfile::tempdir()?,
        })
    }

    /// A path in the directory of this run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A file of `testsuite/bench`.
pub fn source(name: &str) -> PathBuf {
    toolchain::root().join("testsuite/bench").join(name)
}

pub fn popcorn_cc() -> Command {
    Command::new(toolchain::tool("popcorn-cc"))
}

/// Plain clang for one target, with our headers, as code for our libc has to be compiled.
pub fn clang_for(triple: &str) -> Result<Command> {
    let output = toolchain::clang().arg("-print-resource-dir").output()?;
    let resources = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    let sysroot = std::env::var_os("POPCORN_SYSROOT")
        .map_or_else(|| toolchain::bin_dir().join("../sysroot"), PathBuf::from);
    let mut command = toolchain::clang();
    command
        .arg(format!("--target={triple}"))
        .args(["-nostdinc", "-isystem"])
        .arg(sysroot.join("include"))
        .arg("-isystem")
        .arg(resources.join("include"))
        .args(["-fno-pic", "-ffp-contract=off", "-ffunction-sections"]);
    Ok(command)
}

/// A program with its arguments, ready to be run in ways.
pub struct Subject<'a> {
    pub exe: PathBuf,
    pub args: Vec<String>,
    /// An empty directory for each run is made in here.
    pub bench: &'a Bench,
}

impl Subject<'_> {
    /// Runs it under `tool`, with these variables, in a directory of its own; it has to succeed.
    fn run(&self, tool: &[&OsStr], variables: &[(&str, &str)]) -> Result<Outcome> {
        let dir = tempfile::tempdir_in(self.bench.dir.path())?;
        let words = [tool, &[self.exe.as_os_str()]].concat();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .args(&self.args)
            .current_dir(&dir)
            .envs(variables.iter().copied());
        let outcome = process::run(&mut command, "", LIMIT)?;
        ensure!(
            matches!(outcome.status.code(), Some(0 | SUCCESS)),
            "{command:?}: {}\n{}",
            outcome.status,
            outcome.stderr
        );
        Ok(outcome)
    }

    /// What it prints.
    pub fn output(&self) -> Result<Vec<u8>> {
        Ok(self.run(&[], &[])?.stdout)
    }

    /// What it says on standard error.
    pub fn errors(&self, variables: &[(&str, &str)]) -> Result<String> {
        Ok(self.run(&[], variables)?.stderr)
    }

    /// Seconds that it says it took, on standard error.
    pub fn seconds(&self, variables: &[(&str, &str)]) -> Result<f64> {
        number_after(&self.run(&[], variables)?.stderr, "seconds ")
    }

    /// Seconds of processor time of the whole run, as the shell's `time` says. Kernels that count ticks split it
    /// into the user's and the system's by chance, so short runs have all of one kind.
    pub fn processor_time(&self) -> Result<f64> {
        let script = "TIMEFORMAT=$'user %3U\\nsystem %3S'; time \"$@\"";
        let shell = ["bash", "-c", script, "bash"].map(OsStr::new);
        let times = self.run(&shell, &[])?.stderr;
        let part = |word: &str| {
            let line = times.lines().find_map(|l| l.strip_prefix(word));
            line.and_then(|l| l.trim().parse::<f64>().ok())
        };
        let sum = part("user ").zip(part("system ")).map(|(u, s)| u + s);
        sum.filter(|t| *t > 0.0)
            .with_context(|| format!("no times in\n{times}"))
    }

    /// Instructions of the whole run, as callgrind counts them.
    pub fn instructions(&self, variables: &[(&str, &str)]) -> Result<f64> {
        let out = format!(
            "--callgrind-out-file={}",
            self.bench.path("callgrind").display()
        );
        let tool = ["valgrind", "--tool=callgrind", &out].map(OsStr::new);
        number_after(&self.run(&tool, variables)?.stderr, "Collected :")
    }

    /// Instructions when it hops in place once, early in the run.
    pub fn instructions_after_hop(&self) -> Result<f64> {
        let hop = self.early_hop()?;
        let traced = self.run(&[], &[("POPCORN_HOP", &hop), ("POPCORN_TRACE", "1")])?;
        ensure!(
            traced.stderr.contains("popcorn: hop 1 "),
            "{} never hopped",
            self.exe.display()
        );
        self.instructions(&[("POPCORN_HOP", &hop)])
    }

    /// `POPCORN_HOP` for one hop in place when a twentieth of the migration points is behind.
    pub fn early_hop(&self) -> Result<String> {
        let every = (self.gaps()?.points / 20).clamp(1, EARLY);
        Ok(format!("every={every},max=1,isas=self"))
    }

    /// How often and at which distance it passes migration points.
    pub fn gaps(&self) -> Result<Gaps> {
        let stderr = self.run(&[], &[("POPCORN_GAPS", "1")])?.stderr;
        Gaps::parse(&stderr).with_context(|| format!("no gaps in\n{stderr}"))
    }
}

/// What a program says under `POPCORN_GAPS`.
pub struct Gaps {
    pub points: u64,
    /// Milliseconds.
    pub longest: f64,
}

impl Gaps {
    /// `popcorn: N migration points, longest gap N ns before …`
    fn parse(stderr: &str) -> Option<Gaps> {
        let (before, after) = stderr.split_once(" migration points, longest gap ")?;
        let points = before.rsplit("popcorn: ").next()?.parse().ok()?;
        let longest: f64 = after.split(' ').next()?.parse().ok()?;
        Some(Gaps {
            points,
            longest: longest / 1e6,
        })
    }
}

/// The number behind `word`, which is above 0.
fn number_after(text: &str, word: &str) -> Result<f64> {
    text.lines()
        .find_map(|line| line.split_once(word))
        .and_then(|(_, number)| number.trim().parse().ok())
        .filter(|number| *number > 0.0)
        .with_context(|| format!("nothing behind `{word}` in\n{text}"))
}

/// A ratio as what is more than 1, in percent.
pub fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The geometric mean.
pub fn geomean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|r| r.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say() {
        let text = "x\npopcorn: 58106 migration points, longest gap 298744 ns before 0x1017cf7\n";
        let gaps = Gaps::parse(text).unwrap();
        assert_eq!(gaps.points, 58106);
        assert!((gaps.longest - 0.298744).abs() < 1e-12);
        assert!(Gaps::parse("popcorn: none").is_none());
        assert_eq!(number_after("a\nuser 0.25\n", "user ").unwrap(), 0.25);
        assert!(number_after("user 0.0", "user ").is_err());
    }

    #[test]
    fn means() {
        assert!((geomean(&[2.0, 0.5, 1.0]) - 1.0).abs() < 1e-12);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
