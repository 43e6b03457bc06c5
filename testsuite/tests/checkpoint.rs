//! `popcorn checkpoint` and `popcorn restore`: an image taken on one ISA goes on on any, as often as one
//! likes, and the process it was taken of never notices.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_metadata::image::{Checkpoint, Image};
use popcorn_testsuite::process;
use popcorn_testsuite::running::Running;
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT, Isa};

/// Works at the bottom of a recursion on a heap, two files with offsets and a signal handler; looks at
/// its arguments and environment, and for children and `SIGCHLD` that it never had.
const WORK: &str = include_str!("checkpoint/work.c");

/// Prints a line, does `BODY`, and then counts until its input ends.
const BODY: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char c;
	int pair[2];
	struct pollfd in = {0, POLLIN, 0};
	setvbuf(stdout, 0, _IOLBF, 0);
	BODY
	for (int i = 0; ; i++) {
		printf("%d x 210\n", i);
		if (poll(&in, 1, 10) > 0 && read(0, &c, 1) == 0)
			return 42;
	}
}
"#;

/// A workspace with `prog`, which does `body` first.
fn body(body: &str) -> Result<Option<Workspace>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file("prog.c", &with_body(body))
        .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    Ok(Some(w))
}

fn with_body(body: &str) -> String {
    BODY.replace("\tBODY\n", &format!("\t{body}\n"))
}

/// A workspace with `work` and its input, and what it prints by itself.
fn work() -> Result<Option<(Workspace, String)>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    let input: String = (0..60).map(|i| format!("line {i}\n")).collect();
    w.file("work.c", WORK)
        .file("input", &input)
        .ok("popcorn-cc", "-O2 work.c -o work")?;
    let outcome = process::run(
        Command::new(w.path("work"))
            .args(["argument", "log"])
            .current_dir(w.path("")),
        "",
        Duration::from_secs(60),
    )?;
    ensure!(outcome.status.code() == Some(42), "{}", outcome.status);
    let said = String::from_utf8(outcome.stdout)?;
    ensure!(said.lines().count() == 61, "{said}");
    Ok(Some((w, said)))
}

/// Starts `work` as an ISA and lets it print some lines, which are returned.
fn start_work(w: &Workspace, isa: &Isa) -> Result<(Running, String)> {
    let line = format!("run --isa {} ./work argument log-{}", isa.name, isa.name);
    let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
    let mut said = String::new();
    for _ in 0..5 {
        said.push_str(&running.text()?);
    }
    Ok((running, said))
}

/// Restores an image and wants the end of `expected`; how much of it.
fn restore(w: &Workspace, isa: &Isa, image: &str, expected: &str) -> Result<usize> {
    let outcome = w.run("popcorn", &format!("restore --isa {} {image}", isa.name))?;
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    ensure!(
        outcome.status.code() == Some(42),
        "{image} on {}: {}\n{}",
        isa.name,
        outcome.status,
        outcome.stderr
    );
    ensure!(
        expected.ends_with(&said) && said.lines().count() < 58 && said.lines().count() > 5,
        "{image} on {} printed:\n{said}",
        isa.name
    );
    Ok(said.len())
}

