//! Programs with more rights than their user, and programs that have changed their rights: they are not moved by
//! whoever asks, and a move never gives or takes a right. Most of it takes root to set up.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Result, ensure};
use popcorn_testsuite::process;
use popcorn_testsuite::running::{COUNT, Running};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT, Isa};

const NOBODY: u32 = 65534;

/// `prog HOW ISA`: changes its rights, and asks to move.
const CHANGE: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <popcorn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static int change(const char *how)
{
	if (!strcmp(how, "nothing")) return 0;
	if (!strcmp(how, "seteuid")) return seteuid(65534);
	if (!strcmp(how, "saved")) return setresuid(-1, -1, 65534);
	if (!strcmp(how, "setegid")) return setegid(65534);
	if (!strcmp(how, "setresuid")) return setresuid(65534, 65534, 65534);
	if (!strcmp(how, "dumpable")) return prctl(PR_SET_DUMPABLE, 0);
	if (!strcmp(how, "noroot")) return prctl(PR_SET_SECUREBITS, 1);
	if (!strcmp(how, "nonewprivs")) return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!strcmp(how, "capset")) {
		/* Version 3 of the header; net_raw is bit 13. */
		unsigned head[2] = {0x20080522, 0}, data[6];
		if (syscall(SYS_capget, head, data)) return -1;
		data[0] &= ~(1u << 13);
		data[1] &= ~(1u << 13);
		return syscall(SYS_capset, head, data);
	}
	if (!strcmp(how, "seccomp")) {
		/* Kills the process at openat: load the number, compare, kill, allow. */
		struct { unsigned short code; unsigned char yes, no; unsigned k; } code[] = {
			{0x20, 0, 0, 0}, {0x15, 0, 1, 257}, {6, 0, 0, 0x80000000}, {6, 0, 0, 0x7fff0000}};
		struct { unsigned short length; void *code; } filter = {4, code};
		return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(22 /* PR_SET_SECCOMP */, 2, &filter);
	}
	return -2;
}
int main(int argc, char **argv)
{
	printf("begin %s\n", popcorn_current_isa());
	fflush(stdout);
	int changed = change(argv[1]);
	int moved = popcorn_migrate(argv[2]);
	printf("%s: %d; %d %s; now %s; users %d %d\n", argv[1], changed, moved, moved ? strerror(errno) : "moved", popcorn_current_isa(), getuid(), geteuid());
	return 0;
}
"#;

/// A workspace that others can enter, with `count`, `change` and popcorn itself; `None` with a word about it if this is
/// not root's.
fn as_root(test: &str) -> Result<Option<Workspace>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    if fs::metadata("/proc/self")?.uid() != 0 {
        eprintln!("skipped: {test}: needs root");
        return Ok(None);
    }
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    w.file("change.c", CHANGE)
        .ok("popcorn-cc", "-O1 change.c -o change")?;
    // Popcorn may lie where others cannot look.
    fs::copy(toolchain::tool("popcorn"), w.path("popcorn"))?;
    fs::set_permissions(w.path(""), fs::Permissions::from_mode(0o755))?;
    Ok(Some(w))
}

/// A command of another user's.
fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.uid(NOBODY).gid(NOBODY);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Has popcorn refuse a process, with this text.
fn refuses(mut popcorn: Command, pid: u32, says: &str) -> Result<()> {
    let line = format!("migrate {pid} --to {} --timeout 2", DEFAULT[1].name);
    let Output { status, stderr, .. } = popcorn.args(line.split(' ')).output()?;
    let stderr = text(&stderr);
    ensure!(
        status.code() == Some(1) && stderr.contains(says) && stderr.contains(&pid.to_string()),
        "{status}: no `{says}` in:\n{stderr}"
    );
    Ok(())
}

/// The program `name`, which has more rights than nobody, whose it is: it heeds no variable and no signal.
fn listens_to_nobody(w: &Workspace, name: &str) -> Result<()> {
    let other = DEFAULT[1].name;
    let with_variables = |command: &mut Command| {
        let schedule = format!("every=1,isas={other}:{}", BASE.name);
        command
            .env("POPCORN_HOP", schedule)
            .env("POPCORN_TRACE", "3")
            .env("POPCORN_GAPS", "1")
            .env("POPCORN_RESUME", "0")
            .env("POPCORN_PROG", "1")
            .env("POPCORN_ELF", "1")
            .env("POPCORN_HOST", other);
    };
    let mut command = as_nobody(&w.path(&format!("change-{name}")));
    with_variables(command.args(["nothing", other]));
    let outcome = process::run(&mut command, "", Duration::from_secs(20))?;
    let said = text(&outcome.stdout);
    let base = BASE.name;
    ensure!(
        outcome.status.success()
            && outcome.stderr.is_empty()
            && said.starts_with(&format!("begin {base}\n"))
            && said.contains(&format!("-1 Operation not permitted; now {base}")),
        "{name}: {}\n{said}{}",
        outcome.status,
        outcome.stderr
    );
    let mut command = as_nobody(&w.path(&format!("count-{name}")));
    with_variables(&mut command);
    let mut running = Running::spawn(&mut command)?;
    running.line()?;
    let pid = running.pid();
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
    ensure!(
        caught.map(str::trim) == Some("0000000000000000"),
        "{status}"
    );
    refuses(
        as_nobody(&w.path("popcorn")),
        pid,
        "more rights than its user",
    )?;
    refuses(
        Command::new(w.path("popcorn")),
        pid,
        "more rights than its user",
    )?;
    running.arrives(BASE.name)?;
    running.finish()
}

