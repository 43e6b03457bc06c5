//! What one compilation does, and what comes out of it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use popcorn_toolchains::Isa;

use crate::clock::Clock;

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
    /// The module is a whole program from [`merge`](crate::program::merge): optimised as at link time.
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
