//! Programs that nobody here wrote, from the crates in `third-party` and from the distribution: where their sources
//! are, how they are compiled, and what they are run on. Some come with a driver or a script of ours, in `real/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::distribution;
use crate::process::{self, Outcome};
use crate::toolchain;
use crate::trials::{Shared, describe, share};

/// A program: where its sources are and what it is run on. Paths that begin with `@` lie in its source folder, with `%`
/// in that of the crate they name, with `=` in the testsuite; others are files that the program makes.
pub struct Recipe {
    pub name: &'static str,
    pub source: Source,
    /// Files, or `folder/*.c`.
    pub files: &'static [&'static str],
    /// Files that `*.c` finds and the program leaves out.
    pub without: &'static [&'static str],
    pub flags: &'static [&'static str],
    /// Argument lists of the runs, each in the directory that the one before left.
    pub runs: &'static [&'static [&'static str]],
    /// Files that have to be equal afterwards.
    pub leaves: &'static [&'static str],
    /// Migration points between two captures in place, and between two hops.
    pub every: (u64, u64),
}

/// Where a program comes from, and the folder that `@` stands for.
pub enum Source {
    /// A crate of `third-party`, and a folder in it (the first that exists).
    Crate(&'static str, &'static [&'static str]),
    /// A source package of the distribution. Only with `POPCORN_LONG`.
    Distribution(&'static str),
}

/// All of them, by name.
pub const RECIPES: &[Recipe] = &[
    Recipe {
        name: "bzip2",
        source: Source::Crate("bzip2-sys", &["bzip2-1.0.8"]),
        files: &[
            "@blocksort.c",
            "@huffman.c",
            "@crctable.c",
            "@randtable.c",
            "@compress.c",
            "@decompress.c",
            "@bzlib.c",
            "@bzip2.c",
        ],
        without: &[],
        flags: &["-D_FILE_OFFSET_BITS=64"],
        // As its makefile's test does.
        runs: &[
            &["-1", "-c", "@sample1.ref"],
            &["-2", "-c", "@sample2.ref"],
            &["-3", "-c", "@sample3.ref"],
            &["-d", "-c", "@sample1.bz2"],
            &["-d", "-c", "@sample2.bz2"],
            &["-ds", "-c", "@sample3.bz2"],
        ],
        leaves: &[],
        every: (100_003, 200_003),
    },
    Recipe {
        name: "duktape",
        source: Source::Distribution("duktape"),
        files: &[
            "@src/duktape.c",
            "@examples/cmdline/duk_cmdline.c",
            "@extras/print-alert/duk_print_alert.c",
        ],
        without: &[],
        flags: &[
            "-I@src",
            "-I@examples/cmdline",
            "-I@extras/print-alert",
            "-DDUK_CMDLINE_PRINTALERT_SUPPORT",
        ],
        runs: &[&["@mandel.js"]],
        leaves: &[],
        every: (1_009, 100_003),
    },
    Recipe {
        name: "lua",
        source: Source::Crate("lua-src", &["lua-5.4.9"]),
        files: &["@*.c", "=demo/main.c"],
        without: &["lua.c", "luac.c", "onelua.c", "ltests.c"],
        flags: &["-I@"],
        runs: &[&["=demo/work.lua"]],
        leaves: &[],
        every: (1_009, 100_003),
    },
    Recipe {
        name: "picosat",
        source: Source::Distribution("picosat"),
        files: &["@app.c", "@main.c", "@picosat.c", "@version.c"],
        without: &[],
        flags: &["-I=real/picosat", "-DNDEBUG", "-DNGETRUSAGE"],
        runs: &[&["=real/picosat/pigeons.cnf"]],
        leaves: &[],
        every: (10_007, 200_003),
    },
    Recipe {
        name: "quickjs",
        source: Source::Crate("rquickjs-sys", &["quickjs"]),
        files: &[
            "@libregexp.c",
            "@libunicode.c",
            "@quickjs.c",
            "@dtoa.c",
            "=real/quickjs.c",
        ],
        without: &[],
        flags: &["-I@", "-D_GNU_SOURCE", "-DNDEBUG"],
        runs: &[&["=real/quickjs.js"]],
        leaves: &[],
        every: (1_009, 50_021),
    },
    Recipe {
        name: "sqlite",
        source: Source::Crate("libsqlite3-sys", &["sqlite3"]),
        files: &["@sqlite3.c", "=real/sqlite.c"],
        without: &[],
        flags: &[
            "-I@",
            "-DSQLITE_THREADSAFE=0",
            "-DSQLITE_OMIT_LOAD_EXTENSION",
        ],
        runs: &[&["items.db", "200000"]],
        leaves: &["items.db"],
        every: (200_003, 10_000_019),
    },
    Recipe {
        name: "tcc",
        source: Source::Distribution("tcc"),
        files: &["@tcc.c"],
        without: &[],
        flags: &["-I=real/tcc", "-DONE_SOURCE=1"],
        // It compiles itself.
        runs: &[&[
            "-I=real/tcc",
            "-I@win32/include",
            "-I@win32/include/winapi",
            "-I@include",
            "-DONE_SOURCE=1",
            "-c",
            "@tcc.c",
            "-o",
            "tcc.o",
        ]],
        leaves: &["tcc.o"],
        every: (10_007, 100_003),
    },
    Recipe {
        name: "zstd",
        source: Source::Crate("zstd-sys", &["zstd"]),
        files: &[
            "@lib/common/*.c",
            "@lib/compress/*.c",
            "@lib/decompress/*.c",
            "@lib/dictBuilder/*.c",
            "=real/zstd.c",
        ],
        without: &[],
        flags: &["-I@lib", "-DZSTD_DISABLE_ASM"],
        runs: &[&["=demo/work.lua"], &["=real/sqlite.c"]],
        leaves: &[],
        every: (10_007, 100_003),
    },
    Recipe {
        name: "zstd-threads",
        source: Source::Distribution("libzstd"),
        files: &[
            "@lib/common/*.c",
            "@lib/compress/*.c",
            "@lib/decompress/*.c",
            "@lib/dictBuilder/*.c",
            "@programs/*.c",
        ],
        without: &[],
        flags: &["-I@lib", "-DZSTD_MULTITHREAD", "-DZSTD_DISABLE_ASM"],
        runs: &[
            &[
                "-q",
                "-9",
                "-T2",
                "-B524288",
                "%libsqlite3-sys/sqlite3/sqlite3.c",
                "-o",
                "out.zst",
            ],
            &["-q", "-d", "out.zst", "-o", "out.c"],
        ],
        leaves: &["out.zst", "out.c"],
        every: (10_007, 50_021),
    },
];

impl Recipe {
    /// The recipe of this name.
    pub fn named(name: &str) -> Result<&'static Recipe> {
        let found = RECIPES.iter().find(|r| r.name == name);
        found.with_context(|| format!("no recipe is called {name}"))
    }

    /// Whether it is only for long tests.
    pub fn is_long(&self) -> bool {
        matches!(self.source, Source::Distribution(_))
    }

    /// What `@`, `%` and `=` at the beginning of a path, or of a flag's path, stand for.
    pub fn path(&self, text: &str) -> Result<String> {
        let flag = if text.starts_with("-I") { "-I" } else { "" };
        let path = &text[flag.len()..];
        let (folder, rest) = match path.split_at_checked(1) {
            Some(("@", rest)) => (self.source()?, rest),
            Some(("%", rest)) => {
                let (name, rest) = rest.split_once('/').context("a file of a crate")?;
                (crate_dir(name)?, rest)
            }
            Some(("=", rest)) => (toolchain::root().join("testsuite"), rest),
            _ => return Ok(text.to_owned()),
        };
        Ok(format!("{flag}{}/{rest}", folder.display()))
    }

    /// The folder that `@` stands for.
    fn source(&self) -> Result<PathBuf> {
        let (name, folders) = match self.source {
            Source::Crate(name, folders) => (name, folders),
            Source::Distribution(package) => return distribution::source(package),
        };
        let dir = crate_dir(name)?;
        let found = folders.iter().map(|f| dir.join(f)).find(|f| f.exists());
        found.with_context(|| format!("{} has none of {folders:?}", dir.display()))
    }

    /// The source files, sorted within each pattern.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for pattern in self.files {
            let path = PathBuf::from(self.path(pattern)?);
            let Some(folder) = path.to_str().and_then(|p| p.strip_suffix("*.c")) else {
                files.push(path);
                continue;
            };
            let mut found = Vec::new();
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
                if name.ends_with(".c") && !self.without.contains(&name) {
                    found.push(path);
                }
            }
            found.sort();
            files.extend(found);
        }
        Ok(files)
    }
}

