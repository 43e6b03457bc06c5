//! program: the common code as LLVM's own tools leave it.
//!
//! [`optimise`] runs LLVM's pipeline, [`symbols`] gives every symbol a name and takes from it what would let a
//! back end merge it with another, [`landing_pads`] separates landing pads. [`merge`] makes one module of a whole
//! program's, before all of this.

mod landing_pads;
pub mod merge;
mod optimise;
pub(crate) mod symbols;

use crate::error::Error;
use crate::llvm::Module;
use crate::neutral::Neutral;
use crate::watch::Watch;

/// A module that the optimiser is done with. Each of its symbols has a name, each invoke a pad of its own.
pub(crate) struct Optimised(Module);

impl Optimised {
    pub(crate) fn into_module(self) -> Module {
        self.0
    }
}

pub(crate) fn run(neutral: Neutral, watch: &Watch) -> Result<Optimised, Error> {
    let module = neutral.into_module();
    let options = watch.options;
    watch.time("optimise", None, || {
        optimise::run(&module, options.opt, options.whole)
    })?;
    symbols::run(&module);
    watch.save(&module, "optimised")?;
    for f in module.definitions() {
        landing_pads::isolate(&module, f);
    }
    watch.check(&module, "landing pads")?;
    Ok(Optimised(module))
}
