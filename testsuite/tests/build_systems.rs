//! Unmodified projects, built by their own build systems: CMake with our toolchain file, and
//! `./configure CC=popcorn-cc && make && make check`.
//!
//! * `cmake/NAME/ISA`: the project's own test programs run from start to end as that ISA;
//! * `cmake/NAME/hops`: they move around all ISAs;
//! * `cmake/NAME/ctest`: ctest starts them, under `POPCORN_ISA` and `POPCORN_HOP`;
//! * `configure/NAME`: `make check` passes; `configure/NAME/hops`: also while its programs move.
//!
//! * `install`: what `make install` has installed works, with a CMake project that asks for much.
//!
//! Each test program prints what it prints when plain clang has built the project, and ends as it does.
//! All but zlib only with `POPCORN_LONG`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::process;
use popcorn_testsuite::projects::{cmake_file, copy, folder, kept, step};
use popcorn_testsuite::recipes::crate_dir;
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, difference, hops, share, trial};
use popcorn_toolchains::DEFAULT;

/// A project with a CMakeLists.txt, from a crate.
struct CMake {
    name: &'static str,
    /// Crate of `third-party`, and the folder in it.
    source: (&'static str, &'static str),
    options: &'static [&'static str],
    /// Another project that it finds, installed.
    needs: Option<&'static str>,
    /// Its test programs below the build folder, with arguments; `@` is the source folder.
    programs: &'static [&'static [&'static str]],
    /// Whether ctest knows them.
    ctest: bool,
    /// Migration points between hops.
    every: u64,
    /// Only with `POPCORN_LONG`.
    long: bool,
}

const CMAKE: &[CMake] = &[
    CMake {
        name: "zlib",
        source: ("libz-sys", "src/zlib"),
        options: &[],
        needs: None,
        programs: &[
            &["example"],
            &["example64"],
            &["minigzip", "-c", "@deflate.c"],
        ],
        ctest: true,
        every: 1_000,
        long: false,
    },
    CMake {
        name: "libdeflate",
        source: ("libdeflate-sys", "libdeflate"),
        options: &["-DLIBDEFLATE_BUILD_TESTS=ON"],
        needs: Some("zlib"),
        programs: &[
            &["programs/test_checksums"],
            &["programs/test_custom_malloc"],
            &["programs/test_incomplete_codes"],
            &["programs/test_invalid_streams"],
            &["programs/test_litrunlen_overflow"],
            &["programs/test_overread"],
            &["programs/test_slow_decompression"],
            &["programs/test_trailing_bytes"],
            &["programs/libdeflate-gzip", "-c", "@README.md"],
        ],
        ctest: true,
        every: 1_000,
        long: true,
    },
    CMake {
        name: "oniguruma",
        source: ("onig_sys", "oniguruma"),
        options: &["-DBUILD_TEST=ON", "-DENABLE_POSIX_API=ON"],
        needs: None,
        programs: &[
            &["test/test_utf8"],
            &["test/testc"],
            &["test/testp"],
            &["test/testcu"],
            &["test/test_syntax"],
            &["test/test_options"],
            &["test/test_regset"],
            &["test/test_back"],
        ],
        ctest: false,
        every: 10_000,
        long: true,
    },
];

/// A source package of the distribution with a `configure` and tests.
struct Configure {
    name: &'static str,
    /// Migration points between hops, and a command that passes as many; none: it has hardly any.
    hops: Option<(u64, &'static [&'static str])>,
}

