//! `make bench`: the figures, one a line: `figure NAME VALUE UNIT target T ok|missed`.
//!
//! Run-time overhead is counted in instructions (callgrind), which no neighbour on the machine changes.
//! The kernels are compared with plain clang -O2, inside their `kernel` function, so that two libcs do
//! not differ. Lua is compared with itself compiled by popcorn-cc without frames and points
//! (`--popcorn-uninstrumented`), linked with the same libc: plain clang's variadic calls do not fit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use popcorn_toolchains::{ALL, BASE};
use tempfile::TempDir;

const KERNELS: &[&str] = &["matmul", "sort", "lists", "nbody"];
/// Runs of which the median is taken, where time is measured.
const RUNS: usize = 5;
/// Frames on the stack that is captured.
const DEPTH: u32 = 100_000;
/// How far above the bottom of the stack the hop may be.
const SPARE: u32 = 100;

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("popcorn-bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    if let Some(reason) = toolchain::missing() {
        anyhow::bail!(reason);
    }
    let bench = Bench {
        dir: tempfile::tempdir()?,
        sources: toolchain::root().join("testsuite/bench"),
    };
    bench.kernels()?;
    bench.lua()?;
    bench.frames()?;
    bench.hops()
}

/// Prints one figure. Missing a target is no failure: the line says so.
fn figure(name: &str, value: f64, unit: &str, target: f64) {
    let verdict = if value <= target { "ok" } else { "missed" };
    println!("figure {name} {value:.2} {unit} target {target} {verdict}");
}

struct Bench {
    dir: TempDir,
    sources: PathBuf,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Instructions inside `kernel`, over plain clang -O2.
    fn kernels(&self) -> Result<()> {
        let mut product = 1.0;
        for name in KERNELS {
            let source = self.sources.join(format!("{name}.c"));
            let (plain, ours) = (self.path("plain"), self.path("ours"));
            toolchain::compile(
                toolchain::clang()
                    .args(["-O2", "-ffp-contract=off", "-o"])
                    .args([plain.as_os_str(), source.as_os_str(), "-lm".as_ref()]),
            )?;
            toolchain::compile(popcorn_cc().args(["-O2", "-o"]).args([&ours, &source]))?;
            let kernel = ["--toggle-collect=kernel"];
            let base = self.instructions(&plain, &[], &kernel)?;
            let ratio = self.instructions(&ours, &[], &kernel)? / base;
            product *= ratio;
            figure(&format!("overhead-{name}"), percent(ratio), "%", 10.0);
        }
        let mean = product.powf(1.0 / KERNELS.len() as f64);
        figure("overhead-kernels-mean", percent(mean), "%", 4.0);
        Ok(())
    }

    /// Lua: instructions, text and compile time.
    fn lua(&self) -> Result<()> {
        let root = toolchain::root().join("testsuite/demo");
        let found = Command::new(root.join("lua-sources")).output()?;
        ensure!(
            found.status.success(),
            "{}",
            String::from_utf8_lossy(&found.stderr)
        );
        let lua = PathBuf::from(String::from_utf8(found.stdout)?.trim());
        let mut sources = vec![root.join("main.c")];
        for file in fs::read_dir(&lua)? {
            let file = file?.path();
            if file.extension().is_some_and(|e| e == "c") {
                sources.push(file);
            }
        }
        sources.sort();
        let flags = ["-O2", "-w", "-DLUA_USE_POSIX", "-I"];
        let flags: Vec<&str> = flags.into_iter().chain(lua.to_str()).collect();
        let cc = toolchain::tool("popcorn-cc");
        let cc = cc.to_str().context("path")?;

        let plain = [&flags[..], &["-ffunction-sections", "-fno-pic"]].concat();
        let (plain_objects, plain_time) = self.objects("clang-22", "plain", &plain, &sources)?;
        let (objects, time) = self.objects(cc, "lua", &flags, &sources)?;
        let bare = [&flags[..], &["--popcorn-uninstrumented"]].concat();
        let (bare_objects, _) = self.objects(cc, "bare", &bare, &sources)?;

        let script = root.join("work.lua");
        let count = |name: &str, objects: &[PathBuf]| -> Result<f64> {
            let exe = self.path(name);
            toolchain::compile(popcorn_cc().arg("-o").arg(&exe).args(objects))?;
            self.instructions(&exe, &[script.as_path()], &[])
        };
        let ratio = count("lua-ours", &objects)? / count("lua-bare", &bare_objects)?;
        figure("overhead-lua", percent(ratio), "%", 12.0);

        let base = text(&plain_objects)?;
        let ours = text(&objects)?;
        figure("text-lua", ours.hot / base.hot, "x", 1.6);
        figure(
            "text-lua-with-clones",
            (ours.hot + ours.clones) / base.hot,
            "x",
            3.2,
        );
        figure("compile-time-lua", time / plain_time, "x", 6.0);
        Ok(())
    }

