//! `popcorn migrate` from outside: it waits until the process has moved, or says why it has not, and a
//! process that is not moved goes on as if nothing had been asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use popcorn_metadata::elf::Elf;
use popcorn_testsuite::nobody::{self, NOBODY, Tools};
use popcorn_testsuite::running::{COUNT, Running};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT};

/// The same with a second thread, which sleeps.
const THREADS: &str = r#"
#include <pthread.h>
#include <unistd.h>
static void *sleeps(void *arg) { for (;;) sleep(1); return arg; }
static void *computes(void *arg) { for (;;) for (volatile int i = 0; i < 1000000; i++) ; return arg; }
int begin(void)
{
	pthread_t t;
	return pthread_create(&t, 0, sleeps, 0) || pthread_create(&t, 0, computes, 0);
}
"#;

#[test]
fn a_process_moves_when_asked() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let mut running = Running::start(&w, "count")?;
    let pid = running.pid();
    for isa in [DEFAULT[1], DEFAULT[2], BASE, DEFAULT[2], DEFAULT[1], BASE] {
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

/// Loading LLVM takes longer than the move of a process that is ready.
#[test]
fn the_command_is_linked_without_llvm() -> Result<()> {
    if toolchain::missing().is_some() {
        return Ok(());
    }
    let libraries = |tool: &str| -> Result<String> {
        let bytes = fs::read(toolchain::tool(tool))?;
        let elf = Elf::parse(&bytes).with_context(|| tool.to_owned())?;
        let (_, names) = elf.find(b".dynstr").context("no .dynstr")?;
        let names = elf.contents(&names).context("no names")?;
        Ok(String::from_utf8_lossy(names).into_owned())
    };
    ensure!(libraries("popcorn-cc")?.contains("libLLVM"));
    ensure!(!libraries("popcorn")?.contains("libLLVM"));
    Ok(())
}

#[test]
fn a_process_with_threads_moves() -> Result<()> {
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
    let pid = running.pid();
    for isa in [DEFAULT[1], DEFAULT[2], BASE] {
        let outcome = w.ok("popcorn", &format!("migrate {pid} --to {}", isa.name))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(said.contains("3 threads stood"), "{said}");
        running.arrives(isa.name)?;
    }
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
    let pid = running.pid();
    w.refused_without_emulators(&format!("migrate {pid} --to {}", DEFAULT[1].name))?;
    running.arrives(BASE.name)?;
    running.finish()
}

#[test]
fn who_cannot_be_asked() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let isa = DEFAULT[1].name;
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
    let Some(w) = Workspace::public() else {
        return Ok(());
    };
    if !nobody::is_root() {
        eprintln!("skipped: only root has other users' processes");
        return Ok(());
    }
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let tools = Tools::new(&["popcorn"])?;
    let isa = DEFAULT[1].name;
    for (gid, texts) in [
        (0, ["process", "other groups or privileges"]),
        (NOBODY, ["process", "another user"]),
    ] {
        let uid = if gid == 0 { NOBODY } else { 0 };
        let mut running = Running::spawn(Command::new(w.path("count")).uid(uid).gid(0))?;
        running.line()?;
        let pid = running.pid().to_string();
        let line = format!("migrate {pid} --to {isa} --timeout 2");
        let output = tools.command(&w, "popcorn", &line).output()?;
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
    ensure!(places.len() > DEFAULT.len(), "{places:?}");
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
    let pid = running.pid();
    let isa = DEFAULT[1].name;
    w.refused(
        "popcorn",
        &format!("migrate {pid} --to {isa} --timeout 3"),
        &["build"],
    )?;
    running.arrives(BASE.name)?;
    running.finish()
}

/// What the process says when it is asked to move with this emulator; it goes on where it is.
fn refused_with(w: &Workspace, running: &mut Running, emulator: &Path, why: &str) -> Result<()> {
    let pid = running.pid();
    let to = DEFAULT[1];
    let variable = format!("POPCORN_QEMU_{}", to.name.to_uppercase());
    let line = format!("migrate {pid} --to {} --timeout 30", to.name);
    let output = w
        .command("popcorn", &line)
        .env(variable, emulator)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.code() == Some(1) && said.contains(why) && said.contains("does not run"),
        "{}: no `{why}` in:\n{said}",
        emulator.display()
    );
    running.arrives(BASE.name)
}

/// An emulator that begins and fails is found out before anything is torn down.
#[test]
fn an_emulator_that_fails_is_not_entered() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    // The program ends if it hears of a child that it never had.
    let count = COUNT
        .replace(
            "int main",
            "static void child(int s) { _exit(9); }\nint main",
        )
        .replace("char c;", "char c; signal(SIGCHLD, child);")
        .replace(
            "#include <stdio.h>",
            "#include <signal.h>\n#include <stdio.h>",
        );
    w.file("count.c", &count)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    let mut running = Running::start(&w, "count")?;
    let script = |name: &str, text: &str| -> Result<PathBuf> {
        let path = w.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    };
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\""])
        .arg(DEFAULT[2].emulator)
        .output()?;
    let found = PathBuf::from(String::from_utf8(found.stdout)?.trim());
    let crash = script("crash", "kill -KILL $$")?;
    let none = script("none", "exec /nonexistent")?;
    for (emulator, why) in [
        (Path::new("/bin/false"), "it ended with status 1"),
        (Path::new("/bin/true"), "it ended with status 0"),
        (&found, "it ended with status"),
        (&crash, "ended"),
        (&none, "cannot be run"),
    ] {
        refused_with(&w, &mut running, emulator, why)?;
    }
    let good = script("good", &format!("exec {} \"$@\"", DEFAULT[1].emulator))?;
    let pid = running.pid();
    let to = DEFAULT[1].name;
    let asked = w
        .command("popcorn", &format!("migrate {pid} --to {to}"))
        .env(format!("POPCORN_QEMU_{}", to.to_uppercase()), good)
        .status()?;
    ensure!(asked.success(), "{asked}");
    running.arrives(to)?;
    running.finish()
}

/// Limits that the other side would run into are seen from this one.
#[test]
fn limits_refuse_a_move() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    for (limit, why) in [
        ("-v 300000", "was not moved: its memory is limited"),
        ("-v 204000", "was not moved: the emulator"),
        ("-d 300000", "was not moved: its memory is limited"),
        ("-s 64", "was not moved: its stack is limited"),
        ("-f 0", "could not write its answer"),
        ("-f 40", "the file would be too large"),
    ] {
        let mut limited = Command::new("sh");
        limited
            .args(["-c", &format!("ulimit {limit}; exec \"$0\"")])
            .arg(w.path("count"));
        let mut running = Running::spawn(&mut limited)?;
        running.line()?;
        let line = format!(
            "migrate {} --to {} --timeout 5",
            running.pid(),
            DEFAULT[1].name
        );
        w.refused("popcorn", &line, &[why])
            .with_context(|| limit.to_owned())?;
        running.arrives(BASE.name)?;
        running.finish()?;
    }
    Ok(())
}
