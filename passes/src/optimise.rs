//! optimise: LLVM's own pipeline, once, on the common IR.

use popcorn_toolchains::BASE;

use crate::llvm::Module;
use crate::{Error, OptLevel};

pub fn run(module: &Module, opt: OptLevel) -> Result<(), Error> {
    let pipeline = match opt {
        OptLevel::O0 => "always-inline",
        OptLevel::O1 => "default<O1>",
        OptLevel::O2 => "default<O2>",
        OptLevel::O3 => "default<O3>",
        OptLevel::Os => "default<Os>",
        OptLevel::Oz => "default<Oz>",
    };
    module.run_passes(pipeline, BASE, opt)
}
