//! Kernel objects in a checkpoint: pipes and sockets with what is in them, counters, epoll sets, memory files, shared
//! memory. A program with one of each says the same with and without a checkpoint between, on every ISA; and the process
//! that the image was taken of does not notice.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use popcorn_testsuite::running::Running;
use popcorn_testsuite::workspace::Workspace;
use popcorn_testsuite::{process, toolchain};
use popcorn_toolchains::{DEFAULT, Isa};

const KINDS: &str = include_str!("../objects/kinds.c");

/// What the program says after it has been told to go on, when plain clang compiled it.
fn plain(w: &Workspace) -> Result<String> {
    let mut clang = toolchain::clang();
    clang.args(["-O1", "-w", "-pthread", "kinds.c", "-o", "plain"]);
    let built = clang.current_dir(w.path("")).output()?;
    ensure!(
        built.status.success(),
        "clang: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    let folder = w.path("there");
    fs::create_dir(&folder)?;
    let name = format!("/popcorn-plain-{}", std::process::id());
    let mut command = Command::new(w.path("plain"));
    command.arg(name).current_dir(folder);
    let outcome = process::run(&mut command, "go\n", Duration::from_secs(30))?;
    ensure!(outcome.status.code() == Some(42), "{}", outcome.status);
    Ok(String::from_utf8(outcome.stdout)?)
}

fn from(isa: &'static Isa) -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("kinds.c", KINDS)
        .ok("popcorn-cc", "-O1 -w -pthread kinds.c -o kinds")?;
    let expected = plain(&w)?;
    let name = format!("/popcorn-kinds-{}-{}", isa.name, std::process::id());
    let line = format!("run --isa {} ./kinds {name}", isa.name);
    let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
    let mut said = running.text()?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    running.say("go\n")?;
    let (rest, status) = running.rest()?;
    said.push_str(&rest);
    ensure!(
        status.code() == Some(42) && said == expected,
        "the process itself: {status}\n{said}"
    );
    for to in DEFAULT {
        let mut restore = w.command("popcorn", &format!("restore --isa {} image", to.name));
        let outcome = process::run(&mut restore, "go\n", Duration::from_secs(60))?;
        let said = format!("ready\n{}", String::from_utf8_lossy(&outcome.stdout));
        ensure!(
            outcome.status.code() == Some(42) && said == expected,
            "restored on {}: {}\n{}{said}\nexpected:\n{expected}",
            to.name,
            outcome.status,
            outcome.stderr
        );
    }
    Ok(())
}

#[test]
fn from_the_first_isa_to_each() -> Result<()> {
    from(DEFAULT[0])
}

#[test]
fn from_the_second_isa_to_each() -> Result<()> {
    from(DEFAULT[1])
}

#[test]
fn from_the_third_isa_to_each() -> Result<()> {
    from(DEFAULT[2])
}

/// What an image shows of them; and where two processes cannot have the same the second is refused by name.
#[test]
fn what_somebody_else_has_is_named() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("kinds.c", KINDS)
        .ok("popcorn-cc", "-O1 -w -pthread kinds.c -o kinds")?;
    let name = format!("/popcorn-twice-{}", std::process::id());
    let mut running = Running::spawn(
        Command::new(w.path("kinds"))
            .arg(name)
            .current_dir(w.path("")),
    )?;
    running.text()?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    let shown = String::from_utf8(w.ok("popcorn", "inspect image")?.stdout)?;
    for kind in [
        "pipe",
        "socket",
        "eventfd",
        "timerfd",
        "signalfd",
        "epoll set",
        "file in the image",
    ] {
        ensure!(shown.contains(kind), "no {kind} in:\n{shown}");
    }
    let outcome = w.run("popcorn", "restore image")?;
    ensure!(
        outcome.status.code() == Some(125)
            && outcome
                .stderr
                .contains("was a socket, which cannot be made again: address already in use"),
        "{}\n{}",
        outcome.status,
        outcome.stderr
    );
    running.say("go\n")?;
    let (_, status) = running.rest()?;
    ensure!(status.code() == Some(42), "{status}");
    Ok(())
}
