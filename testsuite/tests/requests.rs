//! Requests at bad moments, from bad places and by several at once: the process lives on, and every asker is told what
//! is true.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use popcorn_metadata::request::{Id, Name, Request, Role, SIGNAL, Wish};
use popcorn_testsuite::running::{COUNT, Running};
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::{BASE, DEFAULT};

fn count() -> Result<Option<Workspace>> {
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    Ok(Some(w))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn user() -> Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

/// Sends the signal of requests, if it is caught.
fn signal(pid: u32) -> Result<()> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.context("SigCgt")?.trim(), 16)?;
    if caught >> (SIGNAL - 1) & 1 == 1 {
        let kill = format!("kill -{SIGNAL} {pid}");
        ensure!(Command::new("sh").args(["-c", &kill]).status()?.success());
    }
    Ok(())
}

/// Two ask for different ISAs at the same time, while somebody sends the signal over and over: whoever is told that the
/// process moved is right, and nobody waits in vain.
#[test]
fn several_ask_at_once() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let mut running = Running::start(&w, "count")?;
    let pid = running.pid();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let storm = scope.spawn(|| -> Result<()> {
            while !done.load(Relaxed) {
                signal(pid)?;
            }
            Ok(())
        });
        let rounds = || -> Result<()> {
            for round in 0..15 {
                let to = [DEFAULT[(round + 1) % 3].name, DEFAULT[(round + 2) % 3].name];
                let askers = to.map(|isa| {
                    let line = format!("migrate {pid} --to {isa} --timeout 30");
                    w.command("popcorn", &line)
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                });
                for (asker, isa) in askers.into_iter().zip(to) {
                    let Output {
                        status,
                        stdout,
                        stderr,
                    } = asker?.wait_with_output()?;
                    ensure!(status.success(), "round {round}, {isa}: {}", text(&stderr));
                    let said = text(&stdout);
                    ensure!(said.contains(&format!("to {isa}: ")), "{said}");
                }
            }
            Ok(())
        };
        let result = rounds();
        done.store(true, Relaxed);
        storm.join().map_err(|_| anyhow::anyhow!("the storm"))??;
        result
    })?;
    for isa in [BASE, DEFAULT[1], BASE] {
        w.ok("popcorn", &format!("migrate {pid} --to {}", isa.name))?;
        running.arrives(isa.name)?;
    }
    running.finish()
}

/// Pipes, links, files of the wrong kind and stale ones in the folder harm nobody, and are not waited for.
#[test]
fn files_that_are_no_requests() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let run = w.path("run");
    let folder = run.join(format!("popcorn-{}", user()?));
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let mut running = Running::spawn(Command::new(w.path("count")).env("XDG_RUNTIME_DIR", &run))?;
    running.line()?;
    let pid = running.pid();
    let name = |id: u64, role| {
        let name = Name {
            process: pid,
            id: Id(id),
            role,
        };
        folder.join(name.to_string())
    };
    let request = |id| {
        let wish = Wish::Move {
            isa: DEFAULT[1].name.as_bytes(),
            emulator: None,
        };
        Request { id: Id(id), wish }.to_bytes()
    };
    let fifo = Command::new("mkfifo")
        .arg(name(1, Role::Request))
        .status()?;
    ensure!(fifo.success());
    fs::write(w.path("elsewhere"), request(2))?;
    let lock = |path: &Path| -> Result<fs::File> {
        let file = fs::File::open(path)?;
        file.lock()?;
        Ok(file)
    };
    let _linked = lock(&w.path("elsewhere"))?;
    symlink(w.path("elsewhere"), name(2, Role::Request))?;
    // Nobody waits for this one.
    fs::write(name(3, Role::Request), request(3))?;
    // Others may write here.
    fs::write(name(4, Role::Request), request(4))?;
    fs::set_permissions(name(4, Role::Request), fs::Permissions::from_mode(0o666))?;
    let _open = lock(&name(4, Role::Request))?;
    fs::create_dir(name(5, Role::Request))?;
    fs::remove_dir(name(5, Role::Request))?;
    fs::write(name(6, Role::Request), vec![b'x'; 100_000])?;
    let _large = lock(&name(6, Role::Request))?;
    fs::write(name(7, Role::Request), "popcorn-request 9\n")?;
    let _newer = lock(&name(7, Role::Request))?;
    signal(pid)?;
    let start = Instant::now();
    while [6, 7].iter().any(|&id| !name(id, Role::Reply).exists()) {
        ensure!(start.elapsed() < Duration::from_secs(20), "no reply");
        running.line()?;
    }
    for (id, why) in [(6, "too long"), (7, "another version")] {
        let said = fs::read_to_string(name(id, Role::Reply))?;
        ensure!(said.contains("refused") && said.contains(why), "{said}");
        fs::remove_file(name(id, Role::Reply))?;
    }
    running.arrives(BASE.name)?;
    ensure!(fs::read(w.path("elsewhere"))? == request(2));
    let mut ask = w.command(
        "popcorn",
        &format!("migrate {pid} --to {}", DEFAULT[1].name),
    );
    ensure!(ask.env_remove("XDG_RUNTIME_DIR").status()?.success());
    running.arrives(DEFAULT[1].name)?;
    let left: Vec<_> = fs::read_dir(&folder)?.collect();
    ensure!(left.is_empty(), "{left:?}");
    running.finish()
}

