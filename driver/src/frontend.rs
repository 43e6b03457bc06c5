//! The front end: clang, told to emit IR for the base ABI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use popcorn_toolchains::BASE;

use crate::args::{Language, Mode};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::tools;

/// Macros by which source code recognises the base ISA and then uses what only it has.
const UNDEFINED: &[&str] = &[
    "__amd64",
    "__amd64__",
    "__x86_64",
    "__x86_64__",
    "__k8",
    "__k8__",
    "__tune_k8__",
    "__SSE__",
    "__SSE2__",
    "__SSE_MATH__",
    "__SSE2_MATH__",
    "__MMX__",
    "__FXSR__",
    "__LAHF_SAHF__",
    "__NO_MATH_INLINES",
    "__SEG_FS",
    "__SEG_GS",
    "__seg_fs",
    "__seg_gs",
    "__GCC_ASM_FLAG_OUTPUTS__",
    "__SIZEOF_FLOAT80__",
];

/// What makes IR that every ISA's back end can lower with the same results. Given after the user's
/// flags, so that these win.
const BASE_ABI: &[&str] = &[
    "-mlong-double-128",
    "-ffp-contract=off",
    "-ftls-model=local-exec",
    "-fno-pic",
    "-fno-stack-protector",
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

/// The front end's command line for one source file. `object` is what the file is compiled to, for the
/// rule in a dependency file.
pub fn command(
    job: &Job,
    input: &Path,
    language: Language,
    want: Want,
    object: &Path,
) -> Result<Command> {
    let mut clang = Command::new(&job.clang);
    clang.args(base_flags(&job.clang, job.args.std_includes, job)?.0);
    clang.args(&job.args.front);
    clang.args(base_flags(&job.clang, job.args.std_includes, job)?.1);
    if let Some(flag) = &job.args.deps.flag {
        clang.arg(flag);
        let file = match &job.args.deps.file {
            Some(file) => PathBuf::from(file),
            None => object.with_extension("d"),
        };
        clang.arg("-MF").arg(file);
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

/// Flags before and after the user's.
fn base_flags(clang: &Path, std_includes: bool, job: &Job) -> Result<(Vec<String>, Vec<String>)> {
    let mut before = vec![
        format!("--target={}", BASE.triple),
        "-nostdinc".to_owned(),
        "-D__popcorn__=1".to_owned(),
    ];
    before.extend(UNDEFINED.iter().map(|name| format!("-U{name}")));
    let mut after: Vec<String> = BASE_ABI.iter().map(|&f| f.to_owned()).collect();
    if std_includes && let Some(sysroot) = &job.sysroot {
        // musl's headers first: clang's limits.h and stdint.h are for another libc.
        after.push("-isystem".into());
        after.push(sysroot.include().display().to_string());
    }
    after.push("-isystem".into());
    after.push(tools::resource_include(clang)?.display().to_string());
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
