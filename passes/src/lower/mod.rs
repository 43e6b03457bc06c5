//! lower: from the common module to machine code, one ISA at a time.
//!
//! [`isolate_invokes`] and [`verify`] run once; then each ISA gets a copy, [`adapt`]ed, and its back end makes an
//! object of it ([`objects`]).

mod adapt;
mod isolate_invokes;
mod objects;
mod verify;

use popcorn_metadata::info::Function;
use popcorn_toolchains::Isa;

use crate::error::Error;
use crate::frames::Framed;
use crate::llvm::Module;
use crate::watch::Watch;

/// A module that keeps LLVM's rules and those of docs/abi.md. Nothing changes it any more.
pub(crate) struct Ready {
    module: Module,
    /// What the records of its functions hold.
    info: Vec<Function>,
}

impl Ready {
    pub(crate) fn check(framed: Framed, watch: &Watch) -> Result<Ready, Error> {
        let Framed { module, info } = framed;
        watch.time("verify", None, || {
            isolate_invokes::run(&module);
            watch.insist(&module, "isolated invokes")?;
            verify::run(&module, &watch.options.name)
        })?;
        Ok(Ready { module, info })
    }

    pub(crate) fn fat_object(&self, watch: &Watch) -> Result<Vec<u8>, Error> {
        objects::fat_object(&self.module, watch.options, &self.info)
    }

    pub(crate) fn assembly(&self, isa: &'static Isa, watch: &Watch) -> Result<Vec<u8>, Error> {
        objects::assembly(&self.module, isa, watch.options)
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        self.module.text().into_bytes()
    }
}

/// Verifies a module, given as text, that claims to be ready.
pub(crate) fn verify_text(input: &[u8]) -> Result<(), Error> {
    verify::run(&Module::parse(input, "input")?, "input")
}