/// From every ISA to every ISA.
fn from(isa: &'static Isa) -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    let (running, mut said) = start_work(&w, isa)?;
    let pid = running.pid();
    let outcome = w.ok("popcorn", &format!("checkpoint {pid} -o image"))?;
    let told = String::from_utf8_lossy(&outcome.stdout).into_owned();
    // The 300 of the recursion, three around it, and libc's if the process waited.
    let frames = told.split_once(&format!("as {}: ", isa.name));
    let frames = frames.and_then(|(_, rest)| rest.split(' ').next()?.parse::<u32>().ok());
    ensure!(
        frames.is_some_and(|n| (303..330).contains(&n)) && told.contains("pause"),
        "{told}"
    );
    // It holds all that the process knows.
    let mode = fs::metadata(w.path("image"))?.permissions().mode();
    ensure!(mode & 0o7777 == 0o600, "{mode:o}");
    // It goes on as if nothing had been.
    let (rest, status) = running.rest()?;
    said.push_str(&rest);
    ensure!(
        status.code() == Some(42) && said == expected,
        "{status}\n{said}"
    );
    let lengths: Vec<usize> = DEFAULT
        .iter()
        .chain([&BASE])
        .map(|to| restore(&w, to, "image", &expected))
        .collect::<Result<_>>()?;
    // Each begins where the image does.
    ensure!(lengths.windows(2).all(|w| w[0] == w[1]), "{lengths:?}");
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

/// What a stopped process printed and what the restored one prints is the whole, and nothing twice.
#[test]
fn a_stopped_process_is_in_its_image_only() -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    for (isa, to) in [(DEFAULT[0], DEFAULT[1]), (DEFAULT[2], DEFAULT[0])] {
        let (running, mut said) = start_work(&w, isa)?;
        let pid = running.pid();
        let line = format!("checkpoint --stop {pid}");
        let told = String::from_utf8(w.ok("popcorn", &line)?.stdout)?;
        ensure!(told.contains("it stopped"), "{told}");
        let (rest, status) = running.rest()?;
        ensure!(!status.success(), "{status}");
        said.push_str(&rest);
        let image = format!("work.{pid}.popcorn");
        let length = restore(&w, to, &image, &expected)?;
        ensure!(said == expected[..expected.len() - length], "{said}");
    }
    Ok(())
}

/// A restored process is like any other: it can be checkpointed and moved.
#[test]
fn a_restored_process_is_checkpointed_again() -> Result<()> {
    let Some((w, expected)) = work()? else {
        return Ok(());
    };
    let (running, _) = start_work(&w, DEFAULT[0])?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o 0", running.pid()),
    )?;
    for (i, isa) in [DEFAULT[1], DEFAULT[0], DEFAULT[2]].iter().enumerate() {
        let line = format!("restore --isa {} {i}", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        running.text()?;
        let pid = running.pid();
        w.ok("popcorn", &format!("checkpoint --stop {pid} -o {}", i + 1))?;
        drop(running);
    }
    restore(&w, DEFAULT[1], "3", &expected)?;
    let mut running = Running::spawn(&mut w.command("popcorn", "restore 3"))?;
    running.text()?;
    let line = format!("migrate {} --to {}", running.pid(), DEFAULT[2].name);
    w.ok("popcorn", &line)?;
    let (rest, status) = running.rest()?;
    ensure!(
        status.code() == Some(42) && expected.ends_with(&rest),
        "{rest}"
    );
    Ok(())
}

#[test]
fn untouched_memory_costs_nothing() -> Result<()> {
    let Some(w) = body(
        "volatile char *p = calloc(1, 1 << 30); p[5000] = 1; p[1 << 29] = 1; p[1 << 28] = 0;",
    )?
    else {
        return Ok(());
    };
    let mut running = Running::start(&w, "prog")?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    let bytes = fs::read(w.path("image"))?;
    ensure!(bytes.len() < 100_000, "{} bytes", bytes.len());
    let checkpoint = Image::parse(&bytes).and_then(Checkpoint::read)?;
    ensure!(
        checkpoint.maps().any(|m| m.length >= 1 << 30),
        "no such map"
    );
    running.line()?;
    running.finish()
}

/// The C library maps the file of the time zone, which is only read.
#[test]
fn a_time_zone_is_not_shared_memory() -> Result<()> {
    let Some(w) = body("time_t t = 0; if (localtime(&t)->tm_hour != 3) return 1;")? else {
        return Ok(());
    };
    // One kind of time, three hours east, called XYZ, as musl reads the first version of RFC 8536.
    let counts: [u32; 6] = [0, 0, 0, 0, 1, 4];
    let mut zone = b"TZif1".to_vec();
    zone.resize(20, 0);
    zone.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    zone.extend((3 * 3600_u32).to_be_bytes());
    zone.extend(b"\0\0XYZ\0");
    fs::write(w.path("zone"), zone)?;
    let mut running = Running::spawn(w.command("popcorn", "run ./prog").env("TZ", "./zone"))?;
    running.line()?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    running.finish()
}

