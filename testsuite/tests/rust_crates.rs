//! Rust programs that nobody here wrote, unmodified, with the dependencies their own lock files name; and the
//! tests of two crates as every ISA; and a sort with rayon's threads. Only with `POPCORN_LONG`: each is a build of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::rust::{self, Cargo};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{describe, difference, hops, trial};
use popcorn_toolchains::DEFAULT;

const LIMIT: Duration = Duration::from_secs(300);

/// One program with what it is given.
struct Case {
    name: &'static str,
    args: &'static [&'static str],
    stdin: fn() -> String,
    /// k of the run around the ISAs.
    every: u64,
}

const CASES: &[Case] = &[
    // Its library is a cdylib besides.
    Case {
        name: "grex",
        args: &["--repetitions", "--digits", "-"],
        stdin: || {
            (0..12)
                .map(|i| format!("ab{}-{}\n", i * 7, "xy".repeat(i)))
                .collect()
        },
        every: 50,
    },
    Case {
        name: "hexyl",
        args: &["--color=never", "--border=ascii"],
        stdin: || {
            (0..4000)
                .map(|i| char::from(32 + (i * 7 % 90) as u8))
                .collect()
        },
        every: 50,
    },
    Case {
        name: "huniq",
        args: &[],
        stdin: || {
            (0..3000)
                .map(|i| format!("line {}\n", i * i % 701))
                .collect()
        },
        every: 50,
    },
    Case {
        name: "sd",
        args: &["(?P<word>[a-z]+) ([0-9]+)", "$2:$word"],
        stdin: || {
            (0..500)
                .map(|i| format!("some {i} text {}\n", i * 3))
                .collect()
        },
        every: 50,
    },
];

/// Ours, in `rust-threads`.
const SORT: Case = Case {
    name: "sort",
    args: &[],
    stdin: String::new,
    every: 500,
};

/// Crate, and what chooses its tests.
const TESTED: &[(&str, &str)] = &[("fnv", "--lib"), ("itoa", "--tests")];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    let trials = if std::env::var_os("POPCORN_LONG").is_some() {
        trials()
    } else {
        Vec::new()
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials() -> Vec<Trial> {
    let lack = toolchain::missing().or_else(rust::missing).or_else(|| {
        DEFAULT
            .iter()
            .find_map(|isa| toolchain::missing_emulator(isa))
    });
    let programs = CASES.iter().map(|case| {
        let name = format!("rust-crates/{}", case.name);
        trial(name, lack.clone(), || compare(case, &source(case.name)?))
    });
    let sort = trial("rust-threads/sort", lack.clone(), || {
        compare(&SORT, &toolchain::root().join("testsuite/rust-threads"))
    });
    let tests = TESTED.iter().map(|(name, which)| {
        let title = format!("rust-crates/tests-of-{name}");
        trial(title, lack.clone(), || run_tests(name, which))
    });
    programs.chain(tests).chain([sort]).collect()
}

/// The program's own output, as every ISA, in place, and around them.
fn compare(case: &Case, dir: &Path) -> Result<()> {
    let plain = Cargo::plain(dir, "plain").release(case.name)?;
    let popcorn = Cargo::popcorn(dir, "popcorn").release(case.name)?;
    let expected = run(case, Command::new(plain))?;
    ensure!(expected.status.success(), "plain: {}", describe(&expected));
    let start = || {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command.arg("run");
        command
    };
    for isa in DEFAULT {
        let mut command = start();
        command.args(["--isa", isa.name]).arg(&popcorn);
        same(&run(case, command)?, &expected, isa.name)?;
    }
    let around = toolchain::all_isas(":");
    let every = case.every;
    for hop in [
        format!("every={every},isas=self"),
        format!("every={every},max=9,isas={around}"),
    ] {
        let mut command = start();
        command.args(["--trace", "--hop", &hop]).arg(&popcorn);
        let outcome = run(case, command)?;
        same(&outcome, &expected, &hop)?;
        ensure!(
            hops(&outcome.stderr) > 0,
            "{hop}: it never hopped:\n{}",
            outcome.stderr
        );
    }
    Ok(())
}

fn run(case: &Case, mut command: Command) -> Result<Outcome> {
    process::run(command.args(case.args), &(case.stdin)(), LIMIT)
}

fn same(outcome: &Outcome, expected: &Outcome, how: &str) -> Result<()> {
    ensure!(
        outcome.status == expected.status,
        "{how}: {}",
        describe(outcome)
    );
    ensure!(
        outcome.stdout == expected.stdout,
        "{how}: {}",
        difference(&expected.stdout, &outcome.stdout)
    );
    Ok(())
}

/// A crate's own tests, as every ISA; as many pass as with plain cargo.
fn run_tests(name: &str, which: &str) -> Result<()> {
    let dir = source(name)?;
    let plain = Cargo::plain(&dir, "plain").run("test", &["--release", which])?;
    ensure!(plain.status.success(), "plain: {}", describe(&plain));
    for isa in DEFAULT {
        let cargo = Cargo::popcorn(&dir, "popcorn");
        let outcome = cargo.run("test", &["--release", which, "--isa", isa.name])?;
        ensure!(
            outcome.status.success(),
            "{}: {}",
            isa.name,
            describe(&outcome)
        );
        let (got, meant) = (passed(&outcome.stdout), passed(&plain.stdout));
        ensure!(
            got == meant && got > 0,
            "{}: {got} tests passed, not {meant}",
            isa.name
        );
    }
    Ok(())
}

fn passed(stdout: &[u8]) -> usize {
    let text = String::from_utf8_lossy(stdout);
    text.lines()
        .filter(|l| l.starts_with("test ") && l.ends_with("... ok"))
        .count()
}

/// A copy of a crate's source, where cargo may write.
fn source(name: &str) -> Result<PathBuf> {
    let manifest = toolchain::root().join("testsuite/third-party/rust/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["fetch", "--locked", "--manifest-path"])
        .arg(&manifest);
    toolchain::compile(&mut cargo)?;
    let lock = fs::read_to_string(manifest.with_file_name("Cargo.lock"))?;
    let version = lock
        .split("[[package]]")
        .find(|p| p.contains(&format!("name = \"{name}\"\n")))
        .and_then(|p| p.split("version = \"").nth(1)?.split('"').next())
        .with_context(|| format!("{name} is not in third-party/rust"))?;
    let home = std::env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    let folder = format!("{name}-{version}");
    let from = fs::read_dir(home.join("registry/src"))?
        .filter_map(|index| Some(index.ok()?.path().join(&folder)))
        .find(|path| path.is_dir())
        .with_context(|| format!("cargo did not fetch {folder}"))?;
    let to = toolchain::bin_dir()
        .with_file_name("rust-crates")
        .join(name);
    copy(&from, &to)?;
    // Not a member of the workspace above it.
    let manifest = to.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    if !text.contains("[workspace]") {
        fs::write(&manifest, text + "\n[workspace]\n")?;
    }
    Ok(to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
