//! Kernel objects in a checkpoint: pipes and sockets with what is in them, counters, epoll sets, memory files, shared
//! memory. A program with one of each says the same with and without a checkpoint between, on every ISA; and the process
//! that the image was taken of does not notice.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

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

/// Asks `popcorn` something of a process that is being started, until it is there.
fn ask(w: &Workspace, line: &str) -> Result<()> {
    let begin = Instant::now();
    loop {
        let outcome = w.run("popcorn", line)?;
        if outcome.status.success() {
            return Ok(());
        }
        let is_starting = outcome.stderr.contains("was not built by popcorn-cc");
        ensure!(
            is_starting && begin.elapsed() < Duration::from_secs(30),
            "popcorn {line}: {}",
            outcome.stderr
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A restored process is checkpointed again, and moves, with all that it has.
#[test]
fn of_a_restored_process() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("kinds.c", KINDS)
        .ok("popcorn-cc", "-O1 -w -pthread kinds.c -o kinds")?;
    let expected = plain(&w)?;
    let name = format!("/popcorn-again-{}", std::process::id());
    let mut running = Running::spawn(
        Command::new(w.path("kinds"))
            .arg(name)
            .current_dir(w.path("")),
    )?;
    running.text()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o 0", running.pid()),
    )?;
    drop(running);
    for (n, isa) in [DEFAULT[1], DEFAULT[0], DEFAULT[2]].iter().enumerate() {
        let line = format!("restore --isa {} {n}", isa.name);
        let running = Running::spawn(&mut w.command("popcorn", &line))?;
        ask(
            &w,
            &format!("checkpoint --stop {} -o {}", running.pid(), n + 1),
        )?;
    }
    let mut running = Running::spawn(&mut w.command("popcorn", "restore 3"))?;
    for isa in [DEFAULT[2], DEFAULT[0]] {
        ask(&w, &format!("migrate {} --to {}", running.pid(), isa.name))?;
    }
    running.say("go\n")?;
    let (said, status) = running.rest()?;
    ensure!(
        status.code() == Some(42) && format!("ready\n{said}") == expected,
        "{status}\n{said}\nexpected:\n{expected}"
    );
    Ok(())
}

/// Threads that wait in a pipe and in an epoll set go on waiting where they are restored.
#[test]
fn threads_wait_in_them() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("threads.c", include_str!("../objects/threads.c"))
        .ok("popcorn-cc", "-O2 -pthread threads.c -o threads")?;
    for isa in &DEFAULT[..2] {
        let line = format!("run --isa {} ./threads", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        running.text()?;
        ask(&w, &format!("checkpoint --stop {} -o image", running.pid()))?;
        for to in DEFAULT {
            let mut restore = w.command("popcorn", &format!("restore --isa {} image", to.name));
            let outcome = process::run(&mut restore, "go\n", Duration::from_secs(60))?;
            let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
            ensure!(
                outcome.status.code() == Some(42) && said == "through two pipes\n0 !shared\n",
                "{} to {}: {}\n{said}{}",
                isa.name,
                to.name,
                outcome.status,
                outcome.stderr
            );
        }
    }
    Ok(())
}

/// A hop on one machine leaves all of it as it is, too.
#[test]
fn around_the_isas() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let flags = "-O1 -w -pthread --popcorn-migration-points=all";
    w.file("kinds.c", KINDS)
        .ok("popcorn-cc", &format!("{flags} kinds.c -o kinds"))?;
    let expected = plain(&w)?;
    let name = format!("/popcorn-hops-{}", std::process::id());
    let isas: Vec<_> = DEFAULT[1..]
        .iter()
        .chain([&DEFAULT[0]])
        .map(|isa| isa.name)
        .collect();
    // The loops that fill the pipe and compare what comes out take most of the points.
    let hop = format!("every=20011,max=12,isas={}", isas.join(":"));
    let mut run = w.command("popcorn", &format!("run --hop {hop} ./kinds {name}"));
    let outcome = process::run(&mut run, "go\n", Duration::from_secs(60))?;
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    ensure!(
        outcome.status.code() == Some(42) && said == expected,
        "{}\n{}{said}\nexpected:\n{expected}",
        outcome.status,
        outcome.stderr
    );
    Ok(())
}

/// A message queue stays with the kernel, as a file with its disk.
#[test]
fn a_message_queue_is_opened_again() -> Result<()> {
    const QUEUE: &str = r#"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char text[64], line[8];
	struct mq_attr attributes = {.mq_maxmsg = 3, .mq_msgsize = sizeof text};
	mqd_t queue = mq_open(argv[1], O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
	mq_send(queue, "kept", 5, 7);
	puts("ready");
	fflush(stdout);
	struct pollfd in = {0, POLLIN, 0};
	while (poll(&in, 1, 10) == 0) {}
	read(0, line, sizeof line);
	unsigned priority = 0;
	int length = mq_receive(queue, text, sizeof text, &priority), none = mq_receive(queue, text, sizeof text, 0);
	printf("%d %s %u %d %d\n", length, text, priority, none, mq_unlink(argv[1]));
	return 42;
}
"#;
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("queue.c", QUEUE)
        .ok("popcorn-cc", "-O1 queue.c -o queue")?;
    let name = format!("/popcorn-queue-{}", std::process::id());
    for (isa, to) in [(DEFAULT[0], DEFAULT[1]), (DEFAULT[2], DEFAULT[0])] {
        let line = format!("run --isa {} ./queue {name}", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        running.text()?;
        w.ok(
            "popcorn",
            &format!("checkpoint --stop {} -o image", running.pid()),
        )?;
        let mut restore = w.command("popcorn", &format!("restore --isa {} image", to.name));
        let outcome = process::run(&mut restore, "go\n", Duration::from_secs(60))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            said == "5 kept 7 -1 0\n",
            "{}: {said}{}",
            to.name,
            outcome.stderr
        );
    }
    Ok(())
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
