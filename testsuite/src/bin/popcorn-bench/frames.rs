//! What a hop costs: per frame of the stack, and in all.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::process;
use popcorn_testsuite::toolchain;
use popcorn_toolchains::{BASE, DEFAULT};

use crate::measure::{Bench, RUNS, Subject, median, popcorn_cc, source};

/// Frames on the stack that is captured.
const DEPTHS: [u32; 3] = [1_000, 10_000, 100_000];
/// At most, nanoseconds a frame.
const CAPTURE: f64 = 100.0;
const RESUME: f64 = 30.0;
/// The time grows with the number of frames to the power of this, at most; linear is 1, and caches that
/// a deep stack does not fit into add a little.
const GROWTH: f64 = 1.25;
/// Bytes of state that a hop carries.
const STATE: u32 = 1 << 20;

/// Megabytes of state that moves are compared with a plain copy of, and how often: the fastest of each counts.
const COPIED: [(u32, usize); 3] = [(1, 25), (64, 7), (1024, 3)];
/// At most this many times the copy's time, which goes through a memory file and an exec as well.
const OVER_COPY: f64 = 1.3;

/// Measures what is wanted.
pub fn run(bench: &Bench) -> Result<()> {
    let wants = |word: &str| bench.report.wants(word);
    let frames = Frames { bench };
    let names = [
        "capture-per-frame",
        "resume-per-frame",
        "capture-growth",
        "resume-growth",
    ];
    if names.iter().any(|n| wants(n)) || wants("per-frame-first") || wants("per-frame-1") {
        frames.per_frame()?;
    }
    if wants("hop-1mb-native") {
        let totals = frames.hop_to(BASE.name, 1)?;
        bench
            .report
            .figure("hop-1mb-native", median(totals), "ms", 10.0);
    }
    for (megabytes, runs) in COPIED {
        let name = format!("move-over-copy-{megabytes}mb");
        if wants(&name) {
            let ratio = frames.over_copy(megabytes << 20, runs)?;
            bench.report.figure(&name, ratio, "x", OVER_COPY);
        }
    }
    for isa in DEFAULT.iter().filter(|isa| isa.id != BASE.id) {
        let out = format!("hop-1mb-to-{}-emulated", isa.name);
        let back = format!("hop-1mb-{}-to-native", isa.name);
        if wants(&out) || wants(&back) {
            let turns = format!("{}:{}", isa.name, BASE.name);
            let hops = frames.hop_to(&turns, 2)?;
            let every_other = |first| hops.iter().skip(first).step_by(2).copied().collect();
            // Starting the emulator is most of it.
            bench
                .report
                .figure(&out, median(every_other(0)), "ms", 100.0);
            bench.report.told(&back, median(every_other(1)), "ms");
        }
    }
    Ok(())
}

struct Frames<'a> {
    bench: &'a Bench,
}

