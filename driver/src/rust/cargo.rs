//! `cargo popcorn`: runs cargo so that rustc hands us bitcode, and puts the programs where they belong.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::flags;
use super::names::{CC, CXX, MARK, own_path, target};
use crate::error::{Error, Result};
use crate::tools::Sysroot;

/// The name under which rustc calls this program.
pub const LINKER: &str = "popcorn-rust-ld";

/// A word of the linker's that only makes cargo see a difference.
pub const TOOLCHAIN: &str = "--popcorn-toolchain=";

/// The command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CargoLine {
    /// `build`, `run` or `test`.
    pub command: String,
    /// Options of `popcorn run`, for programs that cargo starts.
    pub runner: Vec<String>,
    /// `--popcorn-…` and `--save-temps=`, for the link.
    pub link: Vec<String>,
    /// `--target-dir`: where the project's `target` is.
    pub target_dir: Option<String>,
    /// All else before `--`.
    pub cargo: Vec<String>,
    /// `--` and what follows.
    pub rest: Vec<String>,
}

const HELP: &str = "usage: cargo popcorn build|run|test [--isa ISA] [--hop SPEC] [--trace] \
    [--popcorn-migration-points=KIND] [cargo's options] [-- arguments]";

impl CargoLine {
    /// Parses the words after `cargo popcorn`.
    pub fn parse(words: &[String]) -> Result<CargoLine> {
        let mut line = CargoLine::default();
        let mut words = words.iter();
        line.command = match words.next().map(String::as_str) {
            Some("build" | "b") => "build".into(),
            Some("run" | "r") => "run".into(),
            Some("test" | "t") => "test".into(),
            other => {
                let what = other.map_or("no command".into(), |o| format!("unknown command `{o}`"));
                return Err(Error::usage(what, HELP));
            }
        };
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            match name {
                "--" => {
                    line.rest.push(word.clone());
                    line.rest.extend(words.by_ref().cloned());
                }
                "--isa" | "--hop" | "--target-dir" => {
                    let value = joined.or_else(|| words.next().cloned());
                    let value =
                        value.ok_or_else(|| Error::usage(format!("{name} needs a value"), HELP))?;
                    if name == "--target-dir" {
                        line.target_dir = Some(value);
                    } else {
                        line.runner.extend([name.to_owned(), value]);
                    }
                }
                "--trace" => line.runner.push(word.clone()),
                "--target" => {
                    return Err(Error::usage(
                        "--target: a program is for all ISAs at once",
                        "leave it out; `cargo popcorn run --isa ISA` chooses where it starts",
                    ));
                }
                _ if name.starts_with("--popcorn-") || name == "--save-temps" => {
                    line.link.push(word.clone());
                }
                _ => line.cargo.push(word.clone()),
            }
        }
        if line.command == "build" && !line.runner.is_empty() {
            return Err(Error::usage(
                format!("{} is for `run` and `test`", line.runner[0]),
                "a build is for all ISAs",
            ));
        }
        Ok(line)
    }

    /// The value of one of cargo's own options.
    fn option(&self, name: &str) -> Option<&str> {
        self.options(name).next()
    }

    /// The values of one that may be repeated.
    fn options(&self, name: &str) -> impl Iterator<Item = &str> {
        let mut words = self.cargo.iter();
        std::iter::from_fn(move || {
            loop {
                let value = words.next()?.strip_prefix(name);
                match value.map(|value| (value, value.strip_prefix('='))) {
                    Some((_, Some(value))) => return Some(value),
                    Some(("", None)) => return words.next().map(String::as_str),
                    _ => {}
                }
            }
        })
    }
}

/// Runs `cargo popcorn`; what cargo's status was.
pub fn run(words: &[String]) -> Result<ExitStatus> {
    let line = CargoLine::parse(words)?;
    let exe = own_path()?;
    let root = target_folder(&line)?.join("popcorn");
    let tools = root.join("build/bin");
    install_names(&exe, &tools)?;

    let mut cargo = cargo();
    cargo.arg(&line.command).args(&line.cargo);
    cargo.arg("--target").arg(target());
    cargo.arg("--target-dir").arg(root.join("build"));
    configure(&mut cargo, &line, &exe, &tools)?;
    if line.command == "build" {
        return build(cargo, &line);
    }
    cargo.args(&line.rest);
    cargo.status().map_err(cannot_run)
}