    /// Capture and resume of a deep stack, per frame.
    fn frames(&self) -> Result<()> {
        let exe = self.build_frames()?;
        let (mut capture, mut resume) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            // One point is passed at each entry on the way down.
            let hop = format!("every={},max=1,isas=self", DEPTH - SPARE);
            let args = [DEPTH.to_string()];
            let outcome = self.traced(&hop, &exe, &args)?;
            let hops = Hop::all(&outcome.stderr)?;
            let hop = hops.first().context("the deep stack did not hop")?;
            ensure!(
                hop.frames > f64::from(DEPTH - 2 * SPARE),
                "only {} frames",
                hop.frames
            );
            capture.push(hop.capture * 1e6 / hop.frames);
            resume.push(hop.resume * 1e6 / hop.frames);
        }
        figure("capture-per-frame", median(capture), "ns", 100.0);
        figure("resume-per-frame", median(resume), "ns", 30.0);
        Ok(())
    }

    /// Hops with 1 MB of state: to each ISA under its emulator, and back to the host's own.
    fn hops(&self) -> Result<()> {
        let exe = self.build_frames()?;
        for isa in ALL.iter().filter(|isa| isa.id != BASE.id) {
            let (mut out, mut back) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                let hop = format!("every=40,max=2,isas={}:{}", isa.name, BASE.name);
                let outcome = self.traced(&hop, &exe, &["200".into(), (1 << 20).to_string()])?;
                let hops = Hop::all(&outcome.stderr)?;
                ensure!(hops.len() == 2, "{} hops\n{}", hops.len(), outcome.stderr);
                out.push(hops[0].total());
                back.push(hops[1].total());
            }
            // Starting the emulator is most of it; the target is for the sum.
            figure(
                &format!("hop-to-{}-emulated", isa.name),
                median(out),
                "ms",
                100.0,
            );
            figure(
                &format!("hop-{}-to-native", isa.name),
                median(back),
                "ms",
                10.0,
            );
        }
        Ok(())
    }

    fn build_frames(&self) -> Result<PathBuf> {
        let exe = self.path("frames");
        if !exe.exists() {
            let source = self.sources.join("frames.c");
            toolchain::compile(popcorn_cc().args(["-O2", "-o"]).args([&exe, &source]))?;
        }
        Ok(exe)
    }

    /// Runs a program with hops; it has to succeed.
    fn traced(&self, hop: &str, exe: &Path, args: &[String]) -> Result<Outcome> {
        let mut command = Command::new(toolchain::tool("popcorn"));
        command
            .args(["run", "--trace", "--hop", hop])
            .arg(exe)
            .args(args);
        let outcome = process::run(&mut command, "", Duration::from_secs(120))?;
        ensure!(
            outcome.status.success(),
            "{}\n{}",
            outcome.status,
            outcome.stderr
        );
        Ok(outcome)
    }

    /// Instructions that a run executes, as callgrind counts them.
    fn instructions(&self, exe: &Path, args: &[&Path], options: &[&str]) -> Result<f64> {
        let mut command = Command::new("valgrind");
        command
            .arg("--tool=callgrind")
            .arg(format!(
                "--callgrind-out-file={}",
                self.path("callgrind").display()
            ))
            .args(options)
            .arg(exe)
            .args(args);
        let outcome = process::run(&mut command, "", Duration::from_secs(600))?;
        ensure!(outcome.status.success(), "{command:?}\n{}", outcome.stderr);
        outcome
            .stderr
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .and_then(|(_, count)| count.trim().parse().ok())
            .filter(|count| *count > 0.0)
            .with_context(|| format!("callgrind counted nothing\n{}", outcome.stderr))
    }

    /// Compiles `sources`, one call each; the objects, and the user time in seconds.
    fn objects(
        &self,
        compiler: &str,
        name: &str,
        flags: &[&str],
        sources: &[PathBuf],
    ) -> Result<(Vec<PathBuf>, f64)> {
        let dir = self.path(&format!("{name}-objects"));
        fs::create_dir(&dir)?;
        let script = r#"
            dir=$1; compiler=$2; shift 2
            for source in $SOURCES; do
                "$compiler" "$@" -c "$source" -o "$dir/$(basename "$source" .c).o" || exit 1
            done
            times
        "#;
        let list: Vec<_> = sources.iter().filter_map(|s| s.to_str()).collect();
        let mut command = Command::new("sh");
        command
            .args(["-c", script, "sh"])
            .arg(&dir)
            .arg(compiler)
            .args(flags)
            .env("SOURCES", list.join(" "));
        let outcome = process::run(&mut command, "", Duration::from_secs(1200))?;
        ensure!(outcome.status.success(), "{name}: {}", outcome.stderr);
        let times = String::from_utf8_lossy(&outcome.stdout).into_owned();
        let user = times
            .lines()
            .nth(1)
            .and_then(|l| l.split_whitespace().next());
        let seconds = user
            .and_then(minutes)
            .context("`times` printed something else")?;
        let objects = sources
            .iter()
            .map(|s| {
                dir.join(s.file_stem().unwrap_or_default())
                    .with_extension("o")
            })
            .collect();
        Ok((objects, seconds))
    }
}