/// What cannot be opened again is refused by number, and the process goes on.
#[test]
fn descriptors_that_cannot_be_kept() -> Result<()> {
    for (open, texts) in [
        (
            // An orphan has the other end.
            "pipe(pair); if (!fork()) { if (!fork()) { close(1); close(pair[1]); \
             while (read(0, &c, 1) > 0) {} } _exit(0); } wait(0); dup2(pair[1], 77); close(pair[0]); close(pair[1]);",
            [
                "descriptor 77 is a pipe whose other end is outside",
                "opened again",
            ],
        ),
        (
            "{ struct sockaddr_in any = {.sin_family = AF_INET}; socklen_t n = sizeof any; int l = socket(AF_INET, SOCK_STREAM, 0); \
             bind(l, (void *)&any, n); listen(l, 1); getsockname(l, (void *)&any, &n); connect(socket(AF_INET, SOCK_STREAM, 0), \
             (void *)&any, n); }",
            [
                "descriptor 4 is a socket whose other end is outside",
                "opened again",
            ],
        ),
        (
            "dup2(socket(AF_NETLINK, SOCK_RAW, 0), 78); close(3);",
            ["descriptor 78 is a socket of a kind", "not known"],
        ),
        (
            "{ struct { struct cmsghdr h; int fd; } right = {{CMSG_LEN(4), 0, SOL_SOCKET, SCM_RIGHTS}, 1}; \
             struct iovec v = {\"x\", 1}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &right, \
             .msg_controllen = sizeof right}; socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair); sendmsg(pair[0], &m, 0); }",
            [
                "descriptor 4 is a socket with descriptors",
                "nobody has received",
            ],
        ),
        (
            "dup2(inotify_init(), 79); close(3); mkdir(\"watched\", 0700); inotify_add_watch(79, \"watched\", IN_CREATE); \
             rename(\"watched\", \"elsewhere\");",
            ["descriptor 79 is an inotify set", "no path is known"],
        ),
        (
            "{ int set = epoll_create1(0), watched = eventfd(0, 0); struct epoll_event e = {EPOLLIN}; \
             epoll_ctl(set, EPOLL_CTL_ADD, watched, &e); dup(watched); close(watched); }",
            [
                "descriptor 3 is an epoll set",
                "what the program has closed",
            ],
        ),
        (
            "dup2(open(\"old\", O_CREAT | O_RDWR, 0600), 81); close(3); link(\"old\", \"new\"); unlink(\"old\");",
            ["descriptor 81 is ", "another name now"],
        ),
        (
            "if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGKILL); close(1); pause(); }",
            ["child processes", "not checkpointed"],
        ),
        (
            "chdir(mkdtemp(strdup(\"dirXXXXXX\"))); { char d[4096]; rmdir(getcwd(d, sizeof d)); }",
            ["working directory", "removed"],
        ),
    ] {
        let Some(w) = body(open)? else {
            return Ok(());
        };
        let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
        running.line()?;
        let line = format!("checkpoint {} -o image", running.pid());
        w.refused("popcorn", &line, &texts).context(open)?;
        let before = running.line()?.0;
        let after = running.line()?.0;
        ensure!(after == before + 1, "{after} after {before}");
        let stopped = line.replace("checkpoint", "checkpoint --stop");
        w.refused("popcorn", &stopped, &texts)?;
        running.line()?;
        running.finish()?;
    }
    Ok(())
}

