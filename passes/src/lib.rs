//! LLVM IR in, one object per ISA out, packed into one fat object.
//!
//! Everything up to [`lower`] happens once, on one module in the base ABI, so call sites, live values
//! and layouts agree on all ISAs by construction. `compile` reads as the pipeline does.

#![deny(unsafe_op_in_unsafe_fn)]

mod adapt;
mod assembly;
mod builtins;
mod byval;
mod clock;
mod datastack;
mod extremes;
mod fence;
mod frames;
mod intrinsics;
pub mod llvm;
mod lower;
pub mod merge;
mod neutral;
mod optimise;
mod pads;
mod points;
mod reach;
mod refuse;
mod sjlj;
mod variadic;
mod verify;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use popcorn_toolchains::Isa;

pub use clock::{Clock, Time};
use llvm::Module;

/// Where migration points go (`--popcorn-migration-points`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Points {
    /// No polls; call sites still carry frames, so callers and callees can migrate.
    None,
    /// At entries of functions on call-graph cycles.
    Functions,
    /// There and in loops, as many as keep the distance between two short.
    Loops,
    /// At every function entry and in every round of every loop: for tests of moving.
    All,
}

/// Optimisation level, with clang's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptLevel {
    O0,
    O1,
    O2,
    O3,
    Os,
    Oz,
}

/// Where LLVM's verifier looks at the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Check {
    /// As it comes in, and before back ends see it.
    #[default]
    Ends,
    /// After every stage as well.
    Between,
}

impl Check {
    /// What the environment asks for: `POPCORN_CHECK=stages` is `Between`.
    pub fn from_environment() -> Check {
        match std::env::var_os("POPCORN_CHECK") {
            Some(wanted) if wanted == "stages" => Check::Between,
            _ => Check::Ends,
        }
    }
}

/// What one compilation does.
#[derive(Debug, Clone)]
pub struct Options {
    /// ISAs to lower to; the base ISA is always first.
    pub isas: Vec<&'static Isa>,
    pub opt: OptLevel,
    pub points: Points,
    /// False for code that is never on the stack of a migrating process (the runtime, libc's start-up):
    /// no frames, no data stack.
    pub instrument: bool,
    /// The module is a whole program from [`merge`]: optimised as at link time.
    pub whole: bool,
    /// External functions that never reach a migration point (most of libc): plain calls.
    pub leaf: Arc<HashSet<String>>,
    /// Directory that gets the IR after every stage, numbered.
    pub save_temps: Option<PathBuf>,
    /// Name of the translation unit, for messages and for `save_temps` file names.
    pub name: String,
    pub check: Check,
    /// Gets the time that each phase took, and each ISA's back end.
    pub clock: Clock,
}

/// What to emit.
#[derive(Debug, Clone, Copy)]
pub enum Output {
    /// The fat object.
    Object,
    /// Assembly for one ISA (`-S`).
    Assembly(&'static Isa),
    /// The IR as it is just before lowering (`-S -emit-llvm` of the instrumented module).
    Ir,
}

/// Why a module could not be compiled. The text names the function, and the source line if known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{file}: not LLVM IR: {reason}")]
    Parse { file: String, reason: String },
    #[error(
        "{file}: invalid LLVM IR: {reason}\n  help: LLVM's verifier refuses it; whatever wrote it has a bug"
    )]
    Invalid { file: String, reason: String },
    #[error("{what} in `{function}` cannot be lowered for {isa}\n  --> {location}\n  help: {help}")]
    Unsupported {
        what: String,
        function: String,
        isa: String,
        location: String,
        help: String,
    },
    #[error(
        "{file}: function `{function}` breaks a rule of the ABI: {rule}\n  help: this is a bug; please report it with the output of --save-temps"
    )]
    Verify {
        file: String,
        function: String,
        rule: String,
    },
    #[error("internal: {stage}: {reason}")]
    Internal { stage: &'static str, reason: String },
    #[error("{path}: {source}")]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Compiles one module of base-ABI IR (`.bc` or `.ll` text) to a fat object, assembly or IR.
pub fn compile(input: &[u8], options: &Options, output: Output) -> Result<Vec<u8>, Error> {
    let clock = &options.clock;
    let module = clock.time("read", None, || Module::parse_checked(input, &options.name))?;
    let mut temps = Temps { options, next: 0 };
    temps.save(&module, "input")?;

    // From here on nothing depends on the base ISA.
    clock.time("neutral", None, || {
        neutral::run(&module, &options.isas, &options.name)?;
        variadic::run(&module)?;
        byval::run(&module);
        extremes::run(&module);
        temps.save(&module, "neutral")?;
        // From here on control flow says all there is: no call returns twice.
        sjlj::run(&module);
        temps.save(&module, "sjlj")
    })?;

    clock.time("optimise", None, || {
        optimise::run(&module, options.opt, options.whole)
    })?;
    lower::name_globals(&module);
    temps.save(&module, "optimised")?;

    for f in module.definitions() {
        pads::isolate(&module, f);
    }
    let mut info = Vec::new();
    if options.instrument {
        clock.time("points", None, || {
            points::run(&module, options.points, options.opt, &options.leaf);
        });
        temps.save(&module, "points")?;
        clock.time("frames", None, || {
            let reach = reach::Reach::analyse(&module, &options.leaf);
            let instrumented: Vec<_> = module
                .definitions()
                .into_iter()
                .filter(|f| reach.is_instrumented(*f))
                .collect();
            reach.use_c_convention(&module);
            for f in &instrumented {
                datastack::run(&module, *f);
            }
            temps.save(&module, "datastack")?;
            for f in &instrumented {
                info.extend(frames::run(&module, *f, &reach));
            }
            temps.save(&module, "frames")
        })?;
    }
    clock.time("verify", None, || {
        fence::run(&module);
        // From here on the IR keeps LLVM's rules and those of docs/abi.md.
        check(&module, "fence")?;
        verify::run(&module, &options.name)
    })?;

    match output {
        Output::Object => lower::fat_object(&module, options, info),
        Output::Assembly(isa) => lower::assembly(&module, isa, options),
        Output::Ir => Ok(module.text().into_bytes()),
    }
}

/// Runs only the verifier on a module that claims to be ready for lowering.
pub fn verify_text(input: &[u8]) -> Result<(), Error> {
    verify::run(&Module::parse(input, "input")?, "input")
}

/// LLVM's own verifier.
fn check(module: &Module, stage: &'static str) -> Result<(), Error> {
    let broken = |reason| Error::Internal { stage, reason };
    module.verify().map_err(broken)
}

/// Writes the IR after a stage, numbered, and checks it in builds with debug assertions.
struct Temps<'a> {
    options: &'a Options,
    next: usize,
}

impl Temps<'_> {
    fn save(&mut self, module: &Module, stage: &'static str) -> Result<(), Error> {
        if let Some(dir) = &self.options.save_temps {
            self.write(module, stage, dir)?;
        }
        if self.options.check == Check::Between || cfg!(debug_assertions) {
            check(module, stage)?;
        }
        Ok(())
    }

    fn write(&mut self, module: &Module, stage: &str, dir: &Path) -> Result<(), Error> {
        let base = Path::new(&self.options.name);
        let stem = base
            .file_stem()
            .unwrap_or(base.as_os_str())
            .to_string_lossy();
        let path = dir.join(format!("{stem}.{}-{stage}.ll", self.next));
        self.next += 1;
        let io = |source| Error::Io {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(io)?;
        std::fs::write(&path, module.text()).map_err(io)
    }
}
