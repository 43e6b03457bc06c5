//! Running a program with a time limit.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What a run printed and how it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub timed_out: bool,
    pub elapsed: Duration,
}

/// Runs `command` with `stdin`; kills it after `limit`.
pub fn run(command: &mut Command, stdin: &str, limit: Duration) -> Result<Outcome> {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {command:?}"))?;
    let mut input = child.stdin.take().expect("piped");
    let mut out = child.stdout.take().expect("piped");
    let mut err = child.stderr.take().expect("piped");
    thread::scope(|scope| {
        // A child that does not read its input closes the pipe; that is no error.
        scope.spawn(move || drop(input.write_all(stdin.as_bytes())));
        let stdout = scope.spawn(move || {
            let mut bytes = Vec::new();
            out.read_to_end(&mut bytes).map(|_| bytes)
        });
        let stderr = scope.spawn(move || {
            let mut bytes = Vec::new();
            err.read_to_end(&mut bytes).map(|_| bytes)
        });
        let mut timed_out = false;
        let mut pause = Duration::from_micros(500);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() > limit {
                timed_out = true;
                child.kill()?;
                break child.wait()?;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        Ok(Outcome {
            status,
            stdout: stdout.join().expect("reader")?,
            stderr: String::from_utf8_lossy(&stderr.join().expect("reader")?).into_owned(),
            timed_out,
            elapsed: start.elapsed(),
        })
    })
}
