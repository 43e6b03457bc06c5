//! `make bench`: the figures, one a line: `figure NAME VALUE UNIT target T ok|missed`; `target -` and no
//! verdict where a figure is only told. The last line counts them.
//!
//! `popcorn-bench [FILTER...]` measures only figures whose name contains one of the filters, and what
//! comes along with them: `popcorn-bench after-hop-kernels lua hop-1mb-native`.
//!
//! Run time is counted in instructions (callgrind), which no neighbour on the machine changes; processor
//! time is told beside it. The plain build of a kernel is clang -O2's object linked with our libc and
//! runtime, so that both sides differ in nothing else.

mod calls;
mod frames;
mod kernels;
mod measure;
mod moves;
mod programs;
mod report;
mod size;

use std::process::ExitCode;

use anyhow::Result;
use popcorn_testsuite::bench::rust;
use popcorn_testsuite::toolchain;

use measure::Bench;

fn main() -> ExitCode {
    let filters = std::env::args().skip(1).collect();
    match bench(filters) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("popcorn-bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(filters: Vec<String>) -> Result<()> {
    if let Some(reason) = toolchain::missing() {
        anyhow::bail!(reason);
    }
    let bench = Bench::new(filters)?;
    kernels::run(&bench)?;
    programs::run(&bench)?;
    size::run(&bench)?;
    frames::run(&bench)?;
    calls::run(&bench)?;
    moves::run(&bench)?;
    rust_programs(&bench)?;
    bench.report.total();
    Ok(())
}

fn rust_programs(bench: &Bench) -> Result<()> {
    if !bench.report.wants("rust") {
        return Ok(());
    }
    rust::run(&mut |figure| match figure.target {
        Some(target) => (bench.report).figure(&figure.name, figure.value, figure.unit, target),
        None => bench.report.told(&figure.name, figure.value, figure.unit),
    })
}
