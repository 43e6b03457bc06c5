//! Rust programs, built by `cargo popcorn` and by plain cargo.
//!
//! The programs of `rust-programs/` are one executable; a file in `src/programs/` is one program, with
//! directives (`//#Name: value`; an unknown one is an error):
//!
//! | directive | meaning | default |
//! |---|---|---|
//! | `//#Status: 7` or `abort` | how it ends | 42 |
//! | `//#Stdin: text` | one line of standard input; may be repeated | empty |
//! | `//#Env: NAME=VALUE` | adds to the environment; may be repeated | none |
//! | `//#Oracle: name.c` | its output is that of a C program which popcorn-cc compiled | the plain build's |
//!
//! Each runs as every ISA, in place at every 1st, 7th and 101st migration point with a point wherever one can
//! be, and around the ISAs. Standard output, standard error and status are those of the plain build. With
//! `POPCORN_LONG` set the program as it is built by default hops too, and documentation's examples are run.
//!
//! `rust-mixed/` has C code, a macro and tests of its own.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::rust::{self, Cargo};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, difference, hops, share, trial};
use popcorn_toolchains::{BASE, DEFAULT, Isa};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);

/// One program and its expectations.
#[derive(Debug, Default)]
struct Program {
    name: String,
    /// 42, or what the directive says; a signal as a shell shows it.
    status: i32,
    stdin: String,
    env: Vec<(String, String)>,
    oracle: Option<PathBuf>,
}

impl Program {
    fn parse(path: &Path) -> Result<Program> {
        let text = fs::read_to_string(path)?;
        let stem = path.file_stem().and_then(|s| s.to_str());
        let mut program = Program {
            name: stem.context("a program without a name")?.to_owned(),
            status: 42,
            ..Program::default()
        };
        for line in text.lines().filter_map(|l| l.strip_prefix("//#")) {
            let (name, value) = line
                .split_once(": ")
                .context("a directive is `Name: value`")?;
            match name {
                "Status" if value == "abort" => program.status = 128 + 6,
                "Status" => program.status = value.parse()?,
                "Stdin" => program.stdin += &format!("{value}\n"),
                "Env" => {
                    let (name, value) = value.split_once('=').context("NAME=VALUE")?;
                    program.env.push((name.to_owned(), value.to_owned()));
                }
                "Oracle" => program.oracle = Some(path.with_file_name(value)),
                _ => bail!("{}: unknown directive `{name}`", path.display()),
            }
        }
        Ok(program)
    }
}

/// The executables that all trials share.
struct Builds {
    plain: Shared<PathBuf>,
    built: Shared<PathBuf>,
    dense: Shared<PathBuf>,
    /// For every ISA.
    every: Shared<PathBuf>,
    dir: TempDir,
}

impl Builds {
    fn crate_dir() -> PathBuf {
        toolchain::root().join("testsuite/rust-programs")
    }
    fn plain(&self) -> Result<&PathBuf> {
        share(&self.plain, || {
            Cargo::plain(&Self::crate_dir(), "plain").release("rust-programs")
        })
    }
    fn built(&self) -> Result<&PathBuf> {
        share(&self.built, || {
            Cargo::popcorn(&Self::crate_dir(), "built").release("rust-programs")
        })
    }
    fn dense(&self) -> Result<&PathBuf> {
        share(&self.dense, || {
            Cargo::popcorn(&Self::crate_dir(), "dense")
                .flag("--popcorn-migration-points=all")
                .release("rust-programs")
        })
    }
    fn every(&self) -> Result<&PathBuf> {
        share(&self.every, || {
            Cargo::popcorn(&Self::crate_dir(), "every")
                .flag(&format!("--popcorn-isas={}", toolchain::every_isa(",")))
                .release("rust-programs")
        })
    }
}

/// The program that moves around every ISA that there is: the build for those is one more of all programs.
const FOR_EVERY_ISA: &str = "collections";