/// POSIX timers run on with what was left, those that were set to a date until then; their numbers stay.
#[test]
fn timers_run_on() -> Result<()> {
    let Some(w) = body(
        "timer_t often, span, date; struct timespec now; clock_gettime(CLOCK_REALTIME, &now); \
         sigset_t set; sigemptyset(&set); sigaddset(&set, SIGUSR1); sigprocmask(SIG_BLOCK, &set, 0); \
         struct sigevent event = {.sigev_signo = SIGUSR1, .sigev_value.sival_int = 5}; \
         timer_create(CLOCK_MONOTONIC, &event, &span); timer_delete(span); \
         timer_create(CLOCK_MONOTONIC, &event, &often); timer_create(CLOCK_MONOTONIC, 0, &span); \
         timer_create(CLOCK_REALTIME, 0, &date); \
         timer_settime(often, 0, &(struct itimerspec){{0, 10000000}, {0, 10000000}}, 0); \
         timer_settime(span, 0, &(struct itimerspec){{0, 0}, {9000, 0}}, 0); now.tv_sec += 9000; \
         timer_settime(date, TIMER_ABSTIME, &(struct itimerspec){{0, 0}, now}, 0);",
    )?
    else {
        return Ok(());
    };
    let text = fs::read_to_string(w.path("prog.c"))?.replace(
        "return 42;",
        "{ siginfo_t info; struct itimerspec a, b, c; \
         sigwaitinfo(&set, &info); sigwaitinfo(&set, &info); \
         timer_gettime(often, &a); timer_gettime(span, &b); timer_gettime(date, &c); \
         printf(\"%d %d %ld %d %d\\n\", info.si_value.sival_int, info.si_timerid == (int)(long)often, \
         a.it_interval.tv_nsec, b.it_value.tv_sec / 1000 == 8, c.it_value.tv_sec / 1000 == 8); return 42; }",
    );
    w.file("prog.c", &text)
        .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
    running.line()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o image", running.pid()),
    )?;
    for isa in DEFAULT {
        let outcome = w.run("popcorn", &format!("restore --isa {} image", isa.name))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            said.ends_with("5 1 10000000 1 1\n"),
            "{}: {said}{}",
            isa.name,
            outcome.stderr
        );
    }
    Ok(())
}

/// Threads that compute, sleep, wait for each other and hold locks go on, in the process that was checkpointed and in every
/// one that is restored.
#[test]
fn threads_go_on() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let text = with_body("begin();")
        .replace("return 42;", "return end();")
        .replace("int main(", &format!("{THREADS}\nint main("));
    w.file("prog.c", &text)
        .ok("popcorn-cc", "-O1 -pthread prog.c -o prog")?;
    let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
    running.line()?;
    let pid = running.pid();
    w.ok("popcorn", &format!("checkpoint {pid} -o first"))?;
    running.line()?;
    w.ok("popcorn", &format!("checkpoint --stop {pid} -o second"))?;
    for image in ["first", "second"] {
        for isa in DEFAULT {
            let outcome = w.run("popcorn", &format!("restore --isa {} {image}", isa.name))?;
            let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
            ensure!(
                said.ends_with("1 1 1 7\n") && outcome.status.code() == Some(42),
                "{} from {image}: {said}{}",
                isa.name,
                outcome.stderr
            );
        }
    }
    let shown = w.ok("popcorn", "inspect --json second")?;
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout)?;
    let threads = json["threads"].as_array().context("no threads")?;
    ensure!(threads.len() == 5, "{} threads", threads.len());
    Ok(())
}

const THREADS: &str = include_str!("checkpoint/threads.c");

/// A copy of standard output is whoever restores' standard output; two descriptors of one open file
/// still share their offset; the third stays close-on-exec.
#[test]
fn duplicates_stay_duplicates() -> Result<()> {
    let Some(w) = body(
        "int out = dup(1), a = open(\"file\", O_CREAT | O_RDWR, 0600), b = dup(a); \
         fcntl(b, F_SETFD, FD_CLOEXEC); int alone = open(\"file\", O_RDONLY);",
    )?
    else {
        return Ok(());
    };
    let text = fs::read_to_string(w.path("prog.c"))?.replace(
        "return 42;",
        "{ write(a, \"abc\", 3); dprintf(out, \"%d %d %d %d\\n\", (int)lseek(b, 0, SEEK_CUR), \
         (int)lseek(alone, 0, SEEK_CUR), fcntl(a, F_GETFD), fcntl(b, F_GETFD)); return 42; }",
    );
    w.file("prog.c", &text)
        .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    let mut running = Running::spawn(Command::new(w.path("prog")).current_dir(w.path("")))?;
    running.line()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o image", running.pid()),
    )?;
    for isa in DEFAULT {
        let outcome = w.run("popcorn", &format!("restore --isa {} image", isa.name))?;
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            said.ends_with("3 0 0 1\n"),
            "{}: {said}{}",
            isa.name,
            outcome.stderr
        );
    }
    Ok(())
}

