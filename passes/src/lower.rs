//! lower: one object per ISA, packed into one fat object.

use popcorn_metadata::info::{self, Function};
use popcorn_metadata::sections;
use popcorn_toolchains::Isa;

use crate::adapt::adapt;
use crate::llvm::{Linkage, Module};
use crate::{Error, Options};

/// Names every private global, and takes from every symbol what would let a back end or linker merge it
/// with another: pointers to it are program state. A thread-local is local-exec. After this no symbol of
/// the module is anonymous, so each has a section of its own.
pub fn name_globals(module: &Module) {
    for (i, g) in module.globals().into_iter().enumerate() {
        if g.name().starts_with("llvm.") {
            continue;
        }
        if g.linkage() == Linkage::LLVMPrivateLinkage {
            g.set_linkage(Linkage::LLVMInternalLinkage);
        }
        if g.linkage() == Linkage::LLVMCommonLinkage {
            // Its size would be the linker's choice; a weak definition has one.
            g.set_linkage(Linkage::LLVMWeakAnyLinkage);
        }
        if g.name().is_empty() {
            g.set_name(&format!("popcorn.anonymous.{i}"));
        }
        g.clear_unnamed_addr();
        if g.is_thread_local() {
            g.set_local_exec();
        }
    }
    for (i, f) in module.functions().into_iter().enumerate() {
        if f.is_intrinsic() {
            continue;
        }
        if f.linkage() == Linkage::LLVMPrivateLinkage {
            f.set_linkage(Linkage::LLVMInternalLinkage);
        }
        if f.name().is_empty() {
            f.set_name(&format!("popcorn.function.{i}"));
        }
        f.clear_unnamed_addr();
        if !f.is_declaration() {
            f.remove_function_attribute("uwtable");
            f.add_function_attribute("uwtable", ASYNC_UNWIND_TABLE);
        }
    }
}

/// `uwtable(async)`: captures look at frames from call sites only, but a longjmp out of a signal handler starts
/// wherever the signal struck.
pub(crate) const ASYNC_UNWIND_TABLE: u64 = 2;

/// Assembly of the module for one ISA.
pub fn assembly(module: &Module, isa: &'static Isa, options: &Options) -> Result<Vec<u8>, Error> {
    emit(prepare(module, isa)?, isa, options, true)
}

/// Runs one ISA's back end.
fn emit(
    own: Module,
    isa: &'static Isa,
    options: &Options,
    assembly: bool,
) -> Result<Vec<u8>, Error> {
    let work = || own.emit(isa, options.opt, assembly);
    options.clock.time("back end", Some(isa), work)
}

/// The fat object: the base ISA's, with the others' inside, and what the records of its functions hold.
pub fn fat_object(
    module: &Module,
    options: &Options,
    info: Vec<Function>,
) -> Result<Vec<u8>, Error> {
    let Some((base, others)) = options.isas.split_first() else {
        return Err(Error::Internal {
            stage: "lower",
            reason: "no ISA asked for".to_owned(),
        });
    };
    let carrier = prepare(module, base)?;
    if !info.is_empty() {
        let info: Vec<_> = info.into_iter().map(|function| (0, function)).collect();
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
