//! Real programs: run time against the same code without frames and points, and after a hop.
//!
//! The plain side is popcorn-cc's with `--popcorn-uninstrumented`, linked with the same libc: plain
//! clang's variadic calls do not fit that libc.

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::recipes::Recipe;
use popcorn_testsuite::toolchain;

use crate::kernels::longest_gap;
use crate::measure::{Bench, RUNS, Subject, median, percent, popcorn_cc};

/// At most this much more instructions, percent.
const OVERHEAD: f64 = 12.0;
/// The same for a run that hopped, over one that did not.
const AFTER_HOP: f64 = 20.0;

/// A recipe and what it is measured on; whether a hop has a target.
const WORKS: &[(&str, &[&str], bool)] = &[
    ("lua", &["=demo/work.lua"], true),
    ("sqlite", &["items.db", "4000"], true),
    ("zstd", &["@lib/compress/zstd_compress.c"], false),
    ("bzip2", &["-c", "@sample2.ref"], false),
];

/// Measures what is wanted of every program.
pub fn run(bench: &Bench) -> Result<()> {
    for (name, args, after_hop) in WORKS {
        let recipe = Recipe::named(name)?;
        let program = Program {
            bench,
            recipe,
            args: args.iter().map(|a| recipe.path(a)).collect::<Result<_>>()?,
        };
        program
            .measure(*after_hop)
            .with_context(|| (*name).to_owned())?;
    }
    Ok(())
}

struct Program<'a> {
    bench: &'a Bench,
    recipe: &'static Recipe,
    args: Vec<String>,
}

impl Program<'_> {
    fn measure(&self, after_hop: bool) -> Result<()> {
        let report = &self.bench.report;
        let figure =
            |kind: &str| Some(format!("{kind}-{}", self.recipe.name)).filter(|f| report.wants(f));
        if let Some(name) = figure("overhead") {
            let (plain, ours) = (self.plain()?, self.ours()?);
            ensure!(
                plain.output()? == ours.output()?,
                "its output is not the plain build's"
            );
            let ratio = ours.instructions(&[])? / plain.instructions(&[])?;
            report.figure(&name, percent(ratio), "%", OVERHEAD);
        }
        if let Some(name) = figure("time") {
            report.told(&name, percent(self.time()?), "%");
        }
        if let Some(name) = figure("after-hop") {
            let ours = self.ours()?;
            let ratio = percent(ours.instructions_after_hop()? / ours.instructions(&[])?);
            match after_hop {
                true => report.figure(&name, ratio, "%", AFTER_HOP),
                false => report.told(&name, ratio, "%"),
            }
        }
        if let Some(name) = figure("longest-gap") {
            longest_gap(&name, &self.ours()?)?;
        }
        Ok(())
    }

    /// Processor time over the plain build's: medians of runs that take turns.
    fn time(&self) -> Result<f64> {
        let (plain, ours) = (self.plain()?, self.ours()?);
        let (mut p, mut o) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            p.push(plain.processor_time()?);
            o.push(ours.processor_time()?);
        }
        Ok(median(o) / median(p))
    }

    fn plain(&self) -> Result<Subject<'_>> {
        self.build("plain", &["--popcorn-uninstrumented"])
    }

    fn ours(&self) -> Result<Subject<'_>> {
        self.build("ours", &[])
    }

    /// Compiles it for the base ISA, unless that has been done.
    fn build(&self, kind: &str, flags: &[&str]) -> Result<Subject<'_>> {
        let exe = self.bench.path(&format!("{}.{kind}", self.recipe.name));
        if !exe.exists() {
            let isas = format!("--popcorn-isas={}", popcorn_toolchains::BASE.name);
            let mut command = popcorn_cc();
            command.args(["-O2", "-w"]).arg(isas).args(flags);
            for flag in self.recipe.flags {
                command.arg(self.recipe.path(flag)?);
            }
            command.args(self.recipe.files()?).arg("-o").arg(&exe);
            toolchain::compile(&mut command)?;
        }
        Ok(Subject {
            exe,
            args: self.args.clone(),
            bench: self.bench,
        })
    }
}