/// A program under way with an image of it, `image`.
fn with_image() -> Result<Option<(Workspace, Running)>> {
    let Some(w) = body("")? else { return Ok(None) };
    let running = Running::start(&w, "prog")?;
    w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
    Ok(Some((w, running)))
}

/// Every single byte counts; so do one too few and one too many.
#[test]
fn damaged_images_are_refused() -> Result<()> {
    let Some((w, mut running)) = with_image()? else {
        return Ok(());
    };
    let whole = fs::read(w.path("image"))?;
    let sound = |bytes: &[u8]| Image::parse(bytes).and_then(Checkpoint::read).is_ok();
    ensure!(sound(&whole), "the image itself");
    let mut bytes = whole.clone();
    for at in 0..bytes.len() {
        bytes[at] ^= 1 << (at % 8);
        ensure!(!sound(&bytes), "a changed byte at {at} is not noticed");
        bytes[at] = whole[at];
    }
    for (what, bytes) in [
        ("truncated", &whole[..whole.len() - 1]),
        ("truncated", &whole[..whole.len() / 2]),
        ("truncated", &whole[..20]),
        ("bytes behind its end", &[&whole[..], &[0]].concat()),
        (
            "not a process image",
            &b"#!/bin/sh\necho an image, honestly\n"[..],
        ),
        ("truncated", &[][..]),
    ] {
        fs::write(w.path("bad"), bytes)?;
        for command in ["restore bad", "inspect --json bad"] {
            w.refused("popcorn", command, &["bad: ", what, "help: "])?;
        }
    }
    for at in [8, 12, 20, 40, 100, 3000, whole.len() - 10] {
        bytes[at] ^= 0x10;
        fs::write(w.path("bad"), &bytes)?;
        w.refused(
            "popcorn",
            "restore bad",
            &["bad: ", "process image", "help: "],
        )?;
        bytes[at] = whole[at];
    }
    running.line()?;
    running.finish()
}

#[test]
fn an_image_needs_its_program() -> Result<()> {
    let Some((w, running)) = with_image()? else {
        return Ok(());
    };
    running.finish()?;
    w.refused("popcorn", "restore --isa vax image", &["unknown ISA `vax`"])?;
    let other = BODY.replace("BODY", "puts(\"another program\");");
    w.file("other.c", &other)
        .ok("popcorn-cc", "other.c -o other")?;
    w.refused(
        "popcorn",
        "restore image --program other",
        &["another build", "build id", "--program"],
    )?;
    w.refused(
        "popcorn",
        "restore image --program prog.c",
        &["not a popcorn executable"],
    )?;
    fs::rename(w.path("prog"), w.path("moved"))?;
    w.refused(
        "popcorn",
        "restore image",
        &["prog cannot be read", "--program"],
    )?;
    w.refused("popcorn", "restore none", &["none: No such file"])?;
    let outcome = w.ok("popcorn", "inspect image --program moved")?;
    ensure!(
        String::from_utf8_lossy(&outcome.stdout).contains("main"),
        "no main"
    );
    let outcome = w.run("popcorn", "restore image --program moved")?;
    ensure!(outcome.status.code() == Some(42), "{}", outcome.stderr);
    // Built for two ISAs, it cannot be restored on the third.
    let isas = format!("{},{}", DEFAULT[0].name, DEFAULT[1].name);
    w.ok(
        "popcorn-cc",
        &format!("--popcorn-isas={isas} prog.c -o two"),
    )?;
    let running = Running::start(&w, "two")?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o of-two", running.pid()),
    )?;
    w.refused(
        "popcorn",
        &format!("restore --isa {} of-two", DEFAULT[2].name),
        &[&format!("no image for {}", DEFAULT[2].name)],
    )?;
    w.refused_without_emulators(&format!("restore --isa {} of-two", DEFAULT[1].name))
}

#[test]
fn files_that_are_gone_are_named() -> Result<()> {
    let Some(w) = body("open(\"data\", O_CREAT | O_RDWR, 0600);")? else {
        return Ok(());
    };
    let mut command = Command::new(w.path("prog"));
    let mut running = Running::spawn(command.current_dir(w.path("")))?;
    running.line()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o image", running.pid()),
    )?;
    fs::rename(w.path("data"), w.path("elsewhere"))?;
    w.refused(
        "popcorn",
        "restore image",
        &["image: descriptor ", "data", "No such file"],
    )?;
    fs::create_dir(w.path("data"))?;
    w.refused(
        "popcorn",
        "restore image",
        &["image: descriptor ", "not a regular file"],
    )
}

