//! Makes fat objects from C or LLVM IR with plain clang, for tests that need no popcorn-cc.
#![allow(dead_code, reason = "each test that includes this uses some of it")]

use popcorn_align_linker::{Input, Job};
use popcorn_toolchains::{DEFAULT, Isa};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command that must succeed; its standard output.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A directory and what is made in it.
pub struct Bench {
    pub dir: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Compiles one source for one ISA.
    pub fn compile(&self, isa: &Isa, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, source).unwrap();
        let out = self.path(&format!("{name}.{}.o", isa.name));
        run(Command::new("clang-22")
            .arg(format!("--target={}", isa.triple))
            .args([
                "-c",
                "-O2",
                "-ffreestanding",
                "-fno-pic",
                "-ftls-model=local-exec",
            ])
            .args([
                "-ffunction-sections",
                "-fdata-sections",
                "-Wno-override-module",
            ])
            .args([
                "-fno-stack-protector",
                "-Wno-unused-command-line-argument",
                "-mllvm",
                "-enable-global-merge=false",
                "-fasynchronous-unwind-tables",
            ])
            .args(match isa.target_abi {
                Some(_) => &["-mno-relax", "-msmall-data-limit=0"][..],
                None => &[],
            })
            .args(flags)
            .arg(&path)
            .arg("-o")
            .arg(&out));
        out
    }

    /// Packs one object per ISA into a fat one.
    pub fn pack(&self, name: &str, parts: &[PathBuf]) -> PathBuf {
        let out = self.path(&format!("{name}.o"));
        let mut command = Command::new("llvm-objcopy-22");
        for (isa, part) in DEFAULT.iter().zip(parts).skip(1) {
            let section = format!(".popcorn.obj.{}", isa.name);
            command.arg(format!("--add-section={section}={}", part.display()));
            command.arg(format!("--set-section-flags={section}=exclude"));
        }
        run(command.arg(&parts[0]).arg(&out));
        out
    }

    /// Compiles one source for all ISAs.
    pub fn fat(&self, name: &str, source: &str) -> PathBuf {
        self.fat_flags(name, source, &[])
    }

    pub fn fat_flags(&self, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        self.fat_each(name, |_| source.to_owned(), flags)
    }

    /// Compiles another source per ISA.
    pub fn fat_each(&self, name: &str, source: impl Fn(&Isa) -> String, flags: &[&str]) -> PathBuf {
        let parts: Vec<PathBuf> = DEFAULT
            .iter()
            .map(|isa| self.compile(isa, name, &source(isa), flags))
            .collect();
        self.pack(name, &parts)
    }

    /// Makes an archive.
    pub fn archive(&self, name: &str, members: &[PathBuf]) -> PathBuf {
        let out = self.path(name);
        run(Command::new("llvm-ar-22")
            .arg("rcs")
            .arg(&out)
            .args(members));
        out
    }

    /// A job over objects and archives.
    pub fn job(&self, inputs: &[&Path]) -> Job {
        Job {
            inputs: inputs
                .iter()
                .map(|path| match path.extension().is_some_and(|e| e == "a") {
                    true => Input::Archive(path.to_path_buf()),
                    false => Input::Object {
                        path: path.to_path_buf(),
                        bytes: None,
                    },
                })
                .collect(),
            output: self.path("prog"),
            isas: DEFAULT.to_vec(),
            entry: "_start".to_owned(),
            keep: Vec::new(),
            save_temps: None,
            map: None,
            leaf: None,
            leaf_provider: None,
        }
    }
}

/// A program without libc: system calls and an entry point for each ISA.
pub const START: &str = include_str!("../data/start.c");
