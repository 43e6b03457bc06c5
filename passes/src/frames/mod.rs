//! frames: capture pads for call sites, and a resume clone for each function that has any.
//!
//! In the function itself the normal path stays as it was: a call that may reach a migration point becomes
//! an invoke whose pad stores the live values into a record, and a migration point is a branch to cold
//! code that does the same. The clone starts from a record: it switches on the site, asks the next inner
//! frame for its result, and goes on behind the call (docs/abi.md, sections 5 to 7).
//!
//! A clone keeps its values in memory, so it is no place to stay: where it comes to a loop that holds sites,
//! it goes back into the function itself, which has an entrance there ([`reentry`]).
//!
//! Order inside one function: split the blocks at sites ([`sites`]), compute what lives across them
//! ([`liveness`]), give every value its place ([`layout`]), clone ([`clone`]), then add pads
//! ([`capture`]) and entrances to the original.

mod capture;
mod clone;
mod data_stack;
mod info;
mod layout;
mod liveness;
mod reachability;
mod reentry;
mod runtime;
mod sites;

use popcorn_metadata::info::Function;
use popcorn_metadata::record::{self, descriptor};
use popcorn_metadata::sections;
use popcorn_metadata::symbols::function;

use crate::error::Error;
use crate::llvm::{Linkage, Module, Type, Value};
use crate::neutral::sjlj;
use crate::points::Polled;
use crate::points::marker::is_point;
use crate::program::{Optimised, symbols};
use crate::watch::Watch;
use reachability::Reach;
use runtime::Runtime;

/// A module whose functions say, where a migration point may be below, what lives there.
pub(crate) struct Framed {
    pub module: Module,
    /// What the records of its functions hold.
    pub info: Vec<Function>,
}

/// A module that is never on the stack of a migrating process. Explicit points are none in it.
pub(crate) fn none(optimised: Optimised) -> Framed {
    let module = optimised.into_module();
    for f in module.definitions() {
        for i in f.instructions() {
            if is_point(i) {
                i.erase();
            }
        }
    }
    Framed {
        module,
        info: Vec::new(),
    }
}

/// Adds a data stack and frames to the functions that a migrating process may have on its stack.
pub(crate) fn run(polled: Polled, watch: &Watch) -> Result<Framed, Error> {
    let module = polled.into_module();
    let mut info = Vec::new();
    watch.time("frames", None, || {
        let reach = Reach::analyse(&module, &watch.options.leaf);
        let instrumented: Vec<Value> = module
            .definitions()
            .into_iter()
            .filter(|f| reach.is_instrumented(*f))
            .collect();
        reach.use_c_convention(&module);
        for f in &instrumented {
            data_stack::run(&module, *f);
        }
        watch.save(&module, "datastack")?;
        for f in &instrumented {
            info.extend(add(&module, *f, &reach));
        }
        watch.save(&module, "frames")
    })?;
    Ok(Framed { module, info })
}

/// Adds frames to one instrumented function; what its records hold. `None` if it turned out to have no site.
fn add(module: &Module, f: Value, reach: &Reach) -> Option<Function> {
    f.remove_unreachable_blocks();
    let runtime = Runtime { module };
    let sites = sites::split(&runtime, f, reach);
    if sites.is_empty() {
        return None;
    }
    let entrances = reentry::find(f, &sites);
    let live = liveness::across_sites(f, &sites, &entrances);
    let layout = layout::Layout::new(module, &live, sites.len());
    let info = info::describe(module, f, &sites, &layout);
    let resume = declare_clone(module, f);
    describe(module, f, resume, &layout, sites.len());
    if f.personality().is_none() {
        f.set_personality(sjlj::personality(module));
    }
    f.drop_migration_attributes();
    let parts = clone::Parts {
        sites: &sites,
        entrances: &entrances,
        layout: &layout,
    };
    clone::build(&runtime, f, resume, &parts);
    // Cloning the body has made the clone's section, visibility and attributes those of the original.
    place_clone(f, resume);
    resume.remove_function_attribute("allocsize"); // names parameters that the clone has not
    capture::add_pads(&runtime, f, &sites, &layout);
    reentry::add(&runtime, f, &entrances, &layout, sites.len());
    f.remove_unreachable_blocks();
    resume.remove_unreachable_blocks();
    Some(info)
}

/// The clone's declaration. It returns what the function returns, by the C convention.
fn declare_clone(module: &Module, f: Value) -> Value {
    let name = f.name();
    let ty = Type::function(f.value_type().return_type(), &[module.ptr()], false);
    let resume = module.add_function(&format!("{}{name}", function::CLONE), ty);
    resume.set_linkage(f.linkage());
    if f.has_comdat() {
        resume.copy_comdat(f);
    }
    resume.set_personality(f.personality().unwrap_or_else(|| sjlj::personality(module)));
    resume.add_function_attribute("cold", 0);
    resume.add_function_attribute("noinline", 0);
    resume.add_function_attribute("uwtable", symbols::ASYNC_UNWIND_TABLE);
    resume
}

/// Puts a clone where the linker takes it for cold, out of sight of other modules.
fn place_clone(f: Value, resume: Value) {
    if !f.is_local_linkage() {
        resume.set_hidden();
    }
    resume.set_section(&format!("{}{}", sections::CLONE, f.name()));
    // Loops do not stay in it.
    resume.add_function_attribute("minsize", 0);
    resume.add_function_attribute("optsize", 0);
    resume.add_function_attribute("cold", 0);
}

/// Adds the descriptor: `{ resume, function, size, sites, name, info }`. No code names it; the linker's stack
/// map leads from the code to it.
fn describe(module: &Module, f: Value, resume: Value, layout: &layout::Layout, sites: usize) {
    let name = f.name();
    let mut text = name.clone().into_bytes();
    text.push(0);
    let text = module.const_bytes(&text);
    let label = module.add_global(&format!("{}{name}", function::NAME), text.ty());
    label.set_initializer(text);
    label.set_linkage(Linkage::LLVMInternalLinkage);
    label.set_constant(true);
    let fields = [
        (descriptor::RESUME, resume),
        (descriptor::FUNCTION, f),
        (descriptor::RECORD_SIZE, module.i32_const(layout.size())),
        (descriptor::SITES, module.i32_const(sites as u64)),
        (descriptor::NAME, label),
        (descriptor::INFO, module.ptr().null()),
    ];
    let value = module.const_struct(&fields.map(|(_, value)| value));
    for (i, (offset, _)) in fields.iter().enumerate() {
        debug_assert_eq!(module.layout().offset(value.ty(), i), *offset as u64);
    }
    let g = module.add_global(&format!("{}{name}", function::DESCRIPTOR), value.ty());
    g.set_initializer(value);
    g.set_constant(true);
    g.set_linkage(f.linkage());
    g.set_alignment(record::ALIGN);
    g.set_section(&format!("{}{name}", sections::DESCRIPTOR));
    if f.has_comdat() {
        g.copy_comdat(f);
        label.copy_comdat(f);
    }
    if !f.is_local_linkage() {
        g.set_hidden();
    }
}
