//! Puts every program of `programs/` through its runs, each a test with a name of its own:
//!
//! * `oracle/topic/name`: plain clang's -O0 and -O2 builds agree, so the program is deterministic;
//! * `ISA/topic/name/O2`: runs from start to end as that ISA;
//! * `self-every-7/topic/name/O2`: is captured and resumed in place at every 7th migration point, with a
//!   point wherever one can be;
//! * `self-as-built/topic/name/O2`: the same at every point that there is by default;
//! * `A-to-B-to-C/topic/name/O2`: moves around all ISAs;
//! * `A-to-Z-to-B-to-C/topic/name/O2`: is compiled for every ISA that there is, those that programs do not have by
//!   default included, and moves around them; at one level;
//! * `symbols/topic/name/O2`: `ExpectSym` directives.
//!
//! At -O0 and -O2 there are all of these. At the other levels a program only moves in place at one k and
//! around the ISAs: what differs between levels is the code that is captured.
//!
//! The output of each must be that of the plain build. With `POPCORN_LONG` set there are more k, and
//! longer ways around.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::directives::{self, Cycle, Program, SUCCESS};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, difference, hops, share, trial};
use popcorn_toolchains::{DEFAULT, Isa};
use tempfile::TempDir;

/// One program with what is made from it once.
struct Subject {
    program: Program,
    oracle: Shared<Vec<u8>>,
    builds: HashMap<String, Shared<PathBuf>>,
    /// With migration points everywhere.
    dense: HashMap<String, Shared<PathBuf>>,
    /// The same for every ISA, at one level.
    wide: Shared<PathBuf>,
    dir: TempDir,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let trials = match trials() {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// All tests of all programs.
fn trials() -> Result<Vec<Trial>> {
    let programs = directives::collect(&toolchain::root().join("testsuite/programs"))?;
    let missing = toolchain::missing();
    let emulators: Vec<_> = DEFAULT
        .iter()
        .map(|isa| toolchain::missing_emulator(isa))
        .collect();
    let any_emulator = emulators.iter().flatten().next().cloned();
    let mut trials = Vec::new();
    for mut program in programs {
        if std::env::var_os("POPCORN_LONG").is_some() {
            // More distances, the program's own being multiples of the time it takes.
            let first = program.every.first().copied().unwrap_or(1);
            program.every.extend([2, 3, 13, 1009].map(|k| k * first));
            program.cycle = program.cycle.map(|c| Cycle {
                max: c.max * 5,
                ..c
            });
        }
        let subject = Arc::new(Subject {
            oracle: OnceLock::new(),
            builds: builds(&program),
            dense: builds(&program),
            wide: OnceLock::new(),
            dir: tempfile::tempdir()?,
            program,
        });
        let name = subject.program.name.clone();
        let s = subject.clone();
        trials.push(trial(format!("oracle/{name}"), None, move || {
            s.oracle().map(drop)
        }));
        let levels = subject.program.configs.iter().map(|c| (c, false));
        let levels = levels.chain(subject.program.brief.iter().map(|c| (c, true)));
        for (config, brief) in levels {
            let mut add = |kind: String, lack: Option<String>, run: Run| {
                let (s, config) = (subject.clone(), config.clone());
                trials.push(trial(
                    format!("{kind}/{name}/{config}"),
                    missing.clone().or(lack),
                    move || s.check(&config, run),
                ));
            };
            for (isa, lack) in DEFAULT.iter().zip(&emulators).filter(|_| !brief) {
                add(isa.name.to_owned(), lack.clone(), Run::As(isa));
            }
            for &k in every(&subject.program, brief) {
                add(format!("self-every-{k}"), None, Run::InPlace(k));
            }
            if let Some(k) = subject.program.as_built.filter(|_| !brief) {
                add("self-as-built".to_owned(), None, Run::AsBuilt(k));
            }
            if subject.program.cycle.is_some() {
                let kind = toolchain::all_isas("-to-");
                add(kind, any_emulator.clone(), Run::Around);
            }
            if subject.program.cycle.is_some() && Some(config) == subject.program.configs.last() {
                let kind = toolchain::every_isa("-to-");
                add(kind, toolchain::missing_any_emulator(), Run::AroundEvery);
            }
            if !subject.program.same_address.is_empty() && !brief {
                let (s, config) = (subject.clone(), config.clone());
                trials.push(trial(
                    format!("symbols/{name}/{config}"),
                    missing.clone(),
                    move || s.same_addresses(&config),
                ));
            }
        }
    }
    Ok(trials)
}

/// The distances of captures in place: the program's second, or only, one where there is to be one.
fn every(program: &Program, brief: bool) -> &[u64] {
    let all = &program.every[..];
    if brief {
        let at = (all.len() / 2).min(1);
        all.get(at..=at).unwrap_or_default()
    } else {
        all
    }
}

/// Room for a build per level.
fn builds(program: &Program) -> HashMap<String, Shared<PathBuf>> {
    let levels = program.configs.iter().chain(&program.brief);
    levels.map(|c| (c.clone(), OnceLock::new())).collect()
}

/// How a program is run.
#[derive(Clone, Copy)]
enum Run {
    As(&'static Isa),
    InPlace(u64),
    /// In place at every k-th point there is by default, which may be none.
    AsBuilt(u64),
    Around,
    /// Compiled for every ISA.
    AroundEvery,
}

impl Subject {
    /// What the program prints when plain clang compiled it.
    fn oracle(&self) -> Result<&Vec<u8>> {
        share(&self.oracle, || {
            let mut outputs = Vec::new();
            for level in ["-O0", "-O2"] {
                let exe = self.dir.path().join(format!("plain{level}"));
                toolchain::compile(
                    toolchain::clang()
                        .args([level, "-w", "-ffp-contract=off", "-o"])
                        .args([exe.as_os_str(), self.program.path.as_os_str()])
                        .args(&self.program.flags)
                        .arg("-lm"),
                )?;
                let outcome = self.run(&mut Command::new(exe))?;
                outputs.push(succeeded(outcome)?.stdout);
            }
            ensure!(
                outputs[0] == outputs[1],
                "plain clang's -O0 and -O2 builds differ: {}",
                difference(&outputs[0], &outputs[1])
            );
            Ok(outputs.swap_remove(0))
        })
    }

    /// The program as popcorn-cc compiles it for a run.
    fn build(&self, config: &str, run: Run) -> Result<&PathBuf> {
        let (cell, points, isas) = match run {
            Run::As(_) | Run::AsBuilt(_) => (&self.builds[config], "loops", None),
            // With a migration point wherever one can be.
            Run::InPlace(_) | Run::Around => (&self.dense[config], "all", None),
            Run::AroundEvery => (&self.wide, "all", Some(toolchain::every_isa(","))),
        };
        share(cell, || {
            let wide = isas.as_ref().map_or("", |_| "-every");
            let name = format!("popcorn-{config}-{points}{wide}");
            let exe = self.dir.path().join(name);
            // Once with LLVM's verifier behind every pass.
            let is_checked = matches!(run, Run::InPlace(_) | Run::Around) && config == "O2";
            let checks = if is_checked { "stages" } else { "" };
            toolchain::compile(
                Command::new(toolchain::tool("popcorn-cc"))
                    .env("POPCORN_CHECK", checks)
                    .args([&format!("-{config}"), "-w", "-o"])
                    .args([exe.as_os_str(), self.program.path.as_os_str()])
                    .args(&self.program.flags)
                    .arg(format!("--popcorn-migration-points={points}"))
                    .args(isas.map(|isas| format!("--popcorn-isas={isas}")))
                    .arg("-lm"),
            )?;
            Ok(exe)
        })
    }

    /// Runs the program in one way and compares.
    fn check(&self, config: &str, run: Run) -> Result<()> {
        let expected = self.oracle()?;
        let exe = self.build(config, run)?;
        let mut command = Command::new(toolchain::tool("popcorn"));
        command.arg("run");
        match run {
            Run::As(isa) => {
                command.args(["--isa", isa.name]);
            }
            Run::InPlace(k) => {
                command.args(["--trace", "--hop", &format!("every={k},isas=self")]);
            }
            Run::AsBuilt(k) => {
                command.args(["--hop", &format!("every={k},isas=self")]);
            }
            Run::Around | Run::AroundEvery => {
                let cycle = self.program.cycle.expect("checked before");
                let isas = match run {
                    Run::AroundEvery => toolchain::every_isa(":"),
                    _ => toolchain::all_isas(":"),
                };
                command.args(["--trace", "--hop"]).arg(format!(
                    "every={},max={},isas={isas}",
                    cycle.every, cycle.max,
                ));
            }
        }
        let outcome = succeeded(self.run(command.arg(exe))?)?;
        ensure!(
            outcome.stdout == *expected,
            "the output is not that of the plain build: {}\nstandard error:\n{}",
            difference(expected, &outcome.stdout),
            outcome.stderr
        );
        self.hopped(run, &outcome)
    }

    /// A run that should have hopped and did not proves nothing.
    fn hopped(&self, run: Run, outcome: &Outcome) -> Result<()> {
        let hops = hops(&outcome.stderr);
        match run {
            Run::As(_) | Run::AsBuilt(_) => {}
            // Not every program passes as many points as the larger k ask for.
            Run::InPlace(k) if k > 1 => {}
            Run::InPlace(_) | Run::Around | Run::AroundEvery => ensure!(
                hops > 0,
                "it never hopped; standard error:\n{}",
                outcome.stderr
            ),
        }
        Ok(())
    }

    /// `ExpectSym: … same-address`: looks at the images as `popcorn extract` gives them.
    fn same_addresses(&self, config: &str) -> Result<()> {
        let exe = self.build(config, Run::AsBuilt(1))?;
        let mut tables = Vec::new();
        for isa in DEFAULT {
            let image = self.dir.path().join(format!("{config}.{}", isa.name));
            toolchain::compile(
                Command::new(toolchain::tool("popcorn"))
                    .args(["extract", "--isa", isa.name])
                    .arg(exe)
                    .arg("-o")
                    .arg(&image),
            )?;
            let table: HashMap<_, _> = toolchain::symbols(&image)?.into_iter().collect();
            tables.push((isa.name, table));
        }
        for symbol in &self.program.same_address {
            let addresses: Vec<_> =
                tables
                    .iter()
                    .map(|(isa, table)| {
                        let address = table.get(symbol);
                        Ok(*address
                            .with_context(|| format!("`{symbol}` is not in the {isa} image"))?)
                    })
                    .collect::<Result<Vec<u64>>>()?;
            ensure!(
                addresses.iter().all(|a| *a == addresses[0]),
                "`{symbol}` lies at different addresses: {addresses:x?}"
            );
        }
        Ok(())
    }

    /// Runs a command in an empty directory with the program's arguments, input and environment.
    fn run(&self, command: &mut Command) -> Result<Outcome> {
        let cwd = tempfile::tempdir_in(self.dir.path())?;
        process::run(
            command
                .args(&self.program.args)
                .envs(self.program.env.iter().map(|(n, v)| (n, v)))
                .env("TZ", "UTC")
                .current_dir(cwd.path()),
            &self.program.stdin,
            Duration::from_secs(self.program.timeout),
        )
    }
}

/// Insists on exit status 42.
fn succeeded(outcome: Outcome) -> Result<Outcome> {
    ensure!(
        !outcome.timed_out && outcome.status.code() == Some(SUCCESS),
        "{}",
        describe(&outcome)
    );
    Ok(outcome)
}