/// The directory of a crate of `third-party`; cargo fetches and verifies it.
pub fn crate_dir(name: &str) -> Result<PathBuf> {
    static FETCHED: Shared<String> = Shared::new();
    let text = share(&FETCHED, fetch)?;
    let manifest = text
        .split("\"manifest_path\":\"")
        .filter_map(|t| t.split_once('"'))
        .map(|(path, _)| Path::new(path))
        .find(|path| {
            let folder = path.parent().and_then(|p| p.file_name()?.to_str());
            folder.is_some_and(|f| f.starts_with(&format!("{name}-")))
        });
    let manifest = manifest.with_context(|| format!("crate {name} is not in third-party"))?;
    Ok(manifest.parent().unwrap_or(manifest).to_owned())
}

/// Makes cargo fetch the crates; what `cargo metadata` says about them.
fn fetch() -> Result<String> {
    let manifest = toolchain::root().join("testsuite/third-party/Cargo.toml");
    let cargo = |arguments: &[&str]| -> Result<Outcome> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command
            .args(arguments)
            .arg("--manifest-path")
            .arg(&manifest);
        let outcome = process::run(&mut command, "", Duration::from_secs(300))?;
        ensure!(outcome.status.success(), "{}", describe(&outcome));
        Ok(outcome)
    };
    cargo(&["fetch", "--quiet", "--locked"])?;
    let outcome = cargo(&["metadata", "--format-version", "1", "--locked", "--offline"])?;
    Ok(String::from_utf8(outcome.stdout)?)
}
