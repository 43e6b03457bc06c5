//! Figures for Rust: run time of three kernels, and what a build costs.
//!
//! Run time is in instructions (callgrind) over `cargo build --release`; build time and size are over the
//! same with `lto = "fat"` and `panic = "abort"`, which does as much work for one ISA.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use popcorn_toolchains::DEFAULT;

use crate::process;
use crate::rust::Cargo;
use crate::toolchain;
use crate::trials::describe;

const KERNELS: &[&str] = &["hash", "search", "sort"];
const LIMIT: Duration = Duration::from_secs(300);

/// One figure: name, value, unit, and the value it should not exceed, if there is one.
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub target: Option<f64>,
}

/// Measures all of them; each goes to `report` as soon as it is known.
pub fn run(report: &mut dyn FnMut(Figure)) -> Result<()> {
    let dir = toolchain::root().join("testsuite/rust-bench");
    let plain = Cargo::plain(&dir, "plain").release("rust-bench")?;
    let (lto, lto_time) = timed(
        Cargo::plain(&dir, "lto")
            .flag("--config=profile.release.lto=\"fat\"")
            .flag("--config=profile.release.panic=\"abort\""),
    )?;
    let (popcorn, popcorn_time) = timed(Cargo::popcorn(&dir, "popcorn"))?;

    let mut product = 1.0;
    for kernel in KERNELS {
        let ratio = instructions(&popcorn, kernel)? / instructions(&plain, kernel)?;
        product *= ratio;
        report(Figure {
            name: format!("overhead-rust-{kernel}"),
            value: (ratio - 1.0) * 100.0,
            unit: "%",
            target: None,
        });
    }
    let mean = f64::powf(product, 1.0 / KERNELS.len() as f64);
    report(Figure {
        name: "overhead-rust-mean".into(),
        value: (mean - 1.0) * 100.0,
        unit: "%",
        target: Some(6.0),
    });
    report(Figure {
        name: "build-time-rust".into(),
        value: popcorn_time / lto_time,
        unit: "x",
        target: None,
    });
    let plain_text = text_size(&lto)?;
    for isa in DEFAULT {
        let image = popcorn.with_extension(isa.name);
        let mut extract = Command::new(toolchain::tool("popcorn"));
        extract.args(["extract", "--isa", isa.name]).arg(&popcorn);
        toolchain::compile(extract.arg("-o").arg(&image))?;
        report(Figure {
            name: format!("text-rust-{}", isa.name),
            value: text_size(&image)? / plain_text,
            unit: "x",
            target: None,
        });
    }
    Ok(())
}

/// Builds from nothing; the program, and the seconds it took.
fn timed(cargo: Cargo) -> Result<(PathBuf, f64)> {
    if cargo.target_dir().exists() {
        fs::remove_dir_all(cargo.target_dir())?;
    }
    let start = Instant::now();
    let exe = cargo.release("rust-bench")?;
    Ok((exe, start.elapsed().as_secs_f64()))
}

/// Instructions that one kernel takes from start to end.
fn instructions(exe: &Path, kernel: &str) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let outcome = process::run(command.arg(exe).arg(kernel), "", LIMIT)?;
    ensure!(outcome.status.success(), "{}", describe(&outcome));
    let line = outcome.stderr.lines().find(|l| l.contains("Collected :"));
    let number = line.and_then(|l| l.split_whitespace().last());
    number
        .context("callgrind says no count")?
        .parse()
        .context("callgrind's count")
}

/// Bytes of code and read-only data, as `size` counts them.
fn text_size(file: &Path) -> Result<f64> {
    let output = Command::new("llvm-size-22").arg(file).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text
        .lines()
        .nth(1)
        .and_then(|l| l.split_whitespace().next());
    number
        .context("llvm-size-22")?
        .parse()
        .context("llvm-size-22")
}
