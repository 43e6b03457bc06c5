//! A process that waits in a system call moves at once, and the program does not notice: `blocked/waits.c` waits in one call
//! after the other, is moved inside each to every ISA in turn, sees a storm of the signals of requests, and checks the
//! call's result, its errno, its bytes and its time.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, str};

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, share, trial};
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT};

const SOURCE: &str = include_str!("../blocked/waits.c");

/// Anything that waits is over by then.
const LIMIT: Duration = Duration::from_secs(100);

/// The program, and a folder for it.
struct Program {
    place: Workspace,
    built: Shared<()>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(4);
    let emulators = DEFAULT
        .iter()
        .find_map(|isa| toolchain::missing_emulator(isa));
    let lack = toolchain::missing().or(emulators);
    let Some(place) = Workspace::new() else {
        return ExitCode::SUCCESS;
    };
    let program = Arc::new(Program {
        place,
        built: OnceLock::new(),
    });
    let trials = names().map(|name| {
        let program = Arc::clone(&program);
        trial(format!("blocked/{name}"), lack.clone(), move || {
            share(&program.built, || build(&program.place))?;
            moves(&program.place, name)
        })
    });
    let trials: Vec<Trial> = trials.collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The calls: the table in the source.
fn names() -> impl Iterator<Item = &'static str> {
    let rows = SOURCE
        .lines()
        .filter_map(|line| line.strip_prefix("\t{ \""));
    rows.filter_map(|row| row.split('"').next())
}

fn build(place: &Workspace) -> Result<()> {
    place.file("waits.c", SOURCE);
    place.ok("popcorn-cc", "-O2 -w waits.c -o waits").map(drop)
}

/// A program that waits.
struct Waiting {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Waiting {
    fn start(place: &Workspace, name: &str) -> Result<Waiting> {
        let mut child = Command::new(place.path("waits"))
            .arg(name)
            .current_dir(place.path("."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("piped")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let waiting = Waiting { child, output };
        ensure!(line.trim() == waiting.child.id().to_string(), "says {line}");
        Ok(waiting)
    }

    /// Until it has slept for a while.
    fn sleeps(&self) -> Result<()> {
        let start = Instant::now();
        let mut asleep = 0;
        while asleep < 10 {
            ensure!(start.elapsed() < LIMIT, "it does not wait");
            asleep = if self.is_asleep()? { asleep + 1 } else { 0 };
            sleep(Duration::from_millis(3));
        }
        Ok(())
    }

    fn is_asleep(&self) -> Result<bool> {
        let stat = fs::read_to_string(
            Path::new("/proc")
                .join(self.child.id().to_string())
                .join("stat"),
        )?;
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        ensure!(state != Some('Z'), "it has ended");
        Ok(state == Some('S'))
    }

    /// Has the program's child do something.
    fn say(&mut self, what: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("piped")?;
        Ok(input.write_all(what.as_bytes())?)
    }

    /// How it ends, and what it says.
    fn end(mut self) -> Result<()> {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if start.elapsed() > LIMIT {
                bail!("it waits for ever");
            }
            sleep(Duration::from_millis(5));
        };
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        ensure!(status.code() == Some(42), "{status}: {text}");
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits in a call, moves in it to all ISAs and back, and goes on.
fn moves(place: &Workspace, name: &str) -> Result<()> {
    let mut waiting = Waiting::start(place, name)?;
    let pid = waiting.child.id();
    for isa in [DEFAULT[1], DEFAULT[2], BASE] {
        if waiting.sleeps().is_err() && name.ends_with("-time") {
            break;
        }
        let asked = place.run(
            "popcorn",
            &format!("migrate {pid} --to {} --timeout 60", isa.name),
        )?;
        if !asked.status.success() && name.ends_with("-time") && waiting.child.try_wait()?.is_some()
        {
            break;
        }
        ensure!(asked.status.success(), "to {}: {}", isa.name, asked.stderr);
        waiting.say("s")?;
    }
    waiting.say("r")?;
    waiting.end()
}
