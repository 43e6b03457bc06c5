//! `cargo popcorn`: builds Rust programs for every ISA, with stock rustc and cargo.
//!
//! Cargo and build scripts call this program again under other names: as rustc's linker, as the C compiler
//! of build scripts, and, with `--runner`, to run what was built.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use popcorn_driver::Result;
use popcorn_driver::cli::run::{self, How, Run};
use popcorn_driver::rust::{cargo, compiler, doctests, link, names};

/// Runs a program that cargo built, as `popcorn run` does.
#[derive(Parser)]
#[command(name = "cargo popcorn run")]
struct Runner {
    #[command(flatten)]
    how: How,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<OsString>,
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
        (names::CC | names::CXX, _) => match compiler::become_compiler(name, words)? {},
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

/// Becomes the program.
fn start(words: &[String]) -> Result<ExitCode> {
    let runner = Runner::parse_from(words);
    let mut env: Vec<_> = compiler::hidden().into_iter().map(|n| (n, None)).collect();
    let again = words.len() + 1 - runner.words.len();
    let mut rest = runner.words.into_iter();
    let prog = cargo::place(Path::new(&rest.next().unwrap_or_default()))?;
    let exe = names::own_path()?.into_os_string();
    let again = words[..again].iter().map(OsString::from);
    let again: Vec<_> = [exe].into_iter().chain(again).collect();
    if let Some(script) = doctests::script(&prog, &again)? {
        env.push((doctests::VARIABLE.into(), Some(script.into())));
    }
    match run::run(&Run {
        how: runner.how,
        gaps: false,
        env,
        prog,
        args: rest.collect(),
    })? {}
}
