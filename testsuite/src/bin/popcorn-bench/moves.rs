//! How fast a process moves on its own machine: moves a second, until its threads stand still, and from `popcorn migrate` to its answer.

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
/// Other threads that have to stand still.
const OTHERS: [u32; 4] = [1, 8, 64, 512];
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
    stop_times(bench)
}

/// Milliseconds until all other threads, which wait, stand still: the median of a run's moves.
fn stop_times(bench: &Bench) -> Result<()> {
    for others in OTHERS {
        let name = format!("stop-time-{others}-threads");
        if !bench.report.wants(&name) {
            continue;
        }
        let subject = Subject {
            exe: build(bench, "threads", "threads.c")?,
            args: vec![others.to_string()],
            bench,
        };
        let hop = "every=200,max=50,isas=self";
        let said = subject.errors(&[("POPCORN_HOP", hop), ("POPCORN_TRACE", "1")])?;
        let times: Vec<f64> = said
            .lines()
            .filter_map(|line| {
                let (before, after) = line.split_once(" threads stood after ")?;
                // Some moves may come while they are still made.
                let threads: u32 = before.rsplit(' ').next()?.parse().ok()?;
                let time = after.split(' ').next()?.parse().ok()?;
                (threads > others).then_some(time)
            })
            .collect();
        ensure!(!times.is_empty(), "no stop of {others} threads in\n{said}");
        bench.report.told(&name, median(times), "ms");
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
