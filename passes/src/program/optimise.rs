//! optimise: LLVM's own pipeline, once, on the common IR.

use popcorn_toolchains::BASE;

use crate::error::Error;
use crate::llvm::Module;
use crate::options::OptLevel;

/// Optimises a translation unit; with `whole`, a program whose units were optimised each by itself.
pub fn run(module: &Module, opt: OptLevel, whole: bool) -> Result<(), Error> {
    let level = match opt {
        OptLevel::O0 => return module.run_passes("always-inline", BASE, opt),
        // The pipeline for links removes next to nothing at O1, and what is left goes through all back ends.
        OptLevel::O1 if whole => "O2",
        OptLevel::O1 => "O1",
        OptLevel::O2 => "O2",
        OptLevel::O3 => "O3",
        OptLevel::Os => "Os",
        OptLevel::Oz => "Oz",
    };
    let pipeline = if whole { "lto" } else { "default" };
    module.run_passes(&format!("{pipeline}<{level}>"), BASE, opt)
}
