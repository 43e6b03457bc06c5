//! neutral: makes the IR say nothing that only the base ISA understands.
//!
//! In this order: code for one machine becomes generic or is refused ([`machine`]), computed gotos become
//! switches ([`computed_goto`]), wide atomics become calls ([`atomics`]), variadic arguments become blocks of memory ([`variadic`]), structures by value
//! are copied by the callee ([`byval`]), `fmin` and `fmax` get one meaning ([`minmax`]), and `setjmp` becomes a
//! token ([`sjlj`]).

mod assembly;
mod atomics;
mod builtins;
mod byval;
mod computed_goto;
mod intrinsics;
mod machine;
mod minmax;
pub(crate) mod sjlj;
mod variadic;

use crate::error::Error;
use crate::llvm::Module;
use crate::watch::Watch;

/// A module of another's making. It keeps LLVM's rules.
pub(crate) struct Foreign(Module);

impl Foreign {
    pub(crate) fn read(input: &[u8], watch: &Watch) -> Result<Foreign, Error> {
        let read = || Module::parse_checked(input, &watch.options.name);
        let module = watch.time("read", None, read)?;
        watch.save(&module, "input")?;
        Ok(Foreign(module))
    }
}

/// A module that means the same on every ISA.
pub(crate) struct Neutral(Module);

impl Neutral {
    pub(crate) fn into_module(self) -> Module {
        self.0
    }
}

pub(crate) fn run(foreign: Foreign, watch: &Watch) -> Result<Neutral, Error> {
    let module = foreign.0;
    watch.time("neutral", None, || {
        machine::run(&module, &watch.options.isas, &watch.options.name)?;
        watch.check(&module, "machine")?;
        variadic::run(&module)?;
        watch.check(&module, "variadic")?;
        byval::run(&module);
        watch.check(&module, "byval")?;
        minmax::run(&module);
        watch.save(&module, "neutral")?;
        sjlj::run(&module);
        watch.save(&module, "sjlj")
    })?;
    Ok(Neutral(module))
}
