//! `popcorn-cc`: compiles C once, for every ISA.

use std::process::ExitCode;

use popcorn_driver::cli::sysroot as command;
use popcorn_driver::{Error, Result, pipeline, runtime_build, sysroot};

fn main() -> ExitCode {
    let mut words = Vec::new();
    for word in std::env::args_os().skip(1) {
        match word.into_string() {
            Ok(word) => words.push(word),
            Err(word) => {
                eprintln!("popcorn-cc: error: argument {word:?} is not UTF-8");
                return ExitCode::FAILURE;
            }
        }
    }
    let done = match words.split_first() {
        Some((word, job)) if word == command::OPTION => make_sysroot(job),
        _ => pipeline::run(words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // clang has said why.
        Err(Error::FrontEnd(status)) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(error) => {
            eprintln!("popcorn-cc: error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What `popcorn sysroot` asks for.
fn make_sysroot(words: &[String]) -> Result<()> {
    let Some(job) = command::Job::from_words(words) else {
        return Err(Error::usage(
            format!("`{}` is for `popcorn sysroot` to use", command::OPTION),
            "run `popcorn sysroot --prefix DIR`",
        ));
    };
    if !job.faults {
        sysroot::build(&job.prefix, job.jobs)?;
    }
    Ok(runtime_build::build(&job.prefix, job.faults)?)
}
