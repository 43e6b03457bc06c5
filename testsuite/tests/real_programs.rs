//! Programs that nobody here wrote, from the crates in `third-party`: Lua, bzip2, SQLite, zstd, QuickJS.
//! Some come with a driver or a script of ours, in `real/`.
//!
//! * `ISA/NAME`: runs from start to end as that ISA;
//! * `self-every-K/NAME`: is captured and resumed in place at every K-th migration point;
//! * `A-to-B-to-C/NAME`: moves around all ISAs.
//!
//! Output, exit status and the files it leaves behind must be those of plain clang's build. Builds are
//! kept in the target directory until a compiler, libc or source is newer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use popcorn_testsuite::process::{self, Outcome};
use popcorn_testsuite::toolchain;
use popcorn_testsuite::trials::{Shared, describe, difference, hops, share, trial};
use popcorn_toolchains::ALL;

/// A program: where its sources are and what it is run on. Paths that begin with `@` lie in the crate,
/// with `=` in the testsuite; others are files that the program makes.
struct Recipe {
    name: &'static str,
    /// Crate of `third-party`, and the folder in it that `@` stands for (the first that exists).
    source: (&'static str, &'static [&'static str]),
    /// Files, or `folder/*.c`.
    files: &'static [&'static str],
    /// Files that `*.c` finds and the program leaves out.
    without: &'static [&'static str],
    flags: &'static [&'static str],
    /// Argument lists of the runs, each in the directory that the one before left.
    runs: &'static [&'static [&'static str]],
    /// Files that have to be equal afterwards.
    leaves: &'static [&'static str],
    /// Migration points between two captures in place, and between two hops.
    every: (u64, u64),
}

