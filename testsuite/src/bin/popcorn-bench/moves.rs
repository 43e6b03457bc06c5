//! How fast a small process moves on its own machine: moves a second, and from `popcorn migrate` to its answer.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use popcorn_testsuite::toolchain;
use popcorn_toolchains::BASE;

use crate::measure::{Bench, Subject, median, popcorn_cc, source};

/// Milliseconds of a request, from the command's start to its end, at most.
const REQUEST: f64 = 20.0;
/// Requests of which the median is taken.
const REQUESTS: usize = 25;
/// Moves of one run.
const MOVES: u32 = 1000;

/// Measures what is wanted.
pub fn run(bench: &Bench) -> Result<()> {
    if bench.report.wants("moves-per-second") {
        bench
            .report
            .told("moves-per-second", moves_per_second(bench)?, "1/s");
    }
    if bench.report.wants("request-to-moved") {
        bench
            .report
            .figure("request-to-moved", request(bench)?, "ms", REQUEST);
    }
    Ok(())
}

/// Through an exec of the running ISA, memory file and all.
fn moves_per_second(bench: &Bench) -> Result<f64> {
    let subject = Subject {
        exe: build(bench, "moves", "moves.c")?,
        args: Vec::new(),
        bench,
    };
    // The point right behind a move is passed.
    let points = subject.gaps()?.points;
    ensure!(points > 2 * u64::from(MOVES), "only {points} points");
    let hop = format!("every=1,max={MOVES},isas={}", BASE.name);
    let rate = || Ok(f64::from(MOVES) / subject.seconds(&[("POPCORN_HOP", &hop)])?);
    Ok(median((0..5).map(|_| rate()).collect::<Result<_>>()?))
}

/// Milliseconds from the start of `popcorn migrate` to its end, for a process that passes points all the time.
fn request(bench: &Bench) -> Result<f64> {
    let exe = build(bench, "spin", "spin.c")?;
    let spinning = Spinning(Command::new(exe).spawn()?);
    std::thread::sleep(Duration::from_millis(200));
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command.args(["migrate", "--to", BASE.name, &spinning.0.id().to_string()]);
        let start = Instant::now();
        let output = command.output()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(output.status.success(), "{output:?}");
    }
    Ok(median(times))
}

/// Killed at the end.
struct Spinning(Child);

impl Drop for Spinning {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn build(bench: &Bench, name: &str, file: &str) -> Result<PathBuf> {
    let exe = bench.path(name);
    toolchain::compile(popcorn_cc().args(["-O2", "-o"]).arg(&exe).arg(source(file)))?;
    Ok(exe)
}