/// How a program is run.
#[derive(Clone, Copy)]
enum Run {
    As(&'static Isa),
    InPlace(u64),
    Around(u64),
    /// Likewise, compiled for every ISA.
    AroundEvery(u64),
    /// In place, at points as they are by default.
    AsBuilt(u64),
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> Result<Vec<Trial>> {
    let lack = toolchain::missing().or_else(rust::missing);
    let emulators: Vec<_> = DEFAULT
        .iter()
        .map(|isa| toolchain::missing_emulator(isa))
        .collect();
    let any_emulator = emulators.iter().flatten().next().cloned();
    let builds = Arc::new(Builds {
        plain: OnceLock::new(),
        built: OnceLock::new(),
        dense: OnceLock::new(),
        every: OnceLock::new(),
        dir: tempfile::tempdir()?,
    });
    let mut trials = Vec::new();
    // First what builds programs of its own: the others wait for one build, which leaves a core free.
    let lack_all = lack.clone().or(any_emulator.clone());
    let mut add = |name: &str, test: fn() -> Result<()>| {
        trials.push(trial(format!("rust/{name}"), lack_all.clone(), test));
    };
    add("mixed/tests-on-an-isa", mixed_tests);
    add("mixed/runs-and-hops", mixed_runs);
    if std::env::var_os("POPCORN_LONG").is_some() {
        add("mixed/examples-on-an-isa", mixed_examples);
    }
    add("settings", projects_own_settings);
    add("errors/cdylib", cdylib_is_refused);
    add("errors/machine-code", machine_code_is_refused);
    add("errors/prebuilt-crate", prebuilt_crate_is_refused);
    add("errors/c++", cxx_is_refused);
    add("errors/assembly", assembly_is_refused);
    add("errors/library", missing_library_is_refused);
    add("errors/command-line", command_line_is_checked);
    let shared = builds.clone();
    trials.push(trial("rust/threads-move", lack_all, move || {
        threads_move(shared.dense()?)
    }));
    for program in programs()? {
        let program = Arc::new(program);
        let mut add = |kind: String, lack: Option<String>, run: Run| {
            let (program, builds) = (program.clone(), builds.clone());
            let name = format!("rust/{kind}/{}", program.name);
            trials.push(trial(name, lack, move || check(&program, &builds, run)));
        };
        for (isa, emulator) in DEFAULT.iter().zip(&emulators) {
            let lack = lack.clone().or(emulator.clone());
            add(isa.name.to_owned(), lack, Run::As(isa));
        }
        for k in [1, 7, 101] {
            add(format!("self-every-{k}"), lack.clone(), Run::InPlace(k));
        }
        let around = lack.clone().or(any_emulator.clone());
        add(toolchain::all_isas("-to-"), around, Run::Around(5));
        if program.name == FOR_EVERY_ISA {
            let lack = lack.clone().or(toolchain::missing_any_emulator());
            add(toolchain::every_isa("-to-"), lack, Run::AroundEvery(5));
        }
        if std::env::var_os("POPCORN_LONG").is_some() {
            for k in [1, 3] {
                add(format!("self-as-built-{k}"), lack.clone(), Run::AsBuilt(k));
            }
        }
    }
    Ok(trials)
}

fn programs() -> Result<Vec<Program>> {
    let folder = Builds::crate_dir().join("src/programs");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|e| Ok(e?.path()))
        .collect::<Result<_>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "rs"));
    files.sort();
    files.iter().map(|f| Program::parse(f)).collect()
}

fn check(program: &Program, builds: &Builds, run: Run) -> Result<()> {
    let cwd = tempfile::tempdir_in(builds.dir.path())?;
    let expected = match &program.oracle {
        Some(source) => c_program(program, source, cwd.path())?,
        None => start(program, &mut Command::new(builds.plain()?), cwd.path())?,
    };
    ensure!(
        status(&expected) == program.status,
        "the plain build: {}",
        describe(&expected)
    );
    let cwd = tempfile::tempdir_in(builds.dir.path())?;
    let mut command = Command::new(toolchain::tool("popcorn"));
    command.arg("run");
    let exe = match run {
        Run::As(isa) => {
            command.args(["--isa", isa.name]);
            builds.dense()?
        }
        Run::InPlace(k) => {
            command.args(["--trace", "--hop", &format!("every={k},isas=self")]);
            builds.dense()?
        }
        Run::AsBuilt(k) => {
            command.args(["--trace", "--hop", &format!("every={k},isas=self")]);
            builds.built()?
        }
        Run::Around(k) => {
            let isas = toolchain::all_isas(":");
            command.args(["--trace", "--hop", &format!("every={k},max=6,isas={isas}")]);
            builds.dense()?
        }
        Run::AroundEvery(k) => {
            let isas = toolchain::every_isa(":");
            command.args(["--trace", "--hop", &format!("every={k},max=6,isas={isas}")]);
            builds.every()?
        }
    };
    let outcome = start(program, command.arg(exe), cwd.path())?;
    ensure!(
        status(&outcome) == program.status && !outcome.timed_out,
        "{}",
        describe(&outcome)
    );
    ensure!(
        outcome.stdout == expected.stdout,
        "the output is not that of the plain build: {}",
        difference(&expected.stdout, &outcome.stdout)
    );
    let (said, meant) = (messages(&outcome.stderr), messages(&expected.stderr));
    ensure!(said == meant, "standard error is\n{said}\nnot\n{meant}");
    // Not every program passes as many points as the larger k ask for.
    if matches!(run, Run::InPlace(1) | Run::Around(_) | Run::AroundEvery(_)) {
        ensure!(
            hops(&outcome.stderr) > 0,
            "it never hopped:\n{}",
            outcome.stderr
        );
    }
    Ok(())
}

