//! What a system call costs over the same call of a plain musl: time, and the user's instructions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use popcorn_testsuite::toolchain;
use popcorn_toolchains::BASE;

use crate::measure::{Bench, Subject, median, popcorn_cc, source};

/// At most this many times the plain call's time.
const TIME: f64 = 1.05;
/// Runs of each side. They are short and take turns, and each tells its fastest batch: neighbours disturb either.
const RUNS: usize = 25;

/// The calls of `bench/calls.c`, and how many are a batch.
const CALLS: &[(&str, u32)] = &[
    ("getppid", 1000),
    ("read", 1000),
    ("clock_gettime", 5000),
    ("futex_pair", 500),
];

/// Measures what is wanted.
pub fn run(bench: &Bench) -> Result<()> {
    for &(call, batch) in CALLS {
        let name = format!("system-call-{call}");
        if !bench.report.wants(&name) {
            continue;
        }
        let sides = Sides { bench, call };
        bench.report.figure(&name, sides.time(batch)?, "x", TIME);
        bench.report.told(
            &format!("{name}-instructions"),
            sides.instructions(&sides.ours()?)?,
            "more",
        );
    }
    Ok(())
}

struct Sides<'a> {
    bench: &'a Bench,
    call: &'a str,
}

impl Sides<'_> {
    /// Our time over the plain one's: the median of neighbouring runs' ratios.
    fn time(&self, batch: u32) -> Result<f64> {
        let (plain, ours) = (self.plain()?, self.ours()?);
        let seconds = |exe: &Path| self.subject(exe, batch, 40).seconds(&[]);
        let mut ratios = Vec::new();
        for _ in 0..RUNS {
            ratios.push(1.0 / seconds(&plain)? * seconds(&ours)?);
        }
        Ok(median(ratios))
    }

    /// The instructions of one call that are more than the plain one's. Callgrind shows programs no vDSO.
    fn instructions(&self, ours: &Path) -> Result<f64> {
        const MORE: u32 = 10_000;
        let of_call = |exe: &Path| -> Result<f64> {
            let few = self.subject(exe, 1, 1).instructions(&[])?;
            let many = self.subject(exe, 1 + MORE, 1).instructions(&[])?;
            Ok((many - few) / f64::from(MORE))
        };
        Ok(of_call(ours)? - of_call(&self.plain()?)?)
    }

    fn subject(&self, exe: &Path, batch: u32, batches: u32) -> Subject<'_> {
        Subject {
            exe: exe.to_owned(),
            args: vec![self.call.to_owned(), batch.to_string(), batches.to_string()],
            bench: self.bench,
        }
    }

    /// With Debian's musl, by `musl-gcc`.
    fn plain(&self) -> Result<PathBuf> {
        self.build("calls.plain", Command::new("musl-gcc").arg("-static"))
    }

    fn ours(&self) -> Result<PathBuf> {
        let isas = format!("--popcorn-isas={}", BASE.name);
        self.build("calls.ours", popcorn_cc().arg(isas))
    }

    /// Compiles it, unless that has been done.
    fn build(&self, name: &str, compiler: &mut Command) -> Result<PathBuf> {
        let exe = self.bench.path(name);
        if !exe.exists() {
            let compiler = compiler.args(["-O2", "-w"]).arg(source("calls.c"));
            toolchain::compile(compiler.arg("-o").arg(&exe))?;
        }
        Ok(exe)
    }
}
