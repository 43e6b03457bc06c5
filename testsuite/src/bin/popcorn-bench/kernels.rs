//! Our numeric kernels, in the manner of the NAS and PolyBench sets: run time against plain clang, run
//! time after a hop, and the distance of migration points.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::toolchain;
use popcorn_toolchains::BASE;

use crate::measure::{
    Bench, RUNS, Subject, clang_for, geomean, median, percent, popcorn_cc, source,
};

/// At most this much more instructions than plain clang's, percent: each, and all in the mean.
const EACH: f64 = 10.0;
const MEAN: f64 = 4.0;
/// The same for a run that hopped, over one that did not.
const AFTER_HOP_MEAN: f64 = 10.0;
/// Milliseconds from one migration point to the next.
pub const GAP: f64 = 5.0;
/// Runs of which the shortest gap counts: what else happens on the machine only adds to it.
pub const GAP_RUNS: usize = 3;

/// Measures what is wanted of every kernel.
pub fn run(bench: &Bench) -> Result<()> {
    let kernels = Kernels { bench };
    let names = names()?;
    kernels
        .group("overhead", &names, |name| {
            let ratio = kernels.overhead(name)?;
            let figure = format!("overhead-{name}");
            bench.report.figure(&figure, percent(ratio), "%", EACH);
            Ok(ratio)
        })?
        .inspect(|mean| {
            let name = "overhead-kernels-geomean";
            bench.report.figure(name, percent(*mean), "%", MEAN);
        });
    kernels
        .group("time", &names, |name| {
            let ratio = kernels.time(name)?;
            bench
                .report
                .told(&format!("time-{name}"), percent(ratio), "%");
            Ok(ratio)
        })?
        .inspect(|mean| {
            bench
                .report
                .told("time-kernels-geomean", percent(*mean), "%");
        });
    kernels
        .group("after-hop", &names, |name| {
            let ours = kernels.ours(name)?;
            let ratio = ours.instructions_after_hop()? / ours.instructions(&[])?;
            bench
                .report
                .told(&format!("after-hop-{name}"), percent(ratio), "%");
            Ok(ratio)
        })?
        .inspect(|mean| {
            let name = "after-hop-kernels-geomean";
            bench
                .report
                .figure(name, percent(*mean), "%", AFTER_HOP_MEAN);
        });
    for name in &names {
        let figure = format!("longest-gap-{name}");
        if bench.report.wants(&figure) {
            longest_gap(&figure, &kernels.ours(name)?)?;
        }
    }
    Ok(())
}

/// Prints the longest time between two migration points of a program.
pub fn longest_gap(figure: &str, subject: &Subject) -> Result<()> {
    let mut least = f64::INFINITY;
    for _ in 0..GAP_RUNS {
        least = least.min(subject.gaps()?.longest);
    }
    subject.bench.report.figure(figure, least, "ms", GAP);
    Ok(())
}

/// The kernels there are, sorted.
fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(source("kernels"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "c") {
            let name = path.file_stem().and_then(|s| s.to_str());
            names.push(name.context("a kernel's name")?.to_owned());
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "there are no kernels");
    Ok(names)
}

struct Kernels<'a> {
    bench: &'a Bench,
}

impl<'a> Kernels<'a> {
    /// The ratios of those kernels that are wanted; the mean if it is wanted, and then of all.
    fn group(
        &self,
        kind: &str,
        names: &[String],
        ratio: impl Fn(&str) -> Result<f64>,
    ) -> Result<Option<f64>> {
        let report = &self.bench.report;
        let mean = report.wants(&format!("{kind}-kernels-geomean"));
        let mut ratios = Vec::new();
        for name in names {
            if mean || report.wants(&format!("{kind}-{name}")) {
                ratios.push(ratio(name).with_context(|| format!("{kind}-{name}"))?);
            }
        }
        Ok(mean.then(|| geomean(&ratios)))
    }

    /// Instructions over the plain build's.
    fn overhead(&self, name: &str) -> Result<f64> {
        let (plain, ours) = (self.plain(name)?, self.ours(name)?);
        let (expected, got) = (plain.output()?, ours.output()?);
        ensure!(expected == got, "its result is not the plain build's");
        Ok(ours.instructions(&[])? / plain.instructions(&[])?)
    }

    /// Processor time over the plain build's: medians of runs that take turns.
    fn time(&self, name: &str) -> Result<f64> {
        let (plain, ours) = (self.plain(name)?, self.ours(name)?);
        let (mut p, mut o) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            p.push(plain.seconds(&[])?);
            o.push(ours.seconds(&[])?);
        }
        Ok(median(o) / median(p))
    }

    /// Clang's own object, for the base ISA only, linked with our libc.
    fn plain(&self, name: &str) -> Result<Subject<'a>> {
        self.build(&format!("{name}.plain"), |object| {
            let mut command = clang_for(&format!("{}-linux-musl", BASE.name))?;
            command
                .args(["-O2", "-c", "-o"])
                .arg(object)
                .arg(kernel(name));
            toolchain::compile(&mut command)
        })
    }

    fn ours(&self, name: &str) -> Result<Subject<'a>> {
        self.build(name, |object| {
            let mut command = popcorn_cc();
            command
                .args(["-O2", "-c", "-o"])
                .arg(object)
                .arg(kernel(name));
            toolchain::compile(&mut command)
        })
    }

    /// Links an object with `kernel-main.c`, unless that has been done.
    fn build(&self, name: &str, compile: impl Fn(&Path) -> Result<()>) -> Result<Subject<'a>> {
        let exe = self.bench.path(name);
        let main = self.bench.path("kernel-main.o");
        let isas = format!("--popcorn-isas={}", BASE.name);
        if !main.exists() {
            let source = source("kernel-main.c");
            toolchain::compile(
                popcorn_cc()
                    .args(["-O2", "-c", "-o"])
                    .arg(&main)
                    .arg(source),
            )?;
        }
        if !exe.exists() {
            let object = self.bench.path(&format!("{name}.o"));
            compile(&object)?;
            toolchain::compile(
                popcorn_cc()
                    .arg(isas)
                    .arg("-o")
                    .args([&exe, &main, &object]),
            )?;
        }
        Ok(Subject {
            exe,
            args: Vec::new(),
            bench: self.bench,
        })
    }
}

fn kernel(name: &str) -> PathBuf {
    source("kernels").join(name).with_extension("c")
}