impl Frames<'_> {
    /// Capture and resume per frame, in a process that has hopped before, and the first time, when all
    /// memory that records and frames go to is touched first.
    fn per_frame(&self) -> Result<()> {
        let report = &self.bench.report;
        let (mut captures, mut resumes) = (Vec::new(), Vec::new());
        let mut first = None;
        for depth in DEPTHS {
            let hops = self.deep_hops(depth)?;
            let pick = |first: bool, part: fn(&Hop) -> f64| {
                let chosen = hops.iter().filter(|(is_first, _)| *is_first == first);
                median(
                    chosen
                        .map(|(_, hop)| part(hop) * 1e6 / hop.frames)
                        .collect(),
                )
            };
            captures.push(pick(false, |h| h.capture));
            resumes.push(pick(false, |h| h.resume));
            report.told(
                &format!("capture-per-frame-{depth}"),
                pick(false, |h| h.capture),
                "ns",
            );
            report.told(
                &format!("resume-per-frame-{depth}"),
                pick(false, |h| h.resume),
                "ns",
            );
            first = Some((pick(true, |h| h.capture), pick(true, |h| h.resume)));
        }
        let (capture, resume) = first.context("no depths")?;
        let last = DEPTHS.len() - 1;
        report.figure("capture-per-frame", captures[last], "ns", CAPTURE);
        report.figure("resume-per-frame", resumes[last], "ns", RESUME);
        report.figure("capture-per-frame-first", capture, "ns", CAPTURE);
        report.figure("resume-per-frame-first", resume, "ns", RESUME);
        report.figure("capture-growth", growth(&captures), "power", GROWTH);
        report.figure("resume-growth", growth(&resumes), "power", GROWTH);
        Ok(())
    }

    /// Hops in place at the bottom of a stack of `depth` frames, and whether each is its process's first.
    fn deep_hops(&self, depth: u32) -> Result<Vec<(bool, Hop)>> {
        // One point is passed at each entry on the way down, and the program goes down five times.
        let spare = depth / 1000;
        let hop = format!("every={},max=5,isas=self", depth - spare);
        let mut all = Vec::new();
        for _ in 0..RUNS {
            let hops = self.traced(&hop, &[depth, 1])?;
            ensure!(hops.len() > 1, "the deep stack hopped too seldom");
            for (i, hop) in hops.into_iter().enumerate() {
                let least = f64::from(depth) * 0.97;
                ensure!(hop.frames > least, "only {} frames of {depth}", hop.frames);
                all.push((i == 0, hop));
            }
        }
        Ok(all)
    }

    /// Milliseconds of each hop of processes that go round `turns` with 1 MB of state.
    fn hop_to(&self, turns: &str, hops: usize) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        for _ in 0..RUNS {
            let hop = format!("every=40,max={hops},isas={turns}");
            let found = self.traced(&hop, &[200, STATE])?;
            ensure!(found.len() == hops, "{} hops, not {hops}", found.len());
            all.extend(found.iter().map(Hop::total));
        }
        Ok(all)
    }

    /// A native hop with this much state over a plain copy of as much, in runs that take turns.
    fn over_copy(&self, bytes: u32, runs: usize) -> Result<f64> {
        let copy = Subject {
            exe: self.bench.path("copy"),
            args: vec![bytes.to_string()],
            bench: self.bench,
        };
        if !copy.exe.exists() {
            let mut compiler = Command::new("musl-gcc");
            compiler.args(["-static", "-O2"]).arg(source("copy.c"));
            toolchain::compile(compiler.arg("-o").arg(&copy.exe))?;
        }
        let hop = format!("every=40,max=1,isas={}", BASE.name);
        let (mut plain, mut ours) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..runs {
            plain = plain.min(copy.seconds(&[])? * 1e3);
            let hops = self.traced(&hop, &[200, bytes])?;
            ours = ours.min(hops.first().context("no hop")?.total());
        }
        Ok(ours / plain)
    }

    /// The hops of a run; it has to succeed.
    fn traced(&self, hop: &str, args: &[u32]) -> Result<Vec<Hop>> {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command
            .args(["run", "--trace", "--hop", hop])
            .arg(self.build()?)
            .args(args.iter().map(u32::to_string));
        let outcome = process::run(&mut command, "", Duration::from_secs(120))?;
        let stderr = &outcome.stderr;
        ensure!(outcome.status.success(), "{}\n{stderr}", outcome.status);
        Hop::all(stderr)
    }

    fn build(&self) -> Result<PathBuf> {
        let exe = self.bench.path("frames");
        if !exe.exists() {
            let source = source("frames.c");
            toolchain::compile(popcorn_cc().args(["-O2", "-o"]).args([&exe, &source]))?;
        }
        Ok(exe)
    }
}

/// The power of the depth that the whole time grows with, from the least depth to the greatest.
fn growth(per_frame: &[f64]) -> f64 {
    let last = per_frame.len() - 1;
    let frames = f64::from(DEPTHS[last]) / f64::from(DEPTHS[0]);
    1.0 + (per_frame[last] / per_frame[0]).ln() / frames.ln()
}

/// One `popcorn: hop` line: `… N frames, X MB, capture A ms, transfer B ms, resume C ms`.
struct Hop {
    frames: f64,
    capture: f64,
    transfer: f64,
    resume: f64,
}

impl Hop {
    fn all(stderr: &str) -> Result<Vec<Hop>> {
        stderr
            .lines()
            .filter(|line| line.starts_with("popcorn: hop "))
            .map(|line| Hop::parse(line).with_context(|| line.to_owned()))
            .collect()
    }

    fn parse(line: &str) -> Option<Hop> {
        let words: Vec<_> = line.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        let at = |word: &str| words.iter().position(|w| *w == word);
        let after = |word: &str| words.get(at(word)? + 1)?.parse().ok();
        Some(Hop {
            frames: words.get(at("frames")?.checked_sub(1)?)?.parse().ok()?,
            capture: after("capture")?,
            transfer: after("transfer")?,
            resume: after("resume")?,
        })
    }

    /// Milliseconds from the migration point to the program going on.
    fn total(&self) -> f64 {
        self.capture + self.transfer + self.resume
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hop_lines() {
        let line = "popcorn: hop 3 a -> b: 8 frames, 0.3 MB, capture 0.512 ms, transfer 12.250 ms, resume 0.300 ms";
        let hop = Hop::parse(line).unwrap();
        assert_eq!((hop.frames, hop.capture, hop.resume), (8.0, 0.512, 0.3));
        assert!((hop.total() - 13.062).abs() < 1e-9);
    }

    #[test]
    fn powers() {
        assert!((growth(&[5.0, 5.0, 5.0]) - 1.0).abs() < 1e-12);
        assert!((growth(&[1.0, 10.0, 100.0]) - 2.0).abs() < 1e-12);
    }
}
