//! The front end: clang, told to emit IR for the base ABI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use popcorn_toolchains::base_abi;
use popcorn_toolchains::isa::{LEAST_PAGE, page_size};

use crate::args::{Language, Mode};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::tools;

/// Built-in functions whose lowering differs between back ends: `fmin` and `fmax` treat signalling NaNs
/// differently, so they stay calls of libc. `-fno-exceptions` is C's default, whatever a makefile says.
const AFTER: &[&str] = &[
    "-fcf-protection=none",
    "-fno-builtin-fmin",
    "-fno-builtin-fminf",
    "-fno-builtin-fminl",
    "-fno-builtin-fmax",
    "-fno-builtin-fmaxf",
    "-fno-builtin-fmaxl",
    "-fno-exceptions",
];

/// What the front end makes of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Unoptimised bitcode for the passes.
    Bitcode,
    /// The same as text.
    IrText,
    /// Preprocessed text or dependencies.
    Preprocessed,
    /// Diagnostics only.
    Nothing,
}

/// The dependency file that `-MD` or `-MMD` asks for beside the output, if one does.
pub fn dependency_file(job: &Job, object: &Path) -> Option<PathBuf> {
    job.args.deps.flag.as_ref()?;
    Some(match &job.args.deps.file {
        Some(file) => PathBuf::from(file),
        None => object.with_extension("d"),
    })
}

/// The front end's command line for one source file. `object` is what the file is compiled to, for the
/// rule in a dependency file, which is written to `dependencies`.
pub fn command(
    job: &Job,
    input: &Path,
    language: Language,
    want: Want,
    object: &Path,
    dependencies: Option<&Path>,
) -> Result<Command> {
    let mut clang = Command::new(&job.clang);
    let (before, after) = base_flags(job)?;
    clang.args(before).args(&job.args.front).args(after);
    if let (Some(flag), Some(file)) = (&job.args.deps.flag, dependencies) {
        clang.arg(flag).arg("-MF").arg(file);
        if !job.args.deps.target {
            clang.arg("-MQ").arg(object);
        }
    } else if let Some(file) = &job.args.deps.file {
        clang.arg("-MF").arg(file);
    }
    match want {
        Want::Bitcode => clang.args(["-emit-llvm", "-c"]),
        Want::IrText => clang.args(["-emit-llvm", "-S"]),
        Want::Preprocessed => clang.arg("-E"),
        Want::Nothing => clang.arg("-fsyntax-only"),
    };
    clang.arg("-x").arg(match language {
        Language::C => "c",
        Language::PreprocessedC => "cpp-output",
        Language::Ir => "ir",
    });
    clang.arg(input);
    if want != Want::Nothing {
        clang.args(["-o", "-"]);
    }
    Ok(clang)
}

/// Flags before and after the user's: macros first, so that `-D` and `-U` have the last word; the base
/// ABI last, so that no flag undoes it.
fn base_flags(job: &Job) -> Result<(Vec<String>, Vec<String>)> {
    let (mut before, mut after) = (vec!["-nostdinc".to_owned()], Vec::new());
    for &flag in base_abi::CLANG_FLAGS {
        let macros = flag.starts_with("-D") || flag.starts_with("-U");
        let side = if macros { &mut before } else { &mut after };
        side.push(flag.to_owned());
    }
    if page_size(&job.isas) > LEAST_PAGE {
        before.push(base_abi::LARGE_PAGES.to_owned());
    }
    after.extend(AFTER.iter().map(|&flag| flag.to_owned()));
    if job.args.std_includes
        && let Some(sysroot) = &job.sysroot
    {
        // musl's headers first: clang's limits.h and stdint.h are for another libc.
        after.push("-isystem".into());
        after.push(sysroot.include().display().to_string());
    }
    after.push("-isystem".into());
    after.push(tools::resource_include(&job.clang)?.display().to_string());
    if job.args.mode != Mode::Preprocess {
        after.extend(["-Xclang", "-disable-llvm-passes"].map(str::to_owned));
        after.extend(["-Xclang", "-disable-O0-optnone"].map(str::to_owned));
    }
    Ok((before, after))
}

/// Runs the front end; its diagnostics go straight to standard error.
pub fn run(mut clang: Command) -> Result<Vec<u8>> {
    let output = clang
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Tool {
            tool: clang.get_program().display().to_string(),
            source,
            help: "run `make deps`".into(),
        })?;
    if !output.status.success() {
        return Err(Error::FrontEnd(output.status.code().unwrap_or(1)));
    }
    Ok(output.stdout)
}
