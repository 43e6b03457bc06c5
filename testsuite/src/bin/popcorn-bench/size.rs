//! Size of code on each ISA, and the time that compiling takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use popcorn_testsuite::process;
use popcorn_testsuite::recipes::Recipe;
use popcorn_testsuite::toolchain;
use popcorn_toolchains::{BASE, DEFAULT, Isa};

use crate::measure::{Bench, clang_for, popcorn_cc};

/// At most, times plain clang's: code that runs without a hop, with the resume clones, and the user
/// time of compiling for all ISAs over plain clang's for one.
const TEXT: f64 = 1.6;
const TEXT_WITH_CLONES: f64 = 3.2;
const COMPILE_TIME: f64 = 6.0;

/// Measures what is wanted of Lua and SQLite.
pub fn run(bench: &Bench) -> Result<()> {
    for name in ["lua", "sqlite"] {
        let figures = ["text-with-clones", "text", "compile-time"].map(|f| format!("{f}-{name}"));
        let mut wanted = figures.iter().any(|f| bench.report.wants(f));
        for isa in DEFAULT {
            wanted |= bench.report.wants(&format!("text-{name}-{}", isa.name));
        }
        if wanted {
            measure(bench, Recipe::named(name)?).with_context(|| name.to_owned())?;
        }
    }
    Ok(())
}

fn measure(bench: &Bench, recipe: &Recipe) -> Result<()> {
    let (name, report) = (recipe.name, &bench.report);
    let ours = Build::new(bench, recipe, "ours", popcorn_cc())?;
    let (mut text, mut all, mut time) = (0f64, 0f64, None);
    for isa in DEFAULT {
        let plain = Build::new(bench, recipe, isa.name, clang_for(isa.triple)?)?;
        let base = plain.text(None)?.hot;
        let found = ours.text(Some(isa))?;
        let (hot, sum) = (found.hot / base, (found.hot + found.clones) / base);
        report.told(&format!("text-{name}-{}", isa.name), hot, "x");
        report.told(&format!("text-with-clones-{name}-{}", isa.name), sum, "x");
        (text, all) = (text.max(hot), all.max(sum));
        if isa.id == BASE.id {
            time = Some(ours.seconds / plain.seconds);
        }
    }
    // The ISA on which it is worst.
    report.figure(&format!("text-{name}"), text, "x", TEXT);
    report.figure(
        &format!("text-with-clones-{name}"),
        all,
        "x",
        TEXT_WITH_CLONES,
    );
    let time = time.context("no base ISA")?;
    report.figure(&format!("compile-time-{name}"), time, "x", COMPILE_TIME);
    Ok(())
}

/// Objects of a program, and the user time that compiling them took.
struct Build {
    objects: Vec<PathBuf>,
    seconds: f64,
}

impl Build {
    /// One call of the compiler for each source.
    fn new(bench: &Bench, recipe: &Recipe, kind: &str, compiler: Command) -> Result<Build> {
        let dir = bench.path(&format!("{}-{kind}-objects", recipe.name));
        fs::create_dir(&dir)?;
        let script = r#"
            dir=$1; shift
            for source in $SOURCES; do
                "$@" -c "$source" -o "$dir/$(basename "$source" .c).o" || exit 1
            done
        "#;
        let timed = format!("TIMEFORMAT='user %3U'; time {{ {script} }}");
        let files = recipe.files()?;
        let list: Vec<_> = files.iter().filter_map(|f| f.to_str()).collect();
        let mut command = Command::new("bash");
        command
            .args(["-c", &timed, "bash"])
            .arg(&dir)
            .arg(compiler.get_program())
            .args(compiler.get_args())
            .args(["-O2", "-w"])
            .env("SOURCES", list.join(" "));
        for flag in recipe.flags {
            command.arg(recipe.path(flag)?);
        }
        let outcome = process::run(&mut command, "", Duration::from_secs(1200))?;
        ensure!(outcome.status.success(), "{kind}: {}", outcome.stderr);
        let time = outcome.stderr.lines().find_map(|l| l.strip_prefix("user "));
        let seconds = time.and_then(|t| t.parse().ok());
        Ok(Build {
            objects: files.iter().map(|f| object(&dir, f)).collect(),
            seconds: seconds.context("`time` printed something else")?,
        })
    }

    /// Code in all objects: of this ISA in fat ones, or in ordinary ones.
    fn text(&self, isa: Option<&Isa>) -> Result<Text> {
        let mut text = Text::default();
        for object in &self.objects {
            match isa.filter(|isa| isa.id != BASE.id) {
                None => text.add(object)?,
                Some(isa) => {
                    let inner = object.with_extension(isa.name);
                    let section = format!(".popcorn.obj.{}={}", isa.name, inner.display());
                    let mut command = Command::new("llvm-objcopy-22");
                    command.arg(format!("--dump-section={section}"));
                    toolchain::compile(command.arg(object).arg("/dev/null"))?;
                    text.add(&inner)?;
                }
            }
        }
        ensure!(text.hot > 0.0, "no code");
        Ok(text)
    }
}

fn object(dir: &Path, source: &Path) -> PathBuf {
    let stem = source.file_stem().unwrap_or_default();
    dir.join(stem).with_extension("o")
}

/// Bytes of code: what runs without a hop, and the resume clones.
#[derive(Default)]
struct Text {
    hot: f64,
    clones: f64,
}

impl Text {
    fn add(&mut self, object: &Path) -> Result<()> {
        let output = Command::new("llvm-size-22")
            .arg("-A")
            .arg(object)
            .output()?;
        ensure!(output.status.success(), "llvm-size-22 {}", object.display());
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            if let [name, size, _] = words[..]
                && name.starts_with(".text")
            {
                let size: f64 = size.parse()?;
                match name.starts_with(".text.popcorn.resume") {
                    true => self.clones += size,
                    false => self.hot += size,
                }
            }
        }
        Ok(())
    }
}