#[test]
fn who_cannot_be_checkpointed() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let own = std::process::id();
    w.refused(
        "popcorn",
        &format!("checkpoint {own} -o x"),
        &["was not built by popcorn-cc"],
    )?;
    w.refused(
        "popcorn",
        "checkpoint 999999999 -o x",
        &["no process 999999999"],
    )?;
    use std::os::unix::process::CommandExt;
    let nobody = Command::new("sleep").arg("20").uid(65534).spawn();
    let Ok(mut nobody) = nobody else {
        eprintln!("skipped: a process of another user can be made by root only");
        return Ok(());
    };
    let result = w.refused(
        "popcorn",
        &format!("checkpoint {} -o x", nobody.id()),
        &["belongs to another user"],
    );
    nobody.kill()?;
    nobody.wait()?;
    result
}

/// Ctrl-C: the file under way, the request and its signal are taken back, and the process goes on.
#[test]
fn an_interrupted_request_leaves_nothing() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    // A call of inline assembly is waited for: no migration point until its input comes.
    let prog = "#include <stdio.h>\nint main(void) { char c; long n; puts(\"0 here 210\"); fflush(stdout); \
                __asm__ volatile(\"syscall\" : \"=a\"(n) : \"0\"(0L), \"D\"(0L), \"S\"(&c), \"d\"(1L) : \"rcx\", \"r11\", \"memory\"); \
                return n ? 1 : 42; }";
    w.file("prog.c", prog);
    w.ok("popcorn-cc", "-O2 prog.c -o prog")?;
    let run = w.path("run");
    fs::create_dir(&run)?;
    let mut running = Running::spawn(Command::new(w.path("prog")).env("XDG_RUNTIME_DIR", &run))?;
    running.line()?;
    let (pid, before) = (running.pid(), w.files());
    let requests = || -> Vec<_> {
        let dir = fs::read_dir(&run).into_iter().flatten().flatten().next();
        let files = dir.and_then(|dir| fs::read_dir(dir.path()).ok());
        let files = files.into_iter().flatten().flatten();
        files.map(|f| f.file_name()).collect()
    };
    let migrate = format!("migrate {pid} --to {}", DEFAULT[1].name);
    for (line, name, signal) in [
        (format!("checkpoint {pid} -o image"), "INT", 2),
        (format!("checkpoint --stop {pid}"), "TERM", 15),
        (migrate, "INT", 2),
    ] {
        // The shell that runs the tests may have had signals ignored.
        let mut tool = Command::new("env");
        tool.arg("--default-signal").arg(toolchain::tool("popcorn"));
        tool.args(line.split(' ')).current_dir(w.path("."));
        let mut tool = tool.env("XDG_RUNTIME_DIR", &run).spawn()?;
        while requests().is_empty() && tool.try_wait()?.is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let kill = format!("kill -{name} {}", tool.id());
        ensure!(Command::new("sh").args(["-c", &kill]).status()?.success());
        let status = tool.wait()?;
        ensure!(status.signal() == Some(signal), "{line}: {status}");
        ensure!(w.files() == before, "{line}: {:?}", w.files());
        ensure!(requests().is_empty(), "{line}: {:?}", requests());
    }
    running.finish()
}

/// The disk is full, or the file may not be as large: nothing is left, and the process goes on, also if
/// it was to stop.
#[test]
fn no_room_for_the_image() -> Result<()> {
    let Some(w) = body(
        "volatile char *p = malloc(4 << 20); for (int i = 0; i < 4 << 20; i++) p[i] = i * i >> 3;",
    )?
    else {
        return Ok(());
    };
    // The limit is in blocks of 512 bytes.
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f 64; exec \"$0\""])
        .arg(w.path("prog"));
    let mut running = Running::spawn(&mut limited)?;
    running.line()?;
    for how in ["", "--stop"] {
        let line = format!("checkpoint {how} {} -o image", running.pid());
        w.refused("popcorn", &line, &["was not checkpointed", "too large"])?;
        running.line()?;
    }
    let line = format!("checkpoint {} -o none/image", running.pid());
    w.refused("popcorn", &line, &["none/image", "No such file"])?;
    let line = format!("checkpoint {} -o /dev/full", running.pid());
    w.refused("popcorn", &line, &["not a regular file"])?;
    running.finish()?;
    full_disk(&w)
}