/// The folder is looked for where the process looks, however long its path.
#[test]
fn the_folder_is_the_process_s() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let mut run = w.path("run");
    while run.as_os_str().len() < 500 {
        run.push("a-folder-with-a-long-name");
    }
    fs::create_dir_all(&run)?;
    let mut running = Running::spawn(Command::new(w.path("count")).env("XDG_RUNTIME_DIR", &run))?;
    running.line()?;
    let pid = running.pid();
    for isa in [DEFAULT[1], DEFAULT[2], BASE] {
        let line = format!("migrate {pid} --to {}", isa.name);
        let mut ask = w.command("popcorn", &line);
        let asked = ask.env("XDG_RUNTIME_DIR", w.path("")).status()?;
        ensure!(asked.success());
        running.arrives(isa.name)?;
    }
    // A relative path is none.
    let mut elsewhere =
        Running::spawn(Command::new(w.path("count")).env("XDG_RUNTIME_DIR", "run"))?;
    elsewhere.line()?;
    w.ok(
        "popcorn",
        &format!("migrate {} --to {}", elsewhere.pid(), DEFAULT[1].name),
    )?;
    elsewhere.arrives(DEFAULT[1].name)?;
    elsewhere.finish()?;
    running.finish()
}

/// A process that knows itself by another number, and whose folder only it can see.
#[test]
fn other_namespaces_are_reached() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let run = w.path("run");
    fs::create_dir(&run)?;
    let inside = "mount -t tmpfs popcorn-test \"$1\" && \"$0\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", inside])
        .arg(w.path("count"))
        .arg(&run)
        .env("XDG_RUNTIME_DIR", &run);
    let mut running = Running::spawn(command.stderr(Stdio::null()))?;
    if running.line().is_err() {
        eprintln!("skipped: other_namespaces_are_reached: needs root and unshare");
        return Ok(());
    }
    let child = |pid: u32| -> Result<u32> {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        Ok(children.trim().parse()?)
    };
    let pid = child(child(running.pid())?)?;
    for isa in [DEFAULT[1], BASE] {
        w.ok("popcorn", &format!("migrate {pid} --to {}", isa.name))?;
        running.arrives(isa.name)?;
    }
    ensure!(fs::read_dir(&run)?.next().is_none());
    w.refused(
        "popcorn",
        &format!("checkpoint {pid} -o image"),
        &["another pid namespace"],
    )?;
    running.finish()
}

