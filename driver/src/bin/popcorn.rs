//! `popcorn`: runs, moves and looks at programs that popcorn-cc linked.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use popcorn_driver::Error;
use popcorn_driver::cli::image::ImageFile;
use popcorn_driver::cli::request::Answer;
use popcorn_driver::cli::restore::Restore;
use popcorn_driver::cli::run::{self, Trace, isa};
use popcorn_driver::cli::{
    checkpoint, extract, inspect, interrupt, migrate, report, restore, sysroot,
};
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
    #[command(override_usage = "popcorn run [OPTIONS] PROG [ARGS]...")]
    Run(run::Words),
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
    /// Write a running process to a file, from which it can be restored
    Checkpoint {
        /// Process id
        pid: u32,
        /// The file to write (default: PROG.PID.popcorn)
        #[arg(short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// End the process when the file is safe
        #[arg(long, conflicts_with = "go_on")]
        stop: bool,
        /// Let the process go on while a copy of it writes (the default)
        #[arg(long = "continue")]
        go_on: bool,
        /// Seconds to wait until the process begins
        #[arg(long, default_value_t = 30.0)]
        timeout: f64,
    },
    /// Become the process that was written to a file
    Restore {
        /// Go on as this ISA (default: the host's)
        #[arg(long, value_parser = isa)]
        isa: Option<&'static Isa>,
        /// Its program, if it is not where it was
        #[arg(long, value_name = "PROG")]
        program: Option<PathBuf>,
        #[command(flatten)]
        trace: Trace,
        /// What `popcorn checkpoint` wrote
        file: PathBuf,
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
    /// Say what is in a program (ISAs, sites, sizes, build id), or in a checkpoint (frames with their
    /// variables, memory, descriptors)
    Inspect {
        /// Only the names of the program's ISAs, one a line
        #[arg(long)]
        isas: bool,
        /// A checkpoint, for machines
        #[arg(long, conflicts_with = "isas")]
        json: bool,
        /// The checkpoint's program, if it is not where it was
        #[arg(long, value_name = "PROG")]
        program: Option<PathBuf>,
        /// The program or the checkpoint
        file: PathBuf,
    },
    /// Build what programs are linked with: libc, headers and the runtime
    Sysroot {
        /// Where; an up-to-date one is left alone
        #[arg(long)]
        prefix: PathBuf,
        /// Compilations at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Only the runtime, as tests of faults want it
        #[arg(long, hide = true)]
        faults: bool,
    },
}

/// A time limit.
fn seconds(text: f64) -> popcorn_driver::Result<Duration> {
    Duration::try_from_secs_f64(text)
        .map_err(|_| Error::Plain(format!("{text} is no number of seconds")))
}

/// Says why a process has not done what it was asked for.
fn unmet(pid: u32, done: &str, answer: Answer) -> ExitCode {
    match answer {
        Answer::Done(_) => return ExitCode::SUCCESS,
        Answer::Refused(why) => eprintln!("popcorn: process {pid} was not {done}: {why}"),
        Answer::TimedOut(why) => {
            let why = why.unwrap_or_else(|| {
                "it passed no migration point, perhaps it waits in a system call".into()
            });
            eprintln!("popcorn: process {pid} was not {done} in time: {why}");
        }
    }
    ExitCode::FAILURE
}

fn main() -> ExitCode {
    match command(Cli::parse().command) {
        Ok(code) => code,
        Err(Error::Interrupted(signal)) => interrupt::die(signal),
        Err(error) => {
            eprintln!("popcorn: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Cmd) -> popcorn_driver::Result<ExitCode> {
    match command {
        Cmd::Run(words) => match run::run(&words.into())? {},
        Cmd::Migrate { pid, to, timeout } => {
            Ok(match migrate::migrate(pid, to, seconds(timeout)?)? {
                Answer::Done(how) => {
                    // The answer names both ISAs before the figures.
                    let mut words = how.splitn(3, ' ');
                    let from = words.next().unwrap_or("?");
                    let figures = words.nth(1).unwrap_or("");
                    println!("process {pid} moved from {from} to {}: {figures}", to.name);
                    ExitCode::SUCCESS
                }
                other => unmet(pid, "moved", other),
            })
        }
        Cmd::Checkpoint {
            pid,
            output,
            stop,
            go_on: _,
            timeout,
        } => {
            let job = checkpoint::Job {
                pid,
                output,
                stop,
                timeout: seconds(timeout)?,
            };
            Ok(match checkpoint::checkpoint(&job)? {
                Answer::Done(said) => {
                    println!("{said}");
                    ExitCode::SUCCESS
                }
                other => unmet(pid, "checkpointed", other),
            })
        }
        Cmd::Restore {
            isa,
            program,
            trace,
            file,
        } => match restore::restore(&Restore {
            isa,
            file,
            program,
            trace,
        })? {},
        Cmd::Extract { isa, prog, output } => {
            extract::extract(&prog, isa, &output)?;
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Inspect {
            isas,
            json,
            program,
            file,
        } => {
            let text = if isas {
                inspect::isas(&file)?
            } else if json || program.is_some() || ImageFile::is_one(&file) {
                let report = report::report(&file, program.as_deref())?;
                if json {
                    report.json()
                } else {
                    report.to_string()
                }
            } else {
                inspect::inspect(&file)?
            };
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Sysroot {
            prefix,
            jobs,
            faults,
        } => match (sysroot::Job {
            prefix,
            jobs,
            faults,
        })
        .hand_over()? {},
    }
}
