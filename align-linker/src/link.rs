//! Runs the linker once per ISA over the rewritten objects, two at a time.

use crate::archive;
use crate::emit::Plan;
use crate::error::Error;
use crate::script::script;
use popcorn_toolchains::Isa;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The linker's program name; `POPCORN_LLD` overrides it.
const LINKER: &str = "ld.lld-22";

/// How many linkers run at once.
const AT_ONCE: usize = 2;

/// What the linker made for an ISA.
pub struct Linked {
    /// The ISA.
    pub isa: &'static Isa,
    /// The executable.
    pub bytes: Vec<u8>,
    /// What the linker said although it succeeded.
    pub warnings: String,
    /// How long that took, with writing its input.
    pub took: Duration,
}

/// Writes the rewritten objects and the script into `dir`, and links them.
///
/// # Errors
/// [`Error::Io`], [`Error::Linker`].
pub fn link(plan: &Plan<'_, '_>, entry: &str, dir: &Path) -> Result<Vec<Linked>, Error> {
    let isas = &plan.collected.isas;
    let mut linked = Vec::new();
    let numbers: Vec<usize> = (0..isas.len()).collect();
    for chunk in numbers.chunks(AT_ONCE) {
        let results: Vec<Result<Linked, Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> = chunk
                .iter()
                .map(|&isa| scope.spawn(move || link_one(plan, isa, entry, dir)))
                .collect();
            threads
                .into_iter()
                .map(|t| {
                    t.join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        for result in results {
            linked.push(result?);
        }
    }
    Ok(linked)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|source| io(path, source))
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}

fn link_one(plan: &Plan<'_, '_>, n: usize, entry: &str, dir: &Path) -> Result<Linked, Error> {
    let start = Instant::now();
    let isa = plan.collected.isas[n];
    let mut members = Vec::new();
    for (number, object) in plan.collected.objects.iter().enumerate() {
        if let Some(bytes) = plan.rewrite(number, n) {
            let name = format!("{number:05}-{}.o", base_name(&object.name));
            members.push((name, bytes));
        }
    }
    let objects = dir.join(format!("{}.a", isa.name));
    write(&objects, &archive::write(&members))?;
    drop(members);
    let script_path = dir.join(format!("{}.ld", isa.name));
    write(&script_path, script(isa, entry, &plan.layout).as_bytes())?;
    let output = dir.join(format!("{}.elf", isa.name));
    let linker = std::env::var("POPCORN_LLD").unwrap_or_else(|_| LINKER.to_owned());
    let mut command = Command::new(&linker);
    command
        .args([
            "-m",
            isa.linker_emulation,
            "-static",
            "-nostdlib",
            "--no-pie",
        ])
        .args(["--no-relax", "--no-gc-sections", "--build-id=none"])
        .args(["--discard-locals", "--threads=1", "--error-limit=20"])
        .args(["-z", "norelro", "-z", "max-page-size=65536"])
        .args(["-z", "separate-loadable-segments"])
        .arg("-T")
        .arg(&script_path)
        .arg("-o")
        .arg(&output)
        .arg("--whole-archive")
        .arg(&objects);
    let result = command.output().map_err(|e| Error::Linker {
        linker: linker.clone(),
        isa: isa.name,
        output: format!("cannot be started: {e}"),
    })?;
    if !result.status.success() {
        return Err(Error::Linker {
            linker,
            isa: isa.name,
            output: String::from_utf8_lossy(&result.stderr)
                .trim_end()
                .to_owned(),
        });
    }
    let bytes = fs::read(&output).map_err(|e| io(&output, e))?;
    Ok(Linked {
        isa,
        bytes,
        warnings: String::from_utf8_lossy(&result.stderr).into_owned(),
        took: start.elapsed(),
    })
}

/// The file name of an input, for the name of its rewritten object: archive members keep theirs.
fn base_name(name: &str) -> String {
    let member = name.rsplit(['/', '(']).next().unwrap_or(name);
    let keep = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    member.trim_end_matches(')').replace(|c| !keep(c), "_")
}

/// Where intermediate files go: the directory the user named, or one that vanishes.
pub enum Scratch {
    /// Named.
    Kept(PathBuf),
    /// Vanishes when dropped.
    Temporary(tempfile::TempDir),
}

impl Scratch {
    /// Makes the directory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(kept: Option<&Path>) -> Result<Self, Error> {
        match kept {
            Some(dir) => {
                fs::create_dir_all(dir).map_err(|e| io(dir, e))?;
                Ok(Self::Kept(dir.to_owned()))
            }
            None => tempfile::Builder::new()
                .prefix("popcorn-link-")
                .tempdir()
                .map(Self::Temporary)
                .map_err(|e| io(&std::env::temp_dir(), e)),
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