/// A process without a free descriptor cannot answer: popcorn sees why.
#[test]
fn no_descriptor_is_free() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    let full = COUNT.replace("char c;", "char c; while (dup(0) >= 0) ;");
    w.file("full.c", &full)
        .ok("popcorn-cc", "-O2 full.c -o full")?;
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 32; exec \"$0\""])
        .arg(w.path("full"));
    let mut running = Running::spawn(&mut limited)?;
    running.line()?;
    let pid = running.pid();
    w.refused(
        "popcorn",
        &format!("migrate {pid} --to {} --timeout 1", DEFAULT[1].name),
        &["no file descriptor free", "32"],
    )?;
    running.arrives(BASE.name)?;
    running.finish()
}

/// A stopped process is told as such.
#[test]
fn a_stopped_process_does_not_answer() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let mut running = Running::start(&w, "count")?;
    let pid = running.pid();
    let kill = |signal: &str| {
        Command::new("sh")
            .args(["-c", &format!("kill -{signal} {pid}")])
            .status()
    };
    ensure!(kill("STOP")?.success());
    let line = format!("migrate {pid} --to {} --timeout 0.5", DEFAULT[1].name);
    w.refused("popcorn", &line, &["it is stopped"])?;
    ensure!(kill("CONT")?.success());
    running.arrives(BASE.name)?;
    running.finish()
}

/// An answer is noticed when it comes.
#[test]
fn asking_costs_little() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let running = Running::start(&w, "count")?;
    let line = format!("migrate {} --to {}", running.pid(), BASE.name);
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        w.ok("popcorn", &line)?;
        times.push(start.elapsed());
    }
    times.sort();
    // The process itself looks every ten milliseconds; a busy machine may take its time, but not each time.
    ensure!(times[0] < Duration::from_millis(60), "{times:?}");
    running.finish()
}

/// Under an emulator every signal is caught before the program listens: one that is asked as it begins lives on.
#[test]
fn a_program_that_begins_is_not_hurt() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    for round in 0..8 {
        let isa = DEFAULT[1 + round % 2];
        let line = format!("run --isa {} ./count", isa.name);
        let mut running = Running::spawn(&mut w.command("popcorn", &line))?;
        let ask = format!("migrate {} --to {}", running.pid(), BASE.name);
        loop {
            let asked = w.run("popcorn", &ask)?;
            if asked.status.success() {
                break;
            }
            // It is still popcorn itself.
            ensure!(
                asked.stderr.contains("was not built by popcorn-cc"),
                "round {round}: {}",
                asked.stderr
            );
        }
        running.arrives(BASE.name)?;
        running.finish()?;
    }
    Ok(())
}

/// Computes in a signal handler, then outside.
const HANDLER: &str = r#"
#include <popcorn.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
static volatile unsigned long sum;
static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static void work(void)
{
	for (unsigned i = 0; i < 100000; i++) sum += i;
}
static void handler(int sig)
{
	printf("begins as %s\n", popcorn_current_isa());
	for (long end = now() + 700; now() < end; ) work();
	printf("ends as %s\n", popcorn_current_isa());
}
int main(void)
{
	setvbuf(stdout, 0, _IOLBF, 0);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	for (int i = 0; i < 3000 && popcorn_current_isa()[0] == 'x'; i++) work();
	printf("after it as %s\n", popcorn_current_isa());
	return 42;
}
"#;

/// What a handler on top of other code cannot do at once is done when it has returned, and the asker waits that long.
#[test]
fn a_handler_moves_when_it_has_returned() -> Result<()> {
    let Some(w) = Workspace::new() else {
        return Ok(());
    };
    w.file("handler.c", HANDLER)
        .ok("popcorn-cc", "-O2 handler.c -o handler")?;
    let mut running = Running::spawn(&mut Command::new(w.path("handler")))?;
    let (from, to) = (BASE.name, DEFAULT[1].name);
    ensure!(running.text()?.trim_end() == format!("begins as {from}"));
    w.ok("popcorn", &format!("migrate {} --to {to}", running.pid()))?;
    let (rest, status) = running.rest()?;
    ensure!(
        rest == format!("ends as {from}\nafter it as {to}\n") && status.code() == Some(42),
        "{status}\n{rest}"
    );
    Ok(())
}
