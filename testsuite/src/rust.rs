//! Running plain cargo and `cargo popcorn` on crates, for tests and figures.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use popcorn_toolchains::BASE;

use crate::process::{self, Outcome};
use crate::toolchain;
use crate::trials::describe;

/// Why Rust programs cannot be tested here, if so.
pub fn missing() -> Option<String> {
    let program = toolchain::tool("cargo-popcorn");
    (!program.exists()).then(|| format!("{} is not built: run `make build`", program.display()))
}

/// One way to build one crate. What is built stays in the target directory, so a second time is quick.
pub struct Cargo {
    dir: PathBuf,
    target_dir: PathBuf,
    popcorn: bool,
    flags: Vec<String>,
}

impl Cargo {
    /// Plain cargo on the crate in `dir`; `kind` names the folder for what it makes.
    pub fn plain(dir: &Path, kind: &str) -> Cargo {
        let name = dir.file_name().unwrap_or_default();
        Cargo {
            dir: dir.to_owned(),
            target_dir: toolchain::bin_dir()
                .with_file_name("rust")
                .join(name)
                .join(kind),
            popcorn: false,
            flags: Vec::new(),
        }
    }

    /// `cargo popcorn` likewise.
    pub fn popcorn(dir: &Path, kind: &str) -> Cargo {
        Cargo {
            popcorn: true,
            ..Cargo::plain(dir, kind)
        }
    }

    /// Adds an option for every command.
    pub fn flag(mut self, flag: &str) -> Cargo {
        self.flags.push(flag.to_owned());
        self
    }

    /// Where things are built.
    pub fn target_dir(&self) -> &Path {
        &self.target_dir
    }

    /// Builds the release profile; the path of the program `name`.
    pub fn release(&self, name: &str) -> Result<PathBuf> {
        let outcome = self.run("build", &["--release"])?;
        ensure!(outcome.status.success(), "{}", describe(&outcome));
        let place = if self.popcorn {
            self.target_dir.join("popcorn/release")
        } else {
            let triple = format!("{}-unknown-linux-gnu", BASE.name);
            self.target_dir.join(triple).join("release")
        };
        Ok(place.join(name))
    }

    /// Runs one of cargo's commands.
    pub fn run(&self, command: &str, words: &[&str]) -> Result<Outcome> {
        let mut cargo = if self.popcorn {
            let mut cargo = Command::new(toolchain::tool("cargo-popcorn"));
            cargo.args(["popcorn", command]);
            cargo
        } else {
            let mut cargo = Command::new("cargo");
            cargo.arg(command);
            cargo.args(["--target", &format!("{}-unknown-linux-gnu", BASE.name)]);
            cargo
        };
        cargo
            .args(&self.flags)
            .arg("--target-dir")
            .arg(&self.target_dir)
            .args(words)
            .current_dir(&self.dir);
        // The test runner's own cargo has set these.
        for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo.env("RUST_BACKTRACE", "0");
        process::run(&mut cargo, "", Duration::from_secs(900))
    }
}
