//! One object per ISA, packed into one fat object.

use popcorn_metadata::info::{self, Function};
use popcorn_metadata::sections;
use popcorn_toolchains::Isa;

use super::adapt::adapt;
use crate::error::Error;
use crate::llvm::Module;
use crate::options::Options;

/// Assembly of the module for one ISA.
pub(super) fn assembly(
    module: &Module,
    isa: &'static Isa,
    options: &Options,
) -> Result<Vec<u8>, Error> {
    emit(prepare(module, isa)?, isa, options, true)
}

/// Runs one ISA's back end.
fn emit(
    own: Module,
    isa: &'static Isa,
    options: &Options,
    assembly: bool,
) -> Result<Vec<u8>, Error> {
    let work = || own.emit(isa, options, assembly);
    options.clock.time("back end", Some(isa), work)
}

/// The fat object: the base ISA's, with the others' inside, and what the records of its functions hold.
pub(super) fn fat_object(
    module: &Module,
    options: &Options,
    info: &[Function],
) -> Result<Vec<u8>, Error> {
    let Some((base, others)) = options.isas.split_first() else {
        return Err(Error::Internal {
            stage: "lower",
            reason: "no ISA asked for".to_owned(),
        });
    };
    let carrier = prepare(module, base)?;
    if !info.is_empty() {
        let info: Vec<_> = info.iter().map(|function| (0, function.clone())).collect();
        carrier.embed(sections::INFO, &info::write(&info));
    }
    for (isa, object) in others.iter().zip(objects(module, others, options)?) {
        carrier.embed(&format!("{}{}", sections::OBJECT, isa.name), &object);
    }
    emit(carrier, base, options, false)
}

/// An object for each of `isas`. A whole program is large enough for a thread for each.
fn objects(
    module: &Module,
    isas: &[&'static Isa],
    options: &Options,
) -> Result<Vec<Vec<u8>>, Error> {
    if !options.whole {
        let object = |isa: &&'static Isa| emit(prepare(module, isa)?, isa, options, false);
        return isas.iter().map(object).collect();
    }
    let bitcode = &module.bitcode();
    std::thread::scope(|scope| {
        let start = |isa: &'static Isa| {
            scope.spawn(move || {
                let own = Module::parse(bitcode, isa.name)?;
                adapt(&own, isa)?;
                emit(own, isa, options, false)
            })
        };
        let threads: Vec<_> = isas.iter().map(|isa| start(isa)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<_>| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::Internal {
                    stage: "lower",
                    reason: "a back end's thread panicked".to_owned(),
                })
            })
        };
        threads.into_iter().map(join).collect()
    })
}

fn prepare(module: &Module, isa: &'static Isa) -> Result<Module, Error> {
    let own = module.duplicate(isa.name)?;
    adapt(&own, isa)?;
    Ok(own)
}