fn start(program: &Program, command: &mut Command, cwd: &Path) -> Result<Outcome> {
    command
        .arg(&program.name)
        .envs(program.env.iter().map(|(n, v)| (n, v)))
        .env("RUST_BACKTRACE", "0")
        .current_dir(cwd);
    process::run(command, &program.stdin, LIMIT)
}

/// Compiles and runs the C program that says what a Rust one should print.
fn c_program(program: &Program, source: &Path, dir: &Path) -> Result<Outcome> {
    let exe = dir.join("oracle");
    let mut compiler = Command::new(toolchain::tool("popcorn-cc"));
    toolchain::compile(compiler.arg("-O1").arg(source).arg("-o").arg(&exe))?;
    start(program, &mut Command::new(exe), dir)
}

fn status(outcome: &Outcome) -> i32 {
    let signal = outcome.status.signal().map(|s| 128 + s);
    outcome.status.code().or(signal).unwrap_or(-1)
}

/// Standard error without the runtime's and the emulator's words, and without the thread ids in std's messages.
fn messages(stderr: &str) -> String {
    // An emulator, too, says that a signal ended the program.
    let ours = |l: &&str| !l.starts_with("popcorn: ") && !l.starts_with("qemu: ");
    let lines = stderr.lines().filter(ours);
    let lines: Vec<String> = lines
        .map(|line| match (line.find(" ("), line.find(") panicked")) {
            (Some(from), Some(to)) if from < to => format!("{}{}", &line[..from], &line[to + 1..]),
            _ => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// A program moves while one of its threads waits for input.
fn threads_move(exe: &Path) -> Result<()> {
    let mut child = Command::new(exe)
        .arg("waiting")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut out = std::io::BufReader::new(child.stdout.take().context("piped")?);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line)?;
    let other = DEFAULT
        .iter()
        .find(|isa| isa.id != BASE.id)
        .context("one ISA only")?;
    let mut migrate = Command::new(toolchain::tool("popcorn"));
    migrate.args([
        "migrate",
        &child.id().to_string(),
        "--to",
        other.name,
        "--timeout",
        "5",
    ]);
    let answer = process::run(&mut migrate, "", LIMIT)?;
    drop(child.stdin.take());
    let ended = child.wait()?;
    let said = String::from_utf8_lossy(&answer.stdout);
    ensure!(answer.status.success(), "stays: {}", describe(&answer));
    ensure!(said.contains("2 threads stood"), "{}", describe(&answer));
    ensure!(ended.code() == Some(42), "it ended with {ended}");
    Ok(())
}

fn mixed() -> PathBuf {
    toolchain::root().join("testsuite/rust-mixed")
}

/// C code called from Rust and calling back, and a macro: run as an ISA, and hopping.
fn mixed_runs() -> Result<()> {
    let cargo = || Cargo::popcorn(&mixed(), "mixed");
    let expected = "82206 82206\n7\n";
    let last = DEFAULT[DEFAULT.len() - 1].name;
    let run = cargo().run("run", &["--release", "--quiet", "--isa", last])?;
    ensure!(
        run.status.success() && run.stdout == expected.as_bytes(),
        "{}",
        describe(&run)
    );
    let hop = format!("every=3,max=6,isas={}", toolchain::all_isas(":"));
    // The dev profile, with its checks.
    let run = cargo().run("run", &["--quiet", "--trace", "--hop", &hop])?;
    ensure!(run.stdout == expected.as_bytes(), "{}", describe(&run));
    ensure!(hops(&run.stderr) == 6, "{}", run.stderr);
    let placed = cargo().target_dir().join("popcorn/release/mixed");
    ensure!(placed.is_file(), "{} is not there", placed.display());
    Ok(())
}

/// `cargo popcorn test` runs a crate's own tests as another ISA.
fn mixed_tests() -> Result<()> {
    let isa = DEFAULT[DEFAULT.len() - 1].name;
    let cargo = || Cargo::popcorn(&mixed(), "mixed");
    let run = cargo().run("test", &["--lib", "--isa", isa])?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    ensure!(run.status.success(), "{}", describe(&run));
    ensure!(text.contains("2 passed; 0 failed; 1 ignored"), "{text}");
    // A panic is not caught: the test that fails ends the run.
    let words = ["--lib", "--isa", isa, "--", "--ignored", "--nocapture"];
    let run = cargo().run("test", &words)?;
    ensure!(!run.status.success(), "{}", describe(&run));
    ensure!(
        run.stderr.contains("assertion `left == right` failed"),
        "{}",
        run.stderr
    );
    Ok(())
}

/// The examples of its documentation run as that ISA too, each in a process: one of them panics as it should.
fn mixed_examples() -> Result<()> {
    let isa = DEFAULT[DEFAULT.len() - 1].name;
    let run = Cargo::popcorn(&mixed(), "mixed").run("test", &["--doc", "--isa", isa])?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    ensure!(run.status.success(), "{}", describe(&run));
    ensure!(text.contains("2 passed; 0 failed"), "{text}");
    ensure!(!run.stderr.contains("same process"), "{}", run.stderr);
    Ok(())
}

/// Writes a crate of these files.
fn written(files: &[(&str, &str)]) -> Result<TempDir> {
    let dir = tempfile::tempdir()?;
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(dir)
}

/// `cargo popcorn` there.
fn cargo_popcorn(dir: &TempDir, words: &[&str]) -> Result<Outcome> {
    let mut cargo = Command::new(toolchain::tool("cargo-popcorn"));
    cargo.arg("popcorn").args(words).current_dir(dir.path());
    // The toolchain is chosen by a file that is not above the crate.
    let toolchain = fs::read_to_string(toolchain::root().join("rust-toolchain.toml"))?;
    let channel = toolchain.split("channel = \"").nth(1);
    let channel = channel.and_then(|text| text.split('"').next());
    cargo.env("RUSTUP_TOOLCHAIN", channel.context("a channel")?);
    for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    process::run(&mut cargo, "", LIMIT)
}

/// Builds a crate of these files; the error has all of `texts`, and no program appears.
fn refused(files: &[(&str, &str)], texts: &[&str]) -> Result<()> {
    let dir = written(files)?;
    let outcome = cargo_popcorn(&dir, &["build", "--offline"])?;
    ensure!(!outcome.status.success(), "it was built");
    for text in texts {
        ensure!(
            outcome.stderr.contains(text),
            "no `{text}` in:\n{}",
            outcome.stderr
        );
    }
    ensure!(
        !dir.path().join("target/popcorn/debug/it").exists(),
        "a program appeared"
    );
    Ok(())
}

const MANIFEST: &str =
    "[package]\nname = \"it\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";

fn cdylib_is_refused() -> Result<()> {
    refused(
        &[
            (
                "Cargo.toml",
                &format!("{MANIFEST}[lib]\nname = \"plug\"\ncrate-type = [\"cdylib\"]\n"),
            ),
            (
                "src/lib.rs",
                "#[unsafe(no_mangle)]\npub extern \"C\" fn plug() {}\n",
            ),
        ],
        &["`plug` is a cdylib", "crate-type"],
    )
}

/// A build script that ships an archive which another compiler made.
fn machine_code_is_refused() -> Result<()> {
    let script = r#"fn main() {
        let out = std::env::var("OUT_DIR").unwrap();
        let run = |name: &str, words: &[&str]| {
            let status = std::process::Command::new(name).args(words).current_dir(&out).status();
            assert!(status.unwrap().success());
        };
        std::fs::write(format!("{out}/f.c"), "int f(void) { return 1; }").unwrap();
        run("cc", &["-c", "f.c"]);
        run("ar", &["rc", "libf.a", "f.o"]);
        println!("cargo::rustc-link-search=native={out}");
        println!("cargo::rustc-link-lib=static=f");
    }"#;
    let main =
        "unsafe extern \"C\" { fn f() -> i32; }\nfn main() { println!(\"{}\", unsafe { f() }); }\n";
    refused(
        &[
            ("Cargo.toml", MANIFEST),
            ("build.rs", script),
            ("src/main.rs", main),
        ],
        &[
            "crate `it` brings machine code that popcorn-cc did not compile",
            "libf.a",
            "build script",
        ],
    )
}

/// A library of Rust that was built before, without bitcode.
fn prebuilt_crate_is_refused() -> Result<()> {
    let script = r#"fn main() {
        let out = std::env::var("OUT_DIR").unwrap();
        let rustc = std::env::var("RUSTC").unwrap();
        std::fs::write(format!("{out}/pre.rs"), "pub fn pre() -> Vec<u8> { vec![7] }").unwrap();
        let words = ["--crate-type=rlib", "-Cembed-bitcode=no", "-Cpanic=abort", "pre.rs"];
        let status = std::process::Command::new(rustc).args(words).current_dir(&out).status();
        assert!(status.unwrap().success());
        println!("cargo::rustc-link-search={out}");
    }"#;
    let main = "extern crate pre;\nfn main() { println!(\"{:?}\", pre::pre()); }\n";
    refused(
        &[
            ("Cargo.toml", MANIFEST),
            ("build.rs", script),
            ("src/main.rs", main),
        ],
        &[
            "crate `pre` carries no bitcode",
            "libpre.rlib",
            "from source",
        ],
    )
}