const CONFIGURE: &[Configure] = &[
    Configure {
        name: "hello",
        hops: None,
    },
    Configure {
        name: "gzip",
        hops: Some((100, &["gzip", "-c", "README"])),
    },
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let long = std::env::var_os("POPCORN_LONG").is_some();
    let mut trials = Vec::new();
    for project in CMAKE.iter().filter(|p| long || !p.long) {
        cmake_trials(project, &mut trials);
    }
    for package in CONFIGURE.iter().filter(|_| long) {
        configure_trials(package, &mut trials);
    }
    let lack = lacks().or_else(lacks_emulator);
    trials.push(trial("install", lack, install));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn lacks() -> Option<String> {
    let tool = |name: &str| {
        let found = Command::new(name).arg("--version").output().is_ok();
        (!found).then(|| format!("{name} is not installed: run `make deps`"))
    };
    toolchain::missing()
        .or_else(|| tool("cmake"))
        .or_else(|| tool("ninja"))
}

fn lacks_emulator() -> Option<String> {
    DEFAULT
        .iter()
        .find_map(|isa| toolchain::missing_emulator(isa))
}

/// What a test program printed, and how it ended.
type Output = (Option<i32>, Vec<u8>);

/// A project and what is known of it so far.
struct Project {
    cmake: &'static CMake,
    expected: Shared<Vec<Output>>,
    popcorn: Shared<PathBuf>,
}

fn cmake_trials(cmake: &'static CMake, trials: &mut Vec<Trial>) {
    let project = Arc::new(Project {
        cmake,
        expected: OnceLock::new(),
        popcorn: OnceLock::new(),
    });
    for isa in DEFAULT {
        let project = project.clone();
        let how = vec!["--isa".to_owned(), isa.name.to_owned()];
        let lack = lacks().or_else(|| toolchain::missing_emulator(isa));
        let name = format!("cmake/{}/{}", cmake.name, isa.name);
        trials.push(trial(name, lack, move || project.check(&how, false)));
    }
    let lack = lacks().or_else(lacks_emulator);
    let hop = format!(
        "every={},max=6,isas={}",
        cmake.every,
        toolchain::all_isas(":")
    );
    let how = vec!["--trace".to_owned(), "--hop".to_owned(), hop.clone()];
    let name = format!("cmake/{}/hops", cmake.name);
    let shared = project.clone();
    trials.push(trial(name, lack.clone(), move || shared.check(&how, true)));
    if cmake.ctest {
        let name = format!("cmake/{}/ctest", cmake.name);
        trials.push(trial(name, lack, move || project.ctest(&hop)));
    }
}

impl Project {
    /// Runs all test programs in one way.
    fn check(&self, how: &[String], moves: bool) -> Result<()> {
        let expected = share(&self.expected, || {
            let build = build(self.cmake, "plain")?;
            let outputs = self.outputs(&build, &|program| Command::new(program))?;
            Ok(outputs.into_iter().map(|(output, _)| output).collect())
        })?;
        let build = self.popcorn()?;
        let got = self.outputs(build, &|program| {
            let mut command = Command::new(toolchain::tool("popcorn"));
            command.arg("run").args(how).arg(program);
            command
        })?;
        let mut moved = 0;
        for (i, ((status, stdout), (got, stderr))) in expected.iter().zip(&got).enumerate() {
            let name = self.cmake.programs[i].join(" ");
            ensure!(*status == Some(0), "`{name}`: the plain build fails");
            ensure!(
                got.0 == *status,
                "`{name}`: exit status {:?}\n{stderr}",
                got.0
            );
            ensure!(got.1 == *stdout, "`{name}`: {}", difference(stdout, &got.1));
            moved += hops(stderr);
        }
        ensure!(!moves || moved > 0, "they never hopped");
        Ok(())
    }

    fn popcorn(&self) -> Result<&PathBuf> {
        share(&self.popcorn, || build(self.cmake, "popcorn"))
    }

    /// Runs the programs one after the other in an empty folder; with each, its standard error.
    fn outputs(
        &self,
        build: &Path,
        command: &dyn Fn(&Path) -> Command,
    ) -> Result<Vec<(Output, String)>> {
        let dir = tempfile::tempdir()?;
        let mut outputs = Vec::new();
        for words in self.cmake.programs {
            let (program, args) = words.split_first().context("a program")?;
            let mut command = command(&build.join("build").join(program));
            for arg in args {
                match arg.strip_prefix('@') {
                    Some(file) => command.arg(build.join("source").join(file)),
                    None => command.arg(arg),
                };
            }
            let limit = Duration::from_secs(600);
            let outcome = process::run(command.current_dir(&dir), "", limit)?;
            ensure!(!outcome.timed_out, "{program}: {}", describe(&outcome));
            outputs.push(((outcome.status.code(), outcome.stdout), outcome.stderr));
        }
        Ok(outputs)
    }

    /// Lets ctest run them: started as the last ISA, then moving around.
    fn ctest(&self, hop: &str) -> Result<()> {
        let build = self.popcorn()?.join("build");
        let last = DEFAULT.last().context("no ISAs")?;
        let mut configure = Command::new("cmake");
        configure.arg(format!("-DPOPCORN_ISA={}", last.name));
        step(
            configure.arg(format!("-DPOPCORN_HOP={hop}")).arg("."),
            &build,
        )?;
        let outcome = step(Command::new("ctest").arg("-V"), &build)?;
        let text = String::from_utf8_lossy(&outcome.stdout);
        ensure!(text.contains("100% tests passed"), "{text}");
        let started = format!("\"run\" \"--isa\" \"{}\" \"--hop\"", last.name);
        ensure!(text.contains(&started), "no `{started}` in\n{text}");
        Ok(())
    }
}

/// Configures, builds and installs a project, by plain clang or by popcorn-cc: the folder with `source`,
/// `build` and `prefix`.
fn build(cmake: &CMake, kind: &str) -> Result<PathBuf> {
    let needed = match cmake.needs {
        Some(name) => {
            let other = CMAKE.iter().find(|p| p.name == name);
            Some(build(other.context("no such project")?, kind)?)
        }
        None => None,
    };
    kept(&folder(&format!("cmake-{}-{kind}", cmake.name)), |dir| {
        let (source, build) = (dir.join("source"), dir.join("build"));
        let (name, inner) = cmake.source;
        copy(&crate_dir(name)?.join(inner), &source)?;
        let mut configure = Command::new("cmake");
        configure.args(["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]);
        match kind {
            "plain" => configure.args(["-DCMAKE_C_COMPILER=clang-22", "-DBUILD_SHARED_LIBS=OFF"]),
            _ => configure.arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", cmake_file().display())),
        };
        let prefix = dir.join("prefix");
        configure.arg(format!("-DCMAKE_INSTALL_PREFIX={}", prefix.display()));
        if let Some(other) = needed {
            let other = other.join("prefix");
            configure.arg(format!("-DCMAKE_PREFIX_PATH={}", other.display()));
        }
        configure
            .args(cmake.options)
            .arg("-S")
            .arg(&source)
            .arg("-B")
            .arg(&build);
        step(&mut configure, dir)?;
        step(Command::new("cmake").arg("--build").arg(&build), dir)?;
        step(Command::new("cmake").arg("--install").arg(&build), dir)?;
        Ok(())
    })
}

fn configure_trials(package: &'static Configure, trials: &mut Vec<Trial>) {
    let built = Arc::new(Shared::new());
    let name = package.name;
    let (shared, lack) = (built.clone(), lacks().or_else(lacks_emulator));
    trials.push(trial(
        format!("configure/{name}"),
        lack.clone(),
        move || make_check(share(&shared, || configure(name))?, None),
    ));
    let Some((every, sample)) = package.hops else {
        return;
    };
    let hop = format!("every={every},max=3,isas={}", toolchain::all_isas(":"));
    trials.push(trial(format!("configure/{name}/hops"), lack, move || {
        let build: &PathBuf = share(&built, || configure(name))?;
        // Under `make check` nothing may be printed about hops; this shows that there are some.
        let mut command = Command::new(toolchain::tool("popcorn"));
        command.args(["run", "--trace", "--hop", &hop]).args(sample);
        ensure!(hops(&step(&mut command, build)?.stderr) == 3, "{command:?}");
        make_check(build, Some(&hop))
    }));
}

/// Runs `make check` in a copy of the folder, since tests leave files behind.
fn make_check(build: &Path, hop: Option<&str>) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let here = dir.path().join("build");
    copy(build, &here)?;
    let mut check = Command::new("make");
    if let Some(hop) = hop {
        check.env("POPCORN_HOP", hop);
    }
    let outcome = step(check.arg("check"), &here)?;
    let text = String::from_utf8_lossy(&outcome.stdout);
    ensure!(text.contains("# FAIL:  0"), "{text}");
    Ok(())
}

/// `./configure CC=popcorn-cc && make`, in the source folder.
fn configure(name: &str) -> Result<PathBuf> {
    let script = toolchain::root().join("testsuite/real/debian-source");
    let dir = kept(&folder(&format!("configure-{name}")), |dir| {
        let outcome = step(Command::new(script).arg(name).arg(dir), dir)?;
        let found = String::from_utf8(outcome.stdout)?;
        let source = PathBuf::from(found.trim());
        ensure!(source.join("configure").exists(), "{found}: no configure");
        let cc = format!("CC={}", toolchain::tool("popcorn-cc").display());
        step(Command::new("./configure").arg(cc), &source)?;
        step(Command::new("make").arg("-j2"), &source)?;
        fs::remove_dir_all(dir.join("apt"))?;
        Ok(())
    })?;
    Ok(dir.join(name))
}

/// Installs, and works from another folder with nothing but what was installed.
fn install() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let prefix = dir.path().join("prefix");
    let target = toolchain::bin_dir().join("..").canonicalize()?;
    let mut make = Command::new("make");
    make.arg("install-files")
        .arg(format!("PREFIX={}", prefix.display()))
        .arg(format!("TARGET={}", target.display()));
    step(&mut make, &toolchain::root())?;
    ensure!(
        prefix
            .join("lib/popcorn/sysroot/lib/musl.COPYRIGHT")
            .exists()
    );

    let here = dir.path().join("elsewhere");
    copy(&toolchain::root().join("testsuite/real/cmake"), &here)?;
    let installed = |program: &str| {
        let mut command = Command::new(program);
        command
            .env_remove("POPCORN_BIN")
            .env_remove("POPCORN_SYSROOT");
        command.current_dir(&here);
        command
    };
    let run = |command: &mut Command| process::run(command, "", Duration::from_secs(600));
    let ok = |command: &mut Command| -> Result<String> {
        let outcome = run(command)?;
        ensure!(
            outcome.status.success(),
            "{command:?}: {}",
            describe(&outcome)
        );
        Ok(String::from_utf8(outcome.stdout)? + &outcome.stderr)
    };
    let file = prefix.join("share/popcorn/popcorn.cmake");
    let installed_to = dir.path().join("out");
    let said = ok(installed("cmake")
        .arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", file.display()))
        .arg(format!("-DCMAKE_INSTALL_PREFIX={}", installed_to.display()))
        .args(["-S", ".", "-B", "build"]))?;
    // Folded by CMake.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(said.contains("Building a STATIC library instead"), "{said}");
    ok(installed("cmake").args(["--build", "build"]))?;
    ok(installed("cmake").args(["--install", "build"]))?;
    ensure!(installed_to.join("lib/libsum.a").exists());
    let popcorn = prefix.join("bin/popcorn");
    for isa in DEFAULT {
        let mut command = installed(&popcorn.display().to_string());
        let program = installed_to.join("bin/features");
        let said = ok(command.args(["run", "--isa", isa.name]).arg(program))?;
        ensure!(
            said == format!("{} 600\n", isa.name),
            "{}: {said}",
            isa.name
        );
    }

    ok(installed("cmake").args(["-DWITH_CXX=ON", "build"]))?;
    let outcome = run(installed("cmake").args(["--build", "build"]))?;
    let said = String::from_utf8(outcome.stdout)? + &outcome.stderr;
    ensure!(!outcome.status.success(), "C++ was built");
    ensure!(
        said.contains("other.cpp") && said.contains("not supported"),
        "{said}"
    );
    Ok(())
}
