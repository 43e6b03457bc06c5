//! Whoever takes part in a move or a checkpoint is killed, at many moments of it: one process goes on at most, and what
//! it does is right.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use popcorn_testsuite::running::{COUNT, Running};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::workspace::Workspace;
use popcorn_toolchains::DEFAULT;

/// Moments, in milliseconds behind the beginning.
const MOMENTS: [u64; 18] = [
    0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 25, 30, 40, 60, 90,
];
const PATIENCE: Duration = Duration::from_secs(60);

/// The workspace with the program that counts, if everything for moves is here.
fn count() -> Result<Option<Workspace>> {
    if DEFAULT
        .iter()
        .any(|isa| toolchain::missing_emulator(isa).is_some())
    {
        return Ok(None);
    }
    let Some(w) = Workspace::new() else {
        return Ok(None);
    };
    w.file("count.c", COUNT)
        .ok("popcorn-cc", "-O2 count.c -o count")?;
    Ok(Some(w))
}

fn ended(child: &mut Child) -> Result<()> {
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        ensure!(start.elapsed() < PATIENCE, "{} does not end", child.id());
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Nobody of this group is left.
fn nobody_is_left(group: u32) -> Result<()> {
    let start = Instant::now();
    let mut probe = Command::new("pgrep");
    probe
        .args(["-g", &group.to_string()])
        .args(["-r", "D,R,S,T"]);
    loop {
        let found = probe.output()?.stdout;
        if found.is_empty() {
            return Ok(());
        }
        let shown = String::from_utf8_lossy(&found);
        ensure!(start.elapsed() < PATIENCE, "left behind: {shown}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn kill(pid: u32) -> Result<()> {
    let mut kill = Command::new("kill");
    kill.args(["-KILL", &pid.to_string()]).stderr(Stdio::null());
    kill.status()?;
    Ok(())
}

/// The program goes on, wherever it is, and can be asked again.
#[test]
fn the_asker_of_a_move() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let mut running = Running::start(&w, "count")?;
    let pid = running.pid();
    let isas: Vec<_> = DEFAULT.iter().map(|isa| isa.name).collect();
    for (i, &moment) in MOMENTS.iter().enumerate() {
        let (first, then) = (isas[(i + 1) % isas.len()], isas[(i + 2) % isas.len()]);
        let mut asker = w
            .command("popcorn", &format!("migrate {pid} --to {first}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        thread::sleep(Duration::from_millis(moment));
        asker.kill()?;
        ended(&mut asker)?;
        w.ok(
            "popcorn",
            &format!("migrate {pid} --to {then} --timeout 60"),
        )?;
        running.arrives(then)?;
    }
    running.finish()
}

/// The image is whole or not there; nothing else is left.
#[test]
fn the_source_of_a_checkpoint() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    let mut files = w.files();
    for moment in MOMENTS {
        let mut command = Command::new(w.path("count"));
        let mut running = Running::spawn(command.process_group(0))?;
        running.line()?;
        let pid = running.pid();
        let mut asker = w
            .command("popcorn", &format!("checkpoint {pid} -o image"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        thread::sleep(Duration::from_millis(moment));
        kill(pid)?;
        ended(&mut asker)?;
        let (_, status) = running.rest()?;
        ensure!(status.signal() == Some(9), "{moment}: {status}");
        nobody_is_left(pid)?;
        if w.path("image").exists() {
            let mut restore = w.command("popcorn", "restore image");
            let restored = Running::spawn(&mut restore)?;
            restored.finish()?;
            fs::remove_file(w.path("image"))?;
        }
        let left = w.files();
        ensure!(left == files, "{moment}: {left:?}");
        files = left;
    }
    Ok(())
}

/// It is gone, and so is everything that it had started for its moves.
#[test]
fn a_process_that_moves() -> Result<()> {
    let Some(w) = count()? else {
        return Ok(());
    };
    for moment in MOMENTS {
        let mut command = w.command("popcorn", "run --trace");
        let hop = format!("every=20,isas={}", toolchain::all_isas(":"));
        command.args(["--hop", &hop]).arg(w.path("count"));
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pid = child.id();
        thread::sleep(Duration::from_millis(50 + moment));
        kill(pid)?;
        ended(&mut child)?;
        let status = child.wait()?;
        if status.signal() != Some(9) {
            bail!("{moment}: {status}");
        }
        nobody_is_left(pid)?;
    }
    Ok(())
}