fn assembly_is_refused() -> Result<()> {
    let main = "std::arch::global_asm!(\".globl f\", \"f: ret\");\nfn main() {}\n";
    refused(
        &[("Cargo.toml", MANIFEST), ("src/main.rs", main)],
        &["`global_asm!`) in `it` cannot be lowered", "feature"],
    )
}

/// A build script that compiles C++ as the `cc` crate does, with the compiler it is told to use.
fn cxx_is_refused() -> Result<()> {
    let script = r#"fn main() {
        let target = std::env::var("TARGET").unwrap().replace('-', "_");
        let compiler = std::env::var(format!("CXX_{target}")).unwrap();
        let status = std::process::Command::new(compiler).args(["-c", "src/f.cpp"]).status();
        assert!(status.unwrap().success());
    }"#;
    refused(
        &[
            ("Cargo.toml", MANIFEST),
            ("build.rs", script),
            ("src/f.cpp", "int f() { return 1; }\n"),
            ("src/main.rs", "fn main() {}\n"),
        ],
        &["crate `it` compiles C++", "src/f.cpp", "feature"],
    )
}

/// Flags and a runner of the project's own, each as text, and a library that is a cdylib besides.
fn projects_own_settings() -> Result<()> {
    let manifest =
        format!("{MANIFEST}[lib]\nname = \"plug\"\ncrate-type = [\"cdylib\", \"lib\"]\n");
    let triple = format!("{}-unknown-linux-gnu", BASE.name);
    let settings = format!(
        "[build]\nrustflags = \"--cfg wanted --check-cfg cfg(wanted)\"\n[target.{triple}]\nrunner = \"nowhere\"\n"
    );
    let dir = written(&[
        ("Cargo.toml", &manifest),
        (".cargo/config.toml", &settings),
        (
            "src/lib.rs",
            "#![deny(warnings)]\npub fn plug() -> u8 { if cfg!(wanted) { 42 } else { 1 } }\n",
        ),
        (
            "src/main.rs",
            "fn main() { std::process::exit(plug::plug().into()) }\n",
        ),
    ])?;
    let isa = DEFAULT[DEFAULT.len() - 1].name;
    let run = cargo_popcorn(&dir, &["run", "--offline", "--isa", isa])?;
    ensure!(status(&run) == 42, "{}", describe(&run));
    let note = "shared library `plug` is not built";
    ensure!(run.stderr.contains(note), "{}", describe(&run));
    // What was left out is not built again each time.
    let run = cargo_popcorn(&dir, &["build", "--offline"])?;
    ensure!(!run.stderr.contains("Compiling"), "{}", describe(&run));
    Ok(())
}

fn missing_library_is_refused() -> Result<()> {
    let script = "fn main() { println!(\"cargo::rustc-link-lib=dylib=nowhere\"); }\n";
    refused(
        &[
            ("Cargo.toml", MANIFEST),
            ("build.rs", script),
            ("src/main.rs", "fn main() {}\n"),
        ],
        &[
            "shared library `nowhere` that crate `it` asks for",
            "vendored",
        ],
    )
}

fn command_line_is_checked() -> Result<()> {
    let cases: &[(&[&str], &str)] = &[
        (&["bench"], "unknown command `bench`"),
        (&["build", "--target", "x"], "a program is for all ISAs"),
        (&["build", "--isa", "x"], "a build is for all ISAs"),
    ];
    for (words, text) in cases {
        let mut cargo = Command::new(toolchain::tool("cargo-popcorn"));
        let outcome = process::run(cargo.arg("popcorn").args(*words), "", LIMIT)?;
        ensure!(!outcome.status.success(), "{words:?} succeeded");
        ensure!(
            outcome.stderr.contains(text),
            "{words:?}: {}",
            outcome.stderr
        );
    }
    Ok(())
}