fn full_disk(w: &Workspace) -> Result<()> {
    let disk = w.path("disk");
    fs::create_dir(&disk)?;
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "popcorn-test"])
        .arg(&disk)
        .output();
    if !mount.is_ok_and(|m| m.status.success()) {
        eprintln!("skipped: a full disk needs root and mount");
        return Ok(());
    }
    let result = on_full_disk(w);
    Command::new("umount").arg(&disk).status()?;
    result
}

fn on_full_disk(w: &Workspace) -> Result<()> {
    let mut running = Running::start(w, "prog")?;
    for how in ["", "--stop"] {
        let line = format!("checkpoint {how} {} -o disk/image", running.pid());
        w.refused("popcorn", &line, &["was not checkpointed", "no space left"])?;
        let left = fs::read_dir(w.path("disk"))?.count();
        ensure!(left == 0, "{left} files are left");
        running.line()?;
    }
    running.finish()
}

/// What a process was started with, a restored one has to be started with.
#[test]
fn descriptors_from_outside_are_given_again() -> Result<()> {
    let Some(w) = body("write(7, \"x\", 1);")? else {
        return Ok(());
    };
    let text = fs::read_to_string(w.path("prog.c"))?.replace(
        "return 42;",
        "{ if (write(7, \"given\\n\", 6) != 6) return 1; return 42; }",
    );
    w.file("prog.c", &text)
        .ok("popcorn-cc", "-O1 prog.c -o prog")?;
    let fifo = Command::new("mkfifo").arg(w.path("fifo")).status()?;
    ensure!(fifo.success(), "mkfifo");
    let mut started = Command::new("sh");
    started
        .args(["-c", "exec \"$0\" 7<>fifo"])
        .arg(w.path("prog"))
        .current_dir(w.path(""));
    let mut running = Running::spawn(&mut started)?;
    running.line()?;
    w.ok(
        "popcorn",
        &format!("checkpoint --stop {} -o image", running.pid()),
    )?;
    w.refused(
        "popcorn",
        "restore image",
        &["started with descriptor 7", "7</dev/null"],
    )?;
    for isa in DEFAULT {
        let mut again = Command::new("sh");
        let tool = toolchain::tool("popcorn");
        again
            .args(["-c", "exec \"$0\" restore --isa \"$1\" image 7>told"])
            .arg(tool)
            .arg(isa.name)
            .current_dir(w.path(""));
        let outcome = process::run(&mut again, "", Duration::from_secs(30))?;
        ensure!(outcome.status.code() == Some(42), "{}", outcome.stderr);
        ensure!(
            fs::read_to_string(w.path("told"))? == "given\n",
            "{}",
            isa.name
        );
    }
    Ok(())
}