fn popcorn_cc() -> Command {
    Command::new(toolchain::tool("popcorn-cc"))
}

/// Bytes of code of the base ISA: what runs without a hop, and the resume clones.
struct Text {
    hot: f64,
    clones: f64,
}

fn text(objects: &[PathBuf]) -> Result<Text> {
    let output = Command::new("llvm-size-22")
        .arg("-A")
        .args(objects)
        .output()?;
    ensure!(output.status.success(), "llvm-size-22");
    let mut text = Text {
        hot: 0.0,
        clones: 0.0,
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let [name, size, _] = words[..]
            && name.starts_with(".text")
        {
            let size: f64 = size.parse()?;
            match name.starts_with(".text.popcorn.resume") {
                true => text.clones += size,
                false => text.hot += size,
            }
        }
    }
    ensure!(text.hot > 0.0, "no text");
    Ok(text)
}

/// One `popcorn: hop` line: `… N frames, X MB, capture A ms, transfer B ms, resume C ms`.
struct Hop {
    frames: f64,
    capture: f64,
    transfer: f64,
    resume: f64,
}

impl Hop {
    fn all(stderr: &str) -> Result<Vec<Hop>> {
        stderr
            .lines()
            .filter(|line| line.starts_with("popcorn: hop "))
            .map(|line| Hop::parse(line).with_context(|| line.to_owned()))
            .collect()
    }

    fn parse(line: &str) -> Option<Hop> {
        let words: Vec<_> = line.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        let at = |word: &str| words.iter().position(|w| *w == word);
        let after = |word: &str| words.get(at(word)? + 1)?.parse().ok();
        Some(Hop {
            frames: words.get(at("frames")?.checked_sub(1)?)?.parse().ok()?,
            capture: after("capture")?,
            transfer: after("transfer")?,
            resume: after("resume")?,
        })
    }

    /// Milliseconds from the migration point to the program going on.
    fn total(&self) -> f64 {
        self.capture + self.transfer + self.resume
    }
}

/// `0m1.25s` in seconds.
fn minutes(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hop_lines() {
        let line = "popcorn: hop 3 a -> b: 8 frames, 0.3 MB, capture 0.5 ms, transfer 12.2 ms, resume 0.3 ms";
        let hop = Hop::parse(line).unwrap();
        assert_eq!((hop.frames, hop.capture, hop.resume), (8.0, 0.5, 0.3));
        assert!((hop.total() - 13.0).abs() < 1e-9);
    }

    #[test]
    fn times_of_the_shell() {
        assert_eq!(minutes("1m2.50s"), Some(62.5));
        assert_eq!(minutes("x"), None);
    }
}