#[test]
fn programs_with_more_rights_listen_to_nobody() -> Result<()> {
    let Some(w) = as_root("programs_with_more_rights_listen_to_nobody")? else {
        return Ok(());
    };
    for (name, mode) in [("setuid", 0o4755), ("setgid", 0o2755), ("capable", 0o755)] {
        for program in ["count", "change"] {
            let file = w.path(&format!("{program}-{name}"));
            fs::copy(w.path(program), &file)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
        }
    }
    listens_to_nobody(&w, "setuid")?;
    listens_to_nobody(&w, "setgid")?;
    let set = Command::new("setcap")
        .arg("cap_net_raw+ep")
        .arg(w.path("count-capable"))
        .arg("cap_net_raw+ep")
        .arg(w.path("change-capable"))
        .status();
    if !set.is_ok_and(|set| set.success()) {
        eprintln!("skipped: file capabilities: needs setcap");
        return Ok(());
    }
    listens_to_nobody(&w, "capable")
}

/// Runs `change HOW` on an ISA, which is to end well; what it printed, and its trace.
fn change(w: &Workspace, isa: &Isa, how: &str, to: &Isa) -> Result<(String, String)> {
    let line = format!("run --trace --isa {} ./change {how} {}", isa.name, to.name);
    let outcome = w.run("popcorn", &line)?;
    let said = text(&outcome.stdout);
    ensure!(
        outcome.status.success() && said.lines().count() == 2,
        "{line}: {}\n{said}{}",
        outcome.status,
        outcome.stderr
    );
    Ok((said, outcome.stderr))
}

#[test]
fn rights_that_an_exec_would_change_keep_a_process_where_it_is() -> Result<()> {
    let Some(w) = as_root("rights_that_an_exec_would_change_keep_a_process_where_it_is")? else {
        return Ok(());
    };
    for (isa, to) in [
        (DEFAULT[0], DEFAULT[1]),
        (DEFAULT[1], DEFAULT[0]),
        (DEFAULT[2], DEFAULT[1]),
    ] {
        for (how, why) in [
            ("seteuid", "effective 65534"),
            ("saved", "saved 65534"),
            ("setegid", "several group ids"),
            ("setresuid", "gave up privileges"),
            ("dumpable", "PR_SET_DUMPABLE"),
            ("noroot", "capabilities"),
            ("capset", "(0x2000) that a move would give back"),
        ] {
            let (said, trace) = change(&w, isa, how, to)?;
            let stayed = format!("{how}: 0; -1 Operation not permitted; now {}", isa.name);
            ensure!(said.contains(&stayed), "{said}{trace}");
            ensure!(trace.contains(why), "no `{why}` in: {trace}");
        }
        for how in ["nothing", "nonewprivs"] {
            let (said, trace) = change(&w, isa, how, to)?;
            let moved = format!("{how}: 0; 0 moved; now {}", to.name);
            ensure!(said.contains(&moved), "{said}{trace}");
        }
    }
    Ok(())
}

/// Under a filter any call may end the process: it makes none, and says so to the program only. It takes no root.
#[test]
fn a_filter_makes_the_runtime_silent() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("change.c", CHANGE)
        .ok("popcorn-cc", "-O1 change.c -o change")?;
    let (said, trace) = change(&w, BASE, "seccomp", DEFAULT[1])?;
    let stayed = format!("seccomp: 0; -1 Operation not permitted; now {}", BASE.name);
    ensure!(said.contains(&stayed) && trace.is_empty(), "{said}{trace}");
    let line = format!("./change seccomp {}", DEFAULT[1].name);
    let hop = format!("every=1,isas={}:{}", DEFAULT[1].name, BASE.name);
    let outcome = w.run("popcorn", &format!("run --hop {hop} {line}"))?;
    ensure!(outcome.status.success(), "{}", outcome.stderr);
    Ok(())
}

/// A process that acts for another user is told by name, and its requests are nobody's.
#[test]
fn who_acts_for_another_user_is_not_asked() -> Result<()> {
    let Some(w) = as_root("who_acts_for_another_user_is_not_asked")? else {
        return Ok(());
    };
    let begin = COUNT.replace("char c;", "char c; if (seteuid(65534)) return 1;");
    w.file("acts.c", &begin)
        .ok("popcorn-cc", "-O2 acts.c -o acts")?;
    let mut running = Running::start(&w, "acts")?;
    let pid = running.pid();
    refuses(
        Command::new(w.path("popcorn")),
        pid,
        "real user 0, effective user 65534",
    )?;
    refuses(as_nobody(&w.path("popcorn")), pid, "process")?;
    running.arrives(BASE.name)?;
    running.finish()
}