/// Tells cargo which linker, runner, flags and C compiler the program's crates get.
fn configure(cargo: &mut Command, line: &CargoLine, exe: &Path, tools: &Path) -> Result<()> {
    let here = std::env::current_dir().map_err(Error::io(Path::new(".")))?;
    let users = flags::configuration(&here, line.options("--config"))?;
    let mut config = |setting: String| {
        cargo.arg("--config").arg(setting);
    };
    let mut runner = vec![exe.display().to_string(), "--runner".into()];
    runner.extend(line.runner.iter().cloned());
    let target = target();
    let key = ["target", &target, "runner"];
    // Cargo replaces a value by one of its own form only.
    let is_text = flags::values(&users, &key).any(toml::Value::is_str);
    let runner = if is_text {
        toml_string(&runner.join(" "))
    } else {
        toml_array(&runner)
    };
    config(format!("{}={runner}", key.join(".")));
    for profile in ["dev", "release"] {
        config(format!("profile.{profile}.panic=\"abort\""));
    }
    let ours = rustflags(line, &tools.join(LINKER));
    // Documentation's tests are programs too.
    for tool in [flags::RUSTC, flags::RUSTDOC] {
        let mut all = flags::users(&tool, &target, &users)?;
        // Where two contradict each other the later one counts.
        all.extend(ours.iter().cloned());
        cargo.env(tool.encoded, all.join("\x1f"));
    }
    let variable = target.replace('-', "_");
    cargo.env(format!("CC_{variable}"), tools.join(CC));
    cargo.env(format!("CXX_{variable}"), tools.join(CXX));
    Ok(())
}

/// The linker is named here since these flags, unlike `linker` in a configuration, do not reach build
/// scripts and macros: the host's target has the same name as the program's.
fn rustflags(line: &CargoLine, linker: &Path) -> Vec<String> {
    let fixed = [
        MARK,
        "-Clinker-flavor=gcc",
        "-Crelocation-model=static",
        "-Ctarget-cpu=x86-64",
        // What the linker warns of is shown, and no reason to fail even where other warnings are.
        "--force-warn=linker-messages",
        // A crate that many use, and that otherwise makes system calls by assembly of its own.
        "--cfg=rustix_use_libc",
    ];
    let linker = format!("-Clinker={}", linker.display());
    let own = line.link.iter().map(|flag| format!("-Clink-arg={flag}"));
    let toolchain = format!("-Clink-arg={TOOLCHAIN}{}", toolchain_stamp());
    let own = [linker, toolchain].into_iter().chain(own);
    fixed
        .iter()
        .map(|&flag| flag.to_owned())
        .chain(own)
        .collect()
}

/// Changes when this toolchain does, so that cargo builds again what another one has linked.
fn toolchain_stamp() -> String {
    let mut hash = Sha256::new();
    let libraries = Sysroot::find(None).map(|s| s.default_libs());
    let files = own_path()
        .into_iter()
        .chain(libraries.into_iter().flatten());
    for file in files {
        let Ok(meta) = fs::metadata(&file) else {
            continue;
        };
        hash.update(format!("{} {:?};", meta.len(), meta.modified().ok()));
    }
    format!("{:.16x}", hash.finalize())
}

/// `cargo build`, whose messages tell where the programs are; they are linked to where they belong.
fn build(mut cargo: Command, line: &CargoLine) -> Result<ExitStatus> {
    let wanted = line.option("--message-format");
    let json = wanted.is_some_and(|format| format.starts_with("json"));
    if wanted.is_none() {
        cargo.arg("--message-format=json-render-diagnostics");
    } else if !json {
        return Err(Error::usage(
            format!(
                "--message-format={} is not supported",
                wanted.unwrap_or_default()
            ),
            "leave it out, or ask for one of the json formats",
        ));
    }
    cargo.args(&line.rest).stdout(Stdio::piped());
    let mut child = cargo.spawn().map_err(cannot_run)?;
    if let Some(out) = child.stdout.take() {
        for text in BufReader::new(out).lines() {
            let text = text.map_err(Error::io(Path::new("cargo's output")))?;
            if json {
                println!("{text}");
            }
            let message: Option<Value> = serde_json::from_str(&text).ok();
            if let Some(exe) = message.as_ref().and_then(|m| m["executable"].as_str()) {
                place(Path::new(exe))?;
            }
        }
    }
    child.wait().map_err(cannot_run)
}

