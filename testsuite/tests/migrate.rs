//! `popcorn migrate` from outside: it waits until the process has moved, or says why it has not, and a
//! process that is not moved goes on as if nothing had been asked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{ALL, BASE};

/// Counts; prints where it is; ends with 42 when its standard input does.
const COUNT: &str = r#"
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

/// The same with a second thread, which sleeps.
const THREADS: &str = r#"
#include <pthread.h>
#include <unistd.h>
static void *other(void *arg) { for (;;) sleep(1); return arg; }
int begin(void) { pthread_t t; return pthread_create(&t, 0, other, 0); }
"#;

/// A program under way; it ends when this is dropped.
struct Running {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(w: &Workspace, prog: &str) -> Result<Running> {
        Running::spawn(&mut Command::new(w.path(prog)))
    }

    fn spawn(command: &mut Command) -> Result<Running> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("piped")?);
        let mut running = Running { child, output };
        running.line()?;
        Ok(running)
    }

    /// The next line: count, ISA, a sum.
    fn line(&mut self) -> Result<(u64, String)> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "the program is gone");
        let words: Vec<_> = line.split_whitespace().collect();
        ensure!(words.len() == 3 && words[2] == "210", "garbage: {line}");
        Ok((words[0].parse()?, words[1].to_owned()))
    }

    /// Reads on until the program says that it runs as `isa`; nothing may be missing or twice.
    fn arrives(&mut self, isa: &str) -> Result<()> {
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
    fn finish(mut self) -> Result<()> {
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

#[test]
fn a_process_moves_when_asked() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let mut running = Running::start(&w, "count")?;
    let pid = running.child.id();
    for isa in [ALL[1], ALL[2], BASE, ALL[2], ALL[1], BASE] {
        let outcome = w.ok("popcorn", &format!("migrate {pid} --to {}", isa.name))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            said.contains(&format!("to {}: ", isa.name)) && said.contains("frames"),
            "{said}"
        );
        let exe = fs::read_link(format!("/proc/{pid}/exe"))?;
        let emulated = exe.file_name().is_some_and(|n| n == isa.emulator);
        ensure!(emulated == (isa.id != BASE.id), "{} runs it", exe.display());
        running.arrives(isa.name)?;
    }
    running.finish()
}

#[test]
fn a_process_with_threads_stays_and_says_why() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let main = COUNT.replace(
        "char c;",
        "char c; extern int begin(void); if (begin()) return 1;",
    );
    w.file("count.c", &main).file("threads.c", THREADS);
    w.ok("popcorn-cc", "-O2 count.c threads.c -o count")?;
    let mut running = Running::start(&w, "count")?;
    let pid = running.child.id();
    let isa = ALL[1].name;
    w.refused(
        "popcorn",
        &format!("migrate {pid} --to {isa} --timeout 2"),
        &["thread"],
    )?;
    running.arrives(BASE.name)?;
    running.finish()
}

#[test]
fn a_process_without_an_emulator_stays() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let mut running = Running::start(&w, "count")?;
    let pid = running.child.id();
    let output = w
        .command("popcorn", &format!("migrate {pid} --to {}", ALL[1].name))
        .env("PATH", w.path("none"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        !output.status.success() && said.contains("no emulator"),
        "{said}"
    );
    running.arrives(BASE.name)?;
    running.finish()
}

#[test]
fn who_cannot_be_asked() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let isa = ALL[1].name;
    let own = std::process::id();
    w.refused(
        "popcorn",
        &format!("migrate {own} --to {isa}"),
        &["was not built by popcorn-cc"],
    )?;
    w.refused(
        "popcorn",
        &format!("migrate 999999999 --to {isa}"),
        &["no process 999999999"],
    )
}

/// Another user's process, and one with this user but other groups, stay as they are.
#[test]
fn processes_of_others_are_left_alone() -> Result<()> {
    const NOBODY: u32 = 65534;
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    if fs::metadata("/proc/self")?.uid() != 0 {
        eprintln!("skipped: only root has other users' processes");
        return Ok(());
    }
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    fs::set_permissions(w.path(""), fs::Permissions::from_mode(0o755))?;
    // Popcorn itself may lie where others cannot look.
    fs::copy(toolchain::tool("popcorn"), w.path("popcorn"))?;
    let isa = ALL[1].name;
    for (gid, texts) in [
        (0, ["process", "other groups or privileges"]),
        (NOBODY, ["process", "another user"]),
    ] {
        let uid = if gid == 0 { NOBODY } else { 0 };
        let mut running = Running::spawn(Command::new(w.path("count")).uid(uid).gid(0))?;
        let pid = running.child.id().to_string();
        let output = Command::new(w.path("popcorn"))
            .args(["migrate", &pid, "--to", isa, "--timeout", "2"])
            .uid(NOBODY)
            .gid(NOBODY)
            .output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(1), "{:?}", output.status);
        for text in texts.iter().chain(&[pid.as_str(), "help:"]) {
            ensure!(stderr.contains(text), "no `{text}` in:\n{stderr}");
        }
        running.arrives(BASE.name)?;
        running.finish()?;
    }
    Ok(())
}

/// A program whose image for another ISA is of another build goes on without moving.
#[test]
fn an_image_of_another_build_is_not_entered() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let said = w.ok("popcorn", "inspect count")?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let id = said
        .lines()
        .find_map(|line| line.strip_prefix("build id"))
        .context("no build id")?
        .trim()
        .as_bytes()
        .chunks(2)
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect::<Result<Vec<u8>>>()?;
    let mut bytes = fs::read(w.path("count"))?;
    let places: Vec<_> = (0..bytes.len() - id.len())
        .filter(|&at| bytes[at..at + id.len()] == id[..])
        .collect();
    // The base image, its note and every other image have one at least; the base ISA's come first.
    ensure!(places.len() > ALL.len(), "{places:?}");
    let base = w.path("base");
    w.ok(
        "popcorn",
        &format!("extract --isa {} count -o base", BASE.name),
    )?;
    let end = fs::metadata(base)?.len() as usize;
    for at in places.into_iter().filter(|&at| at >= end) {
        bytes[at] ^= 1;
    }
    fs::write(w.path("mixed"), &bytes)?;
    toolchain::compile(Command::new("chmod").arg("755").arg(w.path("mixed")))?;
    let mut running = Running::start(&w, "mixed")?;
    let pid = running.child.id();
    let isa = ALL[1].name;
    w.refused(
        "popcorn",
        &format!("migrate {pid} --to {isa} --timeout 3"),
        &["build"],
    )?;
    running.arrives(BASE.name)?;
    running.finish()
}
