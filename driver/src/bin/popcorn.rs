//! `popcorn`: runs, moves and looks at programs that popcorn-cc linked.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use popcorn_driver::args::unknown_isa;
use popcorn_driver::cli::migrate::Answer;
use popcorn_driver::cli::run::Run;
use popcorn_driver::cli::{extract, inspect, migrate, run};
use popcorn_driver::{runtime_build, sysroot};
use popcorn_toolchains::Isa;

/// Programs that run on several ISAs and move between them while they run.
#[derive(Parser)]
#[command(name = "popcorn", version)]
struct Cli {
    #[command(subcommand)]
    command: Cmd,
}

#[derive(Subcommand)]
enum Cmd {
    /// Run a program
    Run {
        /// Start as this ISA (default: the host's)
        #[arg(long, value_parser = isa)]
        isa: Option<&'static Isa>,
        /// Move by itself: every=N[,max=M],isas=A:B:C, or isas=self to capture and resume in place
        #[arg(long, value_name = "SPEC")]
        hop: Option<String>,
        /// Print a line per hop on standard error
        #[arg(long)]
        trace: bool,
        /// Print at the end how many migration points it passed, and the longest time between two
        #[arg(long)]
        gaps: bool,
        /// The program
        prog: PathBuf,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Move a running process, and wait until it has happened
    Migrate {
        /// Process id
        pid: u32,
        /// The ISA to go on as
        #[arg(long, value_parser = isa)]
        to: &'static Isa,
        /// Seconds to wait
        #[arg(long, default_value_t = 30.0)]
        timeout: f64,
    },
    /// Write one ISA's image as a plain static ELF file
    Extract {
        /// Which
        #[arg(long, value_parser = isa)]
        isa: &'static Isa,
        /// The program
        prog: PathBuf,
        /// The file to write
        #[arg(short)]
        output: PathBuf,
    },
    /// Say what is in a program: ISAs, sites, sizes, build id
    Inspect {
        /// Only the names of the ISAs, one a line
        #[arg(long)]
        isas: bool,
        /// The program
        prog: PathBuf,
    },
    /// Build what programs are linked with: libc, headers and the runtime
    Sysroot {
        /// Where; an up-to-date one is left alone
        #[arg(long)]
        prefix: PathBuf,
        /// Compilations at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
    },
}

/// Looks an ISA up for clap; the error lists those there are.
fn isa(name: &str) -> Result<&'static Isa, String> {
    Isa::by_name(name).ok_or_else(|| unknown_isa(name).to_string())
}

fn main() -> ExitCode {
    match command(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("popcorn: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Cmd) -> popcorn_driver::Result<ExitCode> {
    match command {
        Cmd::Run {
            isa,
            hop,
            trace,
            gaps,
            prog,
            args,
        } => match run::run(&Run {
            isa,
            hop,
            trace,
            gaps,
            prog,
            args,
        })? {},
        Cmd::Migrate { pid, to, timeout } => {
            let timeout = Duration::try_from_secs_f64(timeout).map_err(|_| {
                popcorn_driver::Error::Plain(format!("{timeout} is no number of seconds"))
            })?;
            Ok(match migrate::migrate(pid, to, timeout)? {
                Answer::Moved(how) => {
                    // The answer names both ISAs before the figures.
                    let mut words = how.splitn(3, ' ');
                    let from = words.next().unwrap_or("?");
                    let figures = words.nth(1).unwrap_or("");
                    println!("process {pid} moved from {from} to {}: {figures}", to.name);
                    ExitCode::SUCCESS
                }
                Answer::Refused(why) => {
                    eprintln!("popcorn: process {pid} was not moved: {why}");
                    ExitCode::FAILURE
                }
                Answer::TimedOut(why) => {
                    let why = why.unwrap_or_else(|| {
                        "it passed no migration point, perhaps it waits in a system call".into()
                    });
                    eprintln!("popcorn: process {pid} was not moved in time: {why}");
                    ExitCode::FAILURE
                }
            })
        }
        Cmd::Extract { isa, prog, output } => {
            extract::extract(&prog, isa, &output)?;
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Inspect { isas, prog } => {
            let text = if isas {
                inspect::isas(&prog)?
            } else {
                inspect::inspect(&prog)?
            };
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Sysroot { prefix, jobs } => {
            sysroot::build(&prefix, jobs)?;
            runtime_build::build(&prefix)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