/// Frames with lines and variables, with debug information; types and offsets without.
#[test]
fn an_image_shows_its_frames() -> Result<()> {
    const WALK: &str = r#"#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
struct point { double x, y; };
static void on_usr1(int s) {}
__attribute__((noinline)) static long walk(struct point *at, const char *name, long end)
{
	long sum = 0;
	for (int i = 0; ; i++) {
		char c;
		struct pollfd in = {0, POLLIN, 0};
		at->x += 0.5;
		sum += i * 3;
		printf("%d x 210\n", i);
		if (poll(&in, 1, 10) > 0 && read(0, &c, 1) == 0) return sum + end + name[0];
	}
}
static const char *names[] = {"a walker", "another"};
static int args;
__attribute__((noinline)) static long visit(int depth, struct point *at)
{
	int here = depth * 7;
	if (depth == 0) return walk(at, names[args > 5], args - 6);
	return visit(depth - 1, at) * 3 + here;
}
int main(int argc, char **argv)
{
	struct point start = {1.5, 2.5};
	args = argc;
	setvbuf(stdout, 0, _IOLBF, 0);
	signal(SIGUSR1, on_usr1);
	return visit(2, &start) + (int)start.x ? 42 : 1;
}
"#;
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("walk.c", WALK);
    for (flags, isa) in [
        ("-g -O0", DEFAULT[0]),
        ("-g -O2", DEFAULT[1]),
        ("-O2", DEFAULT[2]),
    ] {
        w.ok("popcorn-cc", &format!("{flags} walk.c -o walk"))?;
        let line = format!("run --isa {} ./walk", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        for _ in 0..5 {
            running.line()?;
        }
        w.ok("popcorn", &format!("checkpoint {} -o image", running.pid()))?;
        running.finish()?;
        let text = String::from_utf8(w.ok("popcorn", "inspect image")?.stdout)?;
        let json = w.ok("popcorn", "inspect --json image")?.stdout;
        let json: serde_json::Value = serde_json::from_slice(&json)?;
        ensure!(
            json["isa"] == isa.name && json["build_id"].is_string(),
            "{json}"
        );
        shows_surroundings(&json)?;
        if flags.contains("-g") {
            shows_variables(&json, &text)?;
        } else {
            ensure!(
                text.lines()
                    .any(|l| l.starts_with('#') && l.ends_with(" walk"))
                    && text.contains("[record+"),
                "{text}"
            );
        }
    }
    Ok(())
}

fn shows_surroundings(json: &serde_json::Value) -> Result<()> {
    let signal = &json["signals"][0];
    ensure!(
        signal["signal"] == 10 && signal["handler"] == "on_usr1",
        "{signal}"
    );
    let standard = &json["descriptors"][1];
    ensure!(
        standard["number"] == 1 && standard["given"] == true,
        "{standard}"
    );
    let regions = json["memory"].as_array().map_or(0, Vec::len);
    ensure!(regions > 3, "{regions} regions");
    Ok(())
}

/// Three frames of `visit` below `walk`, each with its own depth.
fn shows_variables(json: &serde_json::Value, text: &str) -> Result<()> {
    ensure!(
        text.contains("char * name = ") && text.contains("\"a walker\""),
        "{text}"
    );
    let mut frames = json["threads"][0]["frames"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    // Above it are libc's, if the process waited.
    let own = frames.iter().position(|f| f["function"] == "walk");
    frames.drain(..own.unwrap_or(0));
    let names: Vec<_> = frames
        .iter()
        .filter_map(|f| f["function"].as_str())
        .collect();
    ensure!(
        names[..5] == ["walk", "visit", "visit", "visit", "main"],
        "{names:?}"
    );
    let lines: Vec<_> = frames.iter().filter_map(|f| f["line"].as_u64()).collect();
    ensure!(
        lines[1] == 24 && lines[2..4] == [25, 25] && lines[4] == 33,
        "{lines:?}"
    );
    let value = |frame: usize, name: &str| {
        let values = frames[frame]["values"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = values.into_iter().find(|v| v["name"] == name);
        found.and_then(|v| {
            Some((
                v["type"].as_str()?.to_owned(),
                v["value"].as_str()?.to_owned(),
            ))
        })
    };
    ensure!(
        value(0, "end") == Some(("long".into(), "-5".into())),
        "{text}"
    );
    let (count, sum) = (value(0, "i"), value(0, "sum"));
    let number = |v: Option<(String, String)>| v.and_then(|v| v.1.parse::<i64>().ok());
    let (Some(i), Some(sum)) = (number(count), number(sum)) else {
        anyhow::bail!("{text}");
    };
    // The point is at the loop's end or its beginning.
    let sums = [i - 1, i, i + 1].map(|i| 3 * i * (i + 1) / 2);
    ensure!(sums.contains(&sum), "i {i}, sum {sum}");
    // Above its call a frame has the variables that it still needs.
    ensure!(
        value(3, "here") == Some(("int".into(), "14".into())),
        "{text}"
    );
    ensure!(
        value(2, "here") == Some(("int".into(), "7".into())),
        "{text}"
    );
    Ok(())
}
