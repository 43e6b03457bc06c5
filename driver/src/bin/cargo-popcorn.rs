//! `cargo popcorn`: builds Rust programs for every ISA, with stock rustc and cargo.
//!
//! Cargo and build scripts call this program again under other names: as rustc's linker, as the C compiler
//! of build scripts, and, with `--runner`, to run what was built.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;
use popcorn_driver::cli::run::{self, How, Run};
use popcorn_driver::rust::{cargo, link};
use popcorn_driver::{Error, Result};

/// Runs a program that cargo built, as `popcorn run` does.
#[derive(Parser)]
#[command(name = "cargo popcorn run")]
struct Runner {
    #[command(flatten)]
    how: How,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<std::ffi::OsString>,
}

fn main() -> ExitCode {
    let mut words = Vec::new();
    for word in std::env::args_os() {
        match word.into_string() {
            Ok(word) => words.push(word),
            Err(word) => {
                eprintln!("cargo-popcorn: error: argument {word:?} is not UTF-8");
                return ExitCode::FAILURE;
            }
        }
    }
    match dispatch(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo-popcorn: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[String]) -> Result<ExitCode> {
    let name = words.first().map(|w| Path::new(w).file_name());
    let name = name.flatten().and_then(|n| n.to_str()).unwrap_or_default();
    let words = words.get(1..).unwrap_or_default();
    match (name, words.first().map(String::as_str)) {
        (cargo::LINKER, _) => link::run(words).map(|()| ExitCode::SUCCESS),
        (cargo::COMPILER, _) => compile(words),
        (_, Some("--runner")) => start(words),
        // cargo passes the name of the subcommand on.
        (_, Some("popcorn")) => build(&words[1..]),
        _ => build(words),
    }
}

fn build(words: &[String]) -> Result<ExitCode> {
    let status = cargo::run(words)?;
    let code = status.code().and_then(|c| u8::try_from(c).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Becomes the C compiler: popcorn-cc for the program's crates, the system's for build scripts' own.
fn compile(words: &[String]) -> Result<ExitCode> {
    let ours = cargo::is_for_the_program();
    let tool = if ours {
        let exe = std::env::current_exe().and_then(|e| e.canonicalize());
        let exe = exe.map_err(Error::io(Path::new("/proc/self/exe")))?;
        exe.with_file_name("popcorn-cc")
    } else {
        "cc".into()
    };
    let words = words.iter().filter(|w| !(ours && cargo::is_understood(w)));
    let source = Command::new(&tool).args(words).exec();
    Err(Error::Tool {
        tool: tool.display().to_string(),
        source,
        help: "it compiles the C code of build scripts".into(),
    })
}

/// Becomes the program.
fn start(words: &[String]) -> Result<ExitCode> {
    let runner = Runner::parse_from(words);
    let mut words = runner.words.into_iter();
    let prog = words.next().unwrap_or_default();
    match run::run(&Run {
        how: runner.how,
        gaps: false,
        prog: cargo::place(Path::new(&prog))?,
        args: words.collect(),
    })? {}
}
