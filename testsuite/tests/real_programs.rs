//! Programs that nobody here wrote, from the crates in `third-party`: Lua, bzip2, SQLite, zstd, QuickJS; with
//! `POPCORN_LONG` also from the distribution's source packages. Some come with a driver or a script of ours, in `real/`.
//!
//! * `ISA/NAME`: runs from start to end as that ISA;
//! * `self-every-K/NAME`: is captured and resumed in place at every K-th migration point;
//! * `A-to-B-to-C/NAME`: moves around all ISAs;
//! * `A-to-Z-to-B-to-C/lua`: is compiled for every ISA that there is, those that programs do not have by default
//!   included, and moves around them.
//!
//! Output, exit status and the files it leaves behind must be those of plain clang's build. Builds are
//! kept in the target directory until a compiler, libc or source is newer.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::projects::{changed, folder};
use popcorn_testsuite::recipes::{RECIPES, Recipe};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, difference, hops, share, trial};
use popcorn_toolchains::DEFAULT;

/// Programs that are compiled for every ISA as well.
const FOR_EVERY_ISA: &[&str] = &["lua"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let missing = toolchain::missing();
    let mut trials: Vec<Trial> = Vec::new();
    let long = std::env::var_os("POPCORN_LONG").is_some();
    for recipe in RECIPES.iter().filter(|r| long || !r.is_long()) {
        let program = Arc::new(Program {
            recipe,
            plain: OnceLock::new(),
            popcorn: OnceLock::new(),
            every: OnceLock::new(),
            expected: OnceLock::new(),
        });
        let mut add = |kind: String, lack: Option<String>, how: Vec<String>, run: Run| {
            let program = program.clone();
            let name = format!("{kind}/{}", recipe.name);
            let lack = missing.clone().or(lack);
            trials.push(trial(name, lack, move || program.check(&how, run)));
        };
        for isa in DEFAULT {
            let how = vec!["--isa".to_owned(), isa.name.to_owned()];
            let lack = toolchain::missing_emulator(isa);
            add(isa.name.to_owned(), lack, how, Run::Stays);
        }
        let (k, far) = recipe.every;
        let hop = |s: String| vec!["--trace".to_owned(), "--hop".to_owned(), s];
        let here = hop(format!("every={k},isas=self"));
        add(format!("self-every-{k}"), None, here, Run::Hops);
        let around = |isas: String| hop(format!("every={far},max=4,isas={isas}"));
        let lack = DEFAULT
            .iter()
            .find_map(|isa| toolchain::missing_emulator(isa));
        let default = around(toolchain::all_isas(":"));
        add(toolchain::all_isas("-to-"), lack, default, Run::Hops);
        if FOR_EVERY_ISA.contains(&recipe.name) {
            let every = around(toolchain::every_isa(":"));
            let lack = toolchain::missing_any_emulator();
            add(
                toolchain::every_isa("-to-"),
                lack,
                every,
                Run::HopsToEveryIsa,
            );
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What a run is to do, and of which build.
#[derive(Clone, Copy, PartialEq)]
enum Run {
    Stays,
    Hops,
    /// Of the build for every ISA.
    HopsToEveryIsa,
}

/// What the runs of a program printed, and the files they left.
#[derive(PartialEq)]
struct Results {
    outputs: Vec<(Option<i32>, Vec<u8>)>,
    files: Vec<Vec<u8>>,
    hops: usize,
}

struct Program {
    recipe: &'static Recipe,
    plain: Shared<PathBuf>,
    popcorn: Shared<PathBuf>,
    /// For every ISA.
    every: Shared<PathBuf>,
    expected: Shared<Results>,
}

impl Program {
    fn check(&self, how: &[String], run: Run) -> Result<()> {
        let expected = share(&self.expected, || {
            let exe = share(&self.plain, || self.build("plain", toolchain::clang))?;
            self.run(&mut || Command::new(exe))
        })?;
        let compiler = || Command::new(toolchain::tool("popcorn-cc"));
        let exe = match run {
            Run::Stays | Run::Hops => share(&self.popcorn, || self.build("popcorn", compiler)),
            Run::HopsToEveryIsa => share(&self.every, || {
                self.build("popcorn-every", || {
                    let mut command = compiler();
                    command.arg(format!("--popcorn-isas={}", toolchain::every_isa(",")));
                    command
                })
            }),
        }?;
        let got = self.run(&mut || {
            let mut command = Command::new(toolchain::tool("popcorn"));
            command.arg("run").args(how).arg(exe);
            command
        })?;
        for (i, (e, g)) in expected.outputs.iter().zip(&got.outputs).enumerate() {
            let run = self.recipe.runs[i].join(" ");
            ensure!(e.0 == g.0, "`{run}`: exit status {:?}, not {:?}", g.0, e.0);
            ensure!(e.1 == g.1, "`{run}`: {}", difference(&e.1, &g.1));
        }
        for (i, name) in self.recipe.leaves.iter().enumerate() {
            let same = expected.files[i] == got.files[i];
            ensure!(same, "`{name}` is not the file that the plain build makes");
        }
        ensure!(run == Run::Stays || got.hops > 0, "it never hopped");
        Ok(())
    }

    /// All runs, one after the other, in an empty directory.
    fn run(&self, command: &mut dyn FnMut() -> Command) -> Result<Results> {
        let dir = tempfile::tempdir()?;
        let mut result = Results {
            outputs: Vec::new(),
            files: Vec::new(),
            hops: 0,
        };
        for arguments in self.recipe.runs {
            let mut command = command();
            command.current_dir(&dir);
            for argument in *arguments {
                command.arg(self.recipe.path(argument)?);
            }
            let limit = Duration::from_secs(300);
            let outcome: Outcome = process::run(&mut command, "", limit)?;
            let status = outcome.status.code();
            ensure!(
                !outcome.timed_out && status.is_some(),
                "{}",
                describe(&outcome)
            );
            result.hops += hops(&outcome.stderr);
            result.outputs.push((status, outcome.stdout));
        }
        for name in self.recipe.leaves {
            result.files.push(fs::read(dir.path().join(name))?);
        }
        Ok(result)
    }

    /// Compiles the program unless what an earlier run left is still good.
    fn build(&self, kind: &str, compiler: impl Fn() -> Command) -> Result<PathBuf> {
        let dir = folder(self.recipe.name);
        fs::create_dir_all(&dir)?;
        let (exe, note) = (dir.join(kind), dir.join(format!("{kind}.command")));
        let files = self.recipe.files()?;
        let mut command = compiler();
        command.args(["-O2", "-w", "-ffp-contract=off"]);
        for flag in self.recipe.flags {
            command.arg(self.recipe.path(flag)?);
        }
        let fresh = dir.join(format!("{kind}.new"));
        command.args(&files).arg("-lm").arg("-o").arg(&fresh);
        let text = format!("{command:?}");
        let mut inputs = files;
        if kind.starts_with("popcorn") {
            inputs.push(toolchain::tool("popcorn-cc"));
            for library in ["libc.a", "libpopcorn_rt.a"] {
                inputs.push(toolchain::bin_dir().join("../sysroot/lib").join(library));
            }
        }
        let newest = inputs.iter().filter_map(|p| changed(p)).max();
        if changed(&exe) > newest && fs::read_to_string(&note).is_ok_and(|t| t == text) {
            return Ok(exe);
        }
        let limit = Duration::from_secs(1800);
        let outcome = process::run(&mut command, "", limit)?;
        ensure!(outcome.status.success(), "{text}\n{}", describe(&outcome));
        fs::rename(&fresh, &exe)?;
        fs::write(&note, &text)?;
        Ok(exe)
    }
}
