//! A program that runs beside the test, which moves it, checkpoints it and listens to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// A program that counts; prints where it is; ends with 42 when its standard input does.
pub const COUNT: &str = r#"
#include <poll.h>
#include <popcorn.h>
#include <stdio.h>
#include <unistd.h>
static int depth(int n) { volatile int x = n; return n ? depth(n - 1) + x : 0; }
int main(void)
{
	char c;
	struct pollfd in = {0, POLLIN, 0};
	setvbuf(stdout, 0, _IOLBF, 0);
	for (int i = 0; ; i++) {
		printf("%d %s %d\n", i, popcorn_current_isa(), depth(20));
		if (poll(&in, 1, 10) > 0 && read(0, &c, 1) == 0)
			return 42;
	}
}
"#;

/// A program under way; it ends when this is dropped.
pub struct Running {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    /// Starts a program of the workspace, and waits for its first line.
    pub fn start(w: &Workspace, prog: &str) -> Result<Running> {
        let mut running = Running::spawn(&mut Command::new(w.path(prog)))?;
        running.line()?;
        Ok(running)
    }

    /// Starts a command.
    pub fn spawn(command: &mut Command) -> Result<Running> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        let output = BufReader::new(child.stdout.take().context("piped")?);
        Ok(Running { child, output })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line as it is.
    pub fn text(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "the program is gone");
        Ok(line)
    }

    /// Gives it something to read.
    pub fn say(&mut self, text: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("piped")?;
        Ok(input.write_all(text.as_bytes())?)
    }

    /// Everything that it prints from now on, and how it ends.
    pub fn rest(mut self) -> Result<(String, ExitStatus)> {
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        Ok((text, self.child.wait()?))
    }

    /// The next line: count, ISA, a sum.
    pub fn line(&mut self) -> Result<(u64, String)> {
        let line = self.text()?;
        let words: Vec<_> = line.split_whitespace().collect();
        ensure!(words.len() == 3 && words[2] == "210", "garbage: {line}");
        Ok((words[0].parse()?, words[1].to_owned()))
    }

    /// Reads on until the program says that it runs as `isa`; nothing may be missing or twice.
    pub fn arrives(&mut self, isa: &str) -> Result<()> {
        let (mut count, mut now) = self.line()?;
        let start = Instant::now();
        while now != isa {
            ensure!(
                start.elapsed() < Duration::from_secs(20),
                "still {now}, not {isa}"
            );
            let (next, name) = self.line()?;
            ensure!(next == count + 1, "{next} after {count}");
            (count, now) = (next, name);
        }
        Ok(())
    }

    /// Ends its input and wants 42.
    pub fn finish(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        while self.line().is_ok() {}
        let status = self.child.wait()?;
        ensure!(status.code() == Some(42), "{status}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