const RECIPES: &[Recipe] = &[
    Recipe {
        name: "bzip2",
        source: ("bzip2-sys", &["bzip2-1.0.8"]),
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
        name: "lua",
        source: ("lua-src", &["lua-5.4.9"]),
        files: &["@*.c", "=demo/main.c"],
        without: &["lua.c", "luac.c", "onelua.c", "ltests.c"],
        flags: &["-I@"],
        runs: &[&["=demo/work.lua"]],
        leaves: &[],
        every: (1_009, 100_003),
    },
    Recipe {
        name: "quickjs",
        source: ("rquickjs-sys", &["quickjs"]),
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
        source: ("libsqlite3-sys", &["sqlite3"]),
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
        name: "zstd",
        source: ("zstd-sys", &["zstd"]),
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
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let missing = toolchain::missing();
    let mut trials: Vec<Trial> = Vec::new();
    for recipe in RECIPES {
        let program = Arc::new(Program {
            recipe,
            source: OnceLock::new(),
            plain: OnceLock::new(),
            popcorn: OnceLock::new(),
            expected: OnceLock::new(),
        });
        let mut add = |kind: String, lack: Option<String>, how: Vec<String>, hops: bool| {
            let program = program.clone();
            let name = format!("{kind}/{}", recipe.name);
            let lack = missing.clone().or(lack);
            trials.push(trial(name, lack, move || program.check(&how, hops)));
        };
        for isa in ALL {
            let how = vec!["--isa".to_owned(), isa.name.to_owned()];
            let lack = toolchain::missing_emulator(isa);
            add(isa.name.to_owned(), lack, how, false);
        }
        let (k, far) = recipe.every;
        let hop = |s: String| vec!["--trace".to_owned(), "--hop".to_owned(), s];
        let here = hop(format!("every={k},isas=self"));
        add(format!("self-every-{k}"), None, here, true);
        let around = hop(format!(
            "every={far},max=4,isas={}",
            toolchain::all_isas(":")
        ));
        let lack = ALL.iter().find_map(|isa| toolchain::missing_emulator(isa));
        add(toolchain::all_isas("-to-"), lack, around, true);
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What the runs of a program printed, and the files they left.
#[derive(PartialEq)]
struct Results {
    outputs: Vec<(Option<i32>, Vec<u8>)>,
    files: Vec<Vec<u8>>,
    hops: usize,
}

struct Program {
    recipe: &'static Recipe,
    source: Shared<PathBuf>,
    plain: Shared<PathBuf>,
    popcorn: Shared<PathBuf>,
    expected: Shared<Results>,
}

impl Program {
    fn check(&self, how: &[String], hops: bool) -> Result<()> {
        let expected = share(&self.expected, || {
            let exe = share(&self.plain, || self.build("plain", toolchain::clang))?;
            self.run(&mut || Command::new(exe))
        })?;
        let exe = share(&self.popcorn, || {
            self.build("popcorn", || Command::new(toolchain::tool("popcorn-cc")))
        })?;
        let got = self.run(&mut || {
            let mut command = Command::new(toolchain::tool("popcorn"));
            command.arg("run").args(how).arg(exe);
            command
        })?;
        for (i, (e, g)) in expected.outputs.iter().zip(&got.outputs).enumerate() {
            let run = self.recipe.runs[i].join(" ");
            ensure!(e.0 == g.0, "`{run}`: exit status {:?}, not {:?}", g.0, e.0);
            ensure!(e.1 == g.1, "`{run}`: {}", difference(&e.1, &g.1));
        }
        for (i, name) in self.recipe.leaves.iter().enumerate() {
            let same = expected.files[i] == got.files[i];
            ensure!(same, "`{name}` is not the file that the plain build makes");
        }
        ensure!(!hops || got.hops > 0, "it never hopped");
        Ok(())
    }

    /// All runs, one after the other, in an empty directory.
    fn run(&self, command: &mut dyn FnMut() -> Command) -> Result<Results> {
        let dir = tempfile::tempdir()?;
        let mut result = Results {
            outputs: Vec::new(),
            files: Vec::new(),
            hops: 0,
        };
        for arguments in self.recipe.runs {
            let mut command = command();
            command.current_dir(&dir);
            for argument in *arguments {
                command.arg(self.path(argument)?);
            }
            let limit = Duration::from_secs(300);
            let outcome: Outcome = process::run(&mut command, "", limit)?;
            let status = outcome.status.code();
            ensure!(
                !outcome.timed_out && status.is_some(),
                "{}",
                describe(&outcome)
            );
            result.hops += hops(&outcome.stderr);
            result.outputs.push((status, outcome.stdout));
        }
        for name in self.recipe.leaves {
            result.files.push(fs::read(dir.path().join(name))?);
        }
        Ok(result)
    }

    /// What `@` and `=` at the beginning of a path, or of a flag's path, stand for.
    fn path(&self, text: &str) -> Result<String> {
        let text = match text.split_once('@') {
            Some((flag @ ("" | "-I"), rest)) => {
                format!("{flag}{}/{rest}", self.source()?.display())
            }
            _ => text.to_owned(),
        };
        Ok(match text.strip_prefix('=') {
            Some(rest) => format!("{}/testsuite/{rest}", toolchain::root().display()),
            None => text,
        })
    }

    /// The folder that `@` stands for.
    fn source(&self) -> Result<&PathBuf> {
        share(&self.source, || {
            let (name, folders) = self.recipe.source;
            let dir = crate_dir(name)?;
            let found = folders.iter().map(|f| dir.join(f)).find(|f| f.exists());
            found.with_context(|| format!("{} has none of {folders:?}", dir.display()))
        })
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for pattern in self.recipe.files {
            let path = PathBuf::from(self.path(pattern)?);
            let Some(folder) = path.to_str().and_then(|p| p.strip_suffix("*.c")) else {
                files.push(path);
                continue;
            };
            let mut found = Vec::new();
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
                if name.ends_with(".c") && !self.recipe.without.contains(&name) {
                    found.push(path);
                }
            }
            found.sort();
            files.extend(found);
        }
        Ok(files)
    }

    /// Compiles the program unless what an earlier run left is still good.
    fn build(&self, kind: &str, compiler: impl Fn() -> Command) -> Result<PathBuf> {
        let dir = toolchain::bin_dir().join("../real").join(self.recipe.name);
        fs::create_dir_all(&dir)?;
        let (exe, note) = (dir.join(kind), dir.join(format!("{kind}.command")));
        let files = self.files()?;
        let mut command = compiler();
        command.args(["-O2", "-w", "-ffp-contract=off"]);
        for flag in self.recipe.flags {
            command.arg(self.path(flag)?);
        }
        let fresh = dir.join(format!("{kind}.new"));
        command.args(&files).arg("-lm").arg("-o").arg(&fresh);
        let text = format!("{command:?}");
        let mut inputs = files;
        if kind == "popcorn" {
            inputs.push(toolchain::tool("popcorn-cc"));
            for library in ["libc.a", "libpopcorn_rt.a"] {
                inputs.push(toolchain::bin_dir().join("../sysroot/lib").join(library));
            }
        }
        let newest = inputs.iter().filter_map(|p| changed(p)).max();
        if changed(&exe) > newest && fs::read_to_string(&note).is_ok_and(|t| t == text) {
            return Ok(exe);
        }
        let limit = Duration::from_secs(1800);
        let outcome = process::run(&mut command, "", limit)?;
        ensure!(outcome.status.success(), "{text}\n{}", describe(&outcome));
        fs::rename(&fresh, &exe)?;
        fs::write(&note, &text)?;
        Ok(exe)
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|m| m.modified()).ok()
}

/// The directory of a crate of `third-party`; cargo fetches and verifies it.
fn crate_dir(name: &str) -> Result<PathBuf> {
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
    let text = String::from_utf8(outcome.stdout)?;
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
