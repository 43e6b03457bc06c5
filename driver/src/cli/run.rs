//! `popcorn run`: becomes the program, as one ISA or another.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use popcorn_metadata::environment;
use popcorn_toolchains::{BASE, Isa};

use crate::args::unknown_isa;
use crate::cli::exe::Exe;
use crate::cli::hop::HopSpec;
use crate::cli::{host, launch};
use crate::error::{Error, Result};
use crate::tools;

/// How to run a program: options of `popcorn run` and `cargo popcorn run`.
#[derive(Debug, Args)]
pub struct How {
    /// Start as this ISA (default: the host's)
    #[arg(long, value_parser = isa)]
    pub isa: Option<&'static Isa>,
    /// Move by itself: every=N[,max=M],isas=A:B:C, or isas=self to capture and resume in place
    #[arg(long, value_name = "SPEC")]
    pub hop: Option<String>,
    #[command(flatten)]
    pub trace: Trace,
}

/// How much the runtime is to say.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Trace {
    /// Print on standard error a line per hop (1, the default), what each move does (2), every frame (3)
    #[arg(long = "trace", value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "1",
          value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: Option<u8>,
}

impl Trace {
    /// Tells a program that is to be started.
    pub fn tell(self, command: &mut Command) {
        if let Some(level) = self.level {
            command.env(environment::TRACE, level.to_string());
        }
    }
}

/// Looks an ISA up for clap; the error lists those there are.
pub fn isa(name: &str) -> std::result::Result<&'static Isa, String> {
    Isa::by_name(name).ok_or_else(|| unknown_isa(name).to_string())
}

/// The command line of `popcorn run`.
#[derive(Debug, Args)]
pub struct Words {
    #[command(flatten)]
    how: How,
    /// Print at the end how many migration points it passed, and the longest time between two
    #[arg(long)]
    gaps: bool,
    /// The program and its arguments; what stands behind PROG is the program's
    // One list: if PROG were an argument of its own, options directly behind it would be taken from the program.
    #[arg(value_name = "PROG", trailing_var_arg = true, required = true)]
    words: Vec<OsString>,
}

impl From<Words> for Run {
    fn from(line: Words) -> Run {
        let mut words = line.words.into_iter();
        Run {
            how: line.how,
            gaps: line.gaps,
            env: Vec::new(),
            prog: words.next().unwrap_or_default().into(),
            args: words.collect(),
        }
    }
}

/// What to run, and how.
#[derive(Debug)]
pub struct Run {
    pub how: How,
    pub gaps: bool,
    /// Changes of the environment; without a value the variable goes.
    pub env: Vec<(OsString, Option<OsString>)>,
    pub prog: PathBuf,
    pub args: Vec<OsString>,
}

/// Becomes the program; returns only if that fails.
pub fn run(run: &Run) -> Result<std::convert::Infallible> {
    let path = find(&run.prog)?;
    let exe = Exe::open(&path)?;
    let isa = run.how.isa.unwrap_or(BASE);
    exe.require(isa)?;
    if let Some(text) = &run.how.hop {
        for isa in HopSpec::parse(text)?.isas() {
            exe.require(isa)?;
            host::emulator(isa)?;
        }
    }
    // From here on every ISA that the program may run as is in the file and can run here.
    let mut command = launch::command(&exe, isa, run.prog.as_os_str())?;
    if let Some(text) = &run.how.hop {
        command.env(environment::HOP, text);
    }
    run.how.trace.tell(&mut command);
    if run.gaps {
        command.env(environment::GAPS, "1");
    }
    for (name, value) in &run.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(&run.args);
    Err(launch::exec(command))
}

/// A name without a slash is looked for here, then on `PATH`.
fn find(prog: &Path) -> Result<PathBuf> {
    if prog.components().count() == 1 && !prog.exists() {
        let name = prog.to_string_lossy();
        return tools::on_path(&name).ok_or_else(|| {
            Error::usage(
                format!("{name}: no such program"),
                "give its path; it is neither here nor on PATH",
            )
        });
    }
    prog.canonicalize().map_err(Error::io(prog))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        words: Words,
    }

    fn parse(line: &str) -> std::result::Result<Run, clap::Error> {
        Line::try_parse_from(line.split(' ')).map(|line| line.words.into())
    }

    #[test]
    fn what_stands_behind_the_program_is_the_programs() {
        for rest in [
            "--help",
            "-h",
            "--trace",
            "--gaps",
            "--version",
            "--isa vax",
            "--hop x",
            "-- --help",
            "x --help -- -h",
        ] {
            let run = parse(&format!("run --gaps prog {rest}")).expect(rest);
            assert_eq!(run.prog, Path::new("prog"), "{rest}");
            let args: Vec<&str> = run.args.iter().map(|a| a.to_str().unwrap()).collect();
            assert_eq!(args.join(" "), rest);
            assert!(
                run.gaps && run.how.trace.level.is_none() && run.how.isa.is_none(),
                "{rest}"
            );
        }
    }

    #[test]
    fn options_stand_before_the_program() {
        let line = format!("run --trace --isa {} prog", BASE.name);
        let run = parse(&line).unwrap();
        assert!(run.how.trace.level == Some(1) && run.args.is_empty());
        let run = parse("run --trace=3 prog").unwrap();
        assert_eq!(run.how.trace.level, Some(3));
        let run = parse(&line).unwrap();
        assert_eq!(run.how.isa.map(|isa| isa.id), Some(BASE.id));
        let run = parse("run -- -prog --trace").unwrap();
        assert_eq!(run.prog, Path::new("-prog"));
        assert_eq!(run.args, ["--trace"]);
        for wrong in [
            "run",
            "run --trace",
            "run --trace=4 prog",
            "run --unknown prog",
            "run --isa vax prog",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
