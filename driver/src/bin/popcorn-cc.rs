//! `popcorn-cc`: compiles C once, for every ISA.

use std::process::ExitCode;

use popcorn_driver::{Error, pipeline};

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
    match pipeline::run(words) {
        Ok(()) => ExitCode::SUCCESS,
        // clang has said why.
        Err(Error::FrontEnd(status)) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(error) => {
            eprintln!("popcorn-cc: error: {error}");
            ExitCode::FAILURE
        }
    }
}