/// Gives a program its name in `target/popcorn/PROFILE/`, and returns that. Tests stay where they are.
pub fn place(exe: &Path) -> Result<PathBuf> {
    // …/popcorn/build/TARGET/PROFILE/NAME; examples lie in a folder of their own.
    let mut up = exe.ancestors().skip(1);
    let profile = match up.next() {
        Some(dir) if dir.ends_with("deps") => return Ok(exe.to_owned()),
        Some(dir) if dir.ends_with("examples") => up.next(),
        other => other,
    };
    let folders = profile.zip(exe.file_name());
    let Some((profile, name)) = folders else {
        return Ok(exe.to_owned());
    };
    let root = profile.ancestors().nth(3);
    let (Some(root), Some(kind)) = (root.filter(|r| r.ends_with("popcorn")), profile.file_name())
    else {
        return Ok(exe.to_owned());
    };
    let folder = root.join(kind);
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let to = folder.join(name);
    let temp = folder.join(format!(".{}.{}", name.display(), std::process::id()));
    fs::hard_link(exe, &temp).map_err(Error::io(&to))?;
    fs::rename(&temp, &to).map_err(Error::io(&to))?;
    // Two links to one file are renamed into one by doing nothing.
    let _ = fs::remove_file(&temp);
    Ok(to)
}

/// Where cargo puts things, without the project's own idea of a target.
fn target_folder(line: &CargoLine) -> Result<PathBuf> {
    if let Some(folder) = &line.target_dir {
        return std::path::absolute(folder).map_err(Error::io(Path::new(folder)));
    }
    let mut metadata = cargo();
    metadata.args(["metadata", "--no-deps", "--format-version=1"]);
    for name in ["--manifest-path", "--config"] {
        for value in line.options(name) {
            metadata.args([name, value]);
        }
    }
    let output = metadata
        .stderr(Stdio::inherit())
        .output()
        .map_err(cannot_run)?;
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match json["target_directory"].as_str() {
        Some(folder) => Ok(folder.into()),
        None => Err(Error::Plain("cargo cannot say where to build".into())),
    }
}

/// Makes the names by which others call this program.
fn install_names(exe: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    for name in [LINKER, CC, CXX] {
        let link = folder.join(name);
        if fs::read_link(&link).is_ok_and(|to| to == exe) {
            continue;
        }
        let temp = folder.join(format!(".{name}.{}", std::process::id()));
        symlink(exe, &temp).map_err(Error::io(&link))?;
        fs::rename(&temp, &link).map_err(Error::io(&link))?;
    }
    Ok(())
}

/// The cargo that called us, or the one on `PATH`.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

fn cannot_run(source: std::io::Error) -> Error {
    Error::Tool {
        tool: "cargo".into(),
        source,
        help: "install Rust, with rustup for instance".into(),
    }
}

fn toml_string(text: &str) -> String {
    // Escapes of JSON are TOML's too.
    Value::from(text).to_string()
}

fn toml_array(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|w| toml_string(w)).collect();
    format!("[{}]", words.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<CargoLine> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        CargoLine::parse(&words)
    }

    #[test]
    fn our_options_are_told_from_cargos() {
        let l = line(
            "run --release --isa vax -p a --hop=every=1,isas=self --trace --popcorn-migration-points=all \
             --bin b -- --isa x",
        )
        .unwrap();
        assert_eq!(l.command, "run");
        assert_eq!(
            l.runner,
            ["--isa", "vax", "--hop", "every=1,isas=self", "--trace"]
        );
        assert_eq!(l.link, ["--popcorn-migration-points=all"]);
        assert_eq!(l.cargo, ["--release", "-p", "a", "--bin", "b"]);
        assert_eq!(l.rest, ["--", "--isa", "x"]);
        assert_eq!(l.option("--bin"), Some("b"));
        let l2 = line("build --config a=1 --configs x --config=b=2").unwrap();
        assert_eq!(l2.options("--config").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(l.option("--bins"), None);
        assert!(line("build --target x").is_err());
        assert!(line("build --trace").is_err());
        assert!(line("bench").unwrap_err().to_string().contains("bench"));
        assert!(line("run --isa").is_err());
    }

    #[test]
    fn a_program_gets_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            path
        };
        let exe = at("t/popcorn/build/triple/release/prog");
        let placed = place(&exe).unwrap();
        assert_eq!(placed, dir.path().join("t/popcorn/release/prog"));
        assert_eq!(place(&exe).unwrap(), placed);
        let example = at("t/popcorn/build/triple/debug/examples/ex");
        assert_eq!(
            place(&example).unwrap(),
            dir.path().join("t/popcorn/debug/ex")
        );
        let test = at("t/popcorn/build/triple/debug/deps/test-1");
        assert_eq!(place(&test).unwrap(), test);
        let foreign = at("elsewhere/prog");
        assert_eq!(place(&foreign).unwrap(), foreign);
        let names: Vec<_> = fs::read_dir(placed.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }
}
