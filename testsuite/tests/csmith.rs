//! Random programs: csmith writes them, plain clang says what they print.
//!
//! `csmith/SEED/O2`: the program's checksum is that of the plain build when it runs as each ISA, when it
//! is captured and resumed in place at every point and at every 97th, and when it moves around the ISAs.
//! 40 seeds; 300 with `POPCORN_LONG` set. csmith promises no end, and with floats no defined behaviour: seeds
//! whose plain program does not end, or prints something else at another level, prove nothing and are listed
//! here. A seed that is not listed has to end and to agree with itself.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::trials::{Shared, describe, difference, share, trial};
use popcorn_testsuite::{process, toolchain};
use popcorn_toolchains::DEFAULT;
use tempfile::TempDir;

/// Seeds of every run, and of a long one.
const SEEDS: usize = 40;
const LONG_SEEDS: usize = 300;

/// Of csmith 2.3.0: endless, or undefined (247 and 307 convert floats that are out of range).
const PASSED_OVER: &[u32] = &[
    11, 20, 22, 35, 60, 63, 66, 67, 71, 73, 81, 83, 88, 99, 103, 112, 114, 118, 124, 126, 134, 137,
    139, 145, 146, 148, 162, 165, 169, 197, 206, 218, 231, 247, 280, 292, 298, 306, 307, 310, 333,
    341,
];

/// Where csmith's runtime headers are.
const INCLUDE: &str = "/usr/include/csmith";

/// A program that ends at all ends long before.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let emulators = DEFAULT
        .iter()
        .find_map(|isa| toolchain::missing_emulator(isa));
    let lack = toolchain::missing().or_else(missing).or(emulators);
    let long = std::env::var_os("POPCORN_LONG").is_some();
    let mut trials: Vec<Trial> = Vec::new();
    let seeds = (1..).filter(|seed| !PASSED_OVER.contains(seed));
    for seed in seeds.take(if long { LONG_SEEDS } else { SEEDS }) {
        let program = match tempfile::tempdir() {
            Ok(dir) => Arc::new(Program {
                seed,
                dir,
                plain: OnceLock::new(),
            }),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        };
        for level in ["O0", "O2"] {
            let program = program.clone();
            let name = format!("csmith/{seed}/{level}");
            trials.push(trial(name, lack.clone(), move || program.check(level)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn missing() -> Option<String> {
    // It leaves a file about the platform wherever it runs.
    let found = Command::new("csmith")
        .arg("--version")
        .current_dir(std::env::temp_dir())
        .output()
        .is_ok()
        && Path::new(INCLUDE).join("csmith.h").exists();
    (!found).then(|| "csmith is not installed: run `make deps`".to_owned())
}

struct Program {
    seed: u32,
    dir: TempDir,
    /// The source, and what the plain builds print.
    plain: Shared<(PathBuf, Vec<u8>)>,
}

impl Program {
    fn plain(&self) -> Result<&(PathBuf, Vec<u8>)> {
        share(&self.plain, || {
            let source = self.dir.path().join("program.c");
            let mut csmith = Command::new("csmith");
            csmith.args(["--seed", &self.seed.to_string(), "-o"]);
            // Every fourth computes with floats too.
            csmith
                .arg(&source)
                .args((self.seed % 4 == 3).then_some("--float"));
            let made = process::run(csmith.current_dir(&self.dir), "", LIMIT)?;
            ensure!(made.status.success(), "csmith: {}", describe(&made));
            let mut outputs = Vec::new();
            for level in ["O0", "O2"] {
                let exe = self.dir.path().join(format!("plain-{level}"));
                compile(&mut toolchain::clang(), level, &source, &exe)?;
                let outcome = process::run(&mut Command::new(exe), "", LIMIT)?;
                ensure!(
                    !outcome.timed_out && outcome.status.success(),
                    "seed {} proves nothing, plain -{level}: {}",
                    self.seed,
                    describe(&outcome)
                );
                outputs.push(outcome.stdout);
            }
            ensure!(
                outputs[0] == outputs[1],
                "seed {} proves nothing, plain -O0 and -O2 differ: {}",
                self.seed,
                difference(&outputs[0], &outputs[1])
            );
            Ok((source, outputs.swap_remove(0)))
        })
    }

    fn check(&self, level: &str) -> Result<()> {
        let (source, expected) = self.plain()?;
        let exe = self.dir.path().join(format!("popcorn-{level}"));
        let mut compiler = Command::new(toolchain::tool("popcorn-cc"));
        compile(&mut compiler, level, source, &exe)?;
        let mut runs: Vec<Vec<String>> = DEFAULT
            .iter()
            .map(|isa| vec!["--isa".to_owned(), isa.name.to_owned()])
            .collect();
        let around = toolchain::all_isas(":");
        for hop in [
            "every=1,max=20000,isas=self".to_owned(),
            "every=97,isas=self".to_owned(),
            format!("every=97,max=3,isas={around}"),
        ] {
            runs.push(vec!["--hop".to_owned(), hop]);
        }
        for arguments in runs {
            let mut command = Command::new(toolchain::tool("popcorn"));
            command.arg("run").args(&arguments).arg(&exe);
            let outcome = process::run(&mut command, "", LIMIT)?;
            let how = arguments.join(" ");
            ensure!(
                !outcome.timed_out && outcome.status.success(),
                "seed {} at -{level}, {how}: {}",
                self.seed,
                describe(&outcome)
            );
            ensure!(
                outcome.stdout == *expected,
                "seed {} at -{level}, {how}: {}",
                self.seed,
                difference(expected, &outcome.stdout)
            );
        }
        Ok(())
    }
}

fn compile(compiler: &mut Command, level: &str, source: &Path, exe: &Path) -> Result<()> {
    toolchain::compile(
        compiler
            .arg(format!("-{level}"))
            .args(["-w", "-ffp-contract=off", "-Wno-incompatible-pointer-types"])
            .args(["-I", INCLUDE, "-o"])
            .args([exe, source]),
    )
}
