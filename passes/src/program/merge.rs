//! merge: the modules of a whole program, standard library included, become one.
//!
//! What rustc calls fat LTO, done here so that no other compiler's back end touches the program: the parts
//! are linked, everything that nothing outside asks for becomes internal, and what is never reached goes.

use std::collections::HashSet;

use popcorn_toolchains::BASE;

use crate::error::Error;
use crate::llvm::{Linkage, Module};
use crate::options::OptLevel;

/// One module, as bitcode or text, with its name and its crate's for messages.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub owner: String,
    pub bytes: Vec<u8>,
}

/// Links `parts` to one module and returns it as bitcode. Symbols in `keep` stay visible to the linker.
///
/// Nothing in the program may unwind: a call with a landing pad becomes a plain one.
pub fn merge(parts: &[Part], keep: &HashSet<String>) -> Result<Vec<u8>, Error> {
    let Some((first, rest)) = parts.split_first() else {
        return Err(Error::Internal {
            stage: "merge",
            reason: "no module to merge".to_owned(),
        });
    };
    let module = Module::parse_checked(&first.bytes, &first.name)?;
    refuse_assembly(&module, first)?;
    for part in rest {
        module.link(&part.bytes, &part.name)?;
        // Afterwards nobody could say whose it was.
        refuse_assembly(&module, part)?;
    }
    // From here on the module is the program.
    internalise(&module, keep);
    module.run_passes(
        "globaldce,function(lower-invoke,simplifycfg),globaldce",
        BASE,
        OptLevel::O0,
    )?;
    for f in module.definitions() {
        f.drop_personality();
    }
    module.strip_debug_info();
    Ok(module.bitcode())
}

fn refuse_assembly(module: &Module, part: &Part) -> Result<(), Error> {
    if module.module_asm().is_empty() {
        return Ok(());
    }
    Err(Error::Unsupported {
        what: "assembly outside of functions (`global_asm!`)".to_owned(),
        function: part.owner.clone(),
        isa: "every ISA".to_owned(),
        location: part.name.clone(),
        help: "turn off the crate's feature that brings assembly; many have one for pure Rust"
            .to_owned(),
    })
}

/// Makes every definition internal that the linker need not see.
fn internalise(module: &Module, keep: &HashSet<String>) {
    let symbols = module.functions().into_iter().chain(module.globals());
    for symbol in symbols.filter(|s| !s.is_declaration()) {
        let name = symbol.name();
        let fixed = symbol.is_local_linkage()
            || symbol.linkage() == Linkage::LLVMAppendingLinkage
            || symbol.linkage() == Linkage::LLVMAvailableExternallyLinkage
            || name.starts_with("llvm.")
            || keep.contains(&name);
        if !fixed {
            symbol.drop_comdat();
            symbol.set_linkage(Linkage::LLVMInternalLinkage);
        }
    }
}
