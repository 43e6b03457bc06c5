//! LLVM IR in, one object per ISA out, packed into one fat object.
//!
//! A module goes through phases, each a folder with a type of its own for what it leaves behind, which the next
//! phase takes: a wrong order does not compile. Everything up to `lower` happens once, on one module in the base
//! ABI, so call sites, live values and layouts agree on all ISAs by construction. Imports run down only, from
//! `lower` over `frames`, `points`, `program` and `neutral` to `llvm`.

#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod clock;
mod error;
mod frames;
#[allow(unsafe_code, reason = "the fence around LLVM's C interface")]
mod llvm;
mod lower;
mod neutral;
mod options;
mod points;
mod program;
mod refuse;
mod watch;

pub use clock::{Clock, Time};
pub use error::Error;
pub use options::{Check, OptLevel, Options, Output, Points};
pub use program::merge;

use watch::Watch;

/// Compiles one module of base-ABI IR (`.bc` or `.ll` text) to a fat object, assembly or IR.
pub fn compile(input: &[u8], options: &Options, output: Output) -> Result<Vec<u8>, Error> {
    let watch = Watch::new(options);

    // The module keeps LLVM's rules; nothing else is known of it.
    let foreign = neutral::Foreign::read(input, &watch)?;

    // From here on nothing depends on the base ISA, no function is variadic, and control flow says all there
    // is: no call returns twice.
    let neutral = neutral::run(foreign, &watch)?;

    // From here on the optimiser is done. Every symbol has a name, every invoke a landing pad of its own.
    let optimised = program::run(neutral, &watch)?;

    let framed = if options.instrument {
        // From here on the process passes a migration point at least every so much work.
        let polled = points::run(optimised, &watch)?;
        // From here on each call that may lead to a point says what lives across it, and no pointer leads
        // into a native stack.
        frames::run(polled, &watch)?
    } else {
        frames::none(optimised)
    };

    // From here on the module keeps LLVM's rules and those of docs/abi.md, and is only read.
    let ready = lower::Ready::check(framed, &watch)?;

    match output {
        Output::Object => ready.fat_object(&watch),
        Output::Assembly(isa) => ready.assembly(isa, &watch),
        Output::Ir => Ok(ready.text()),
    }
}

/// Runs only the verifier on a module that claims to be ready for lowering.
pub fn verify_text(input: &[u8]) -> Result<(), Error> {
    lower::verify_text(input)
}
