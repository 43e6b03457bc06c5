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
mod info;
mod layout;
mod liveness;
mod reentry;
mod sites;

use popcorn_metadata::info::Function;

use crate::llvm::{Linkage, Module, Type, Value};
use crate::reach::Reach;
use crate::sjlj;

/// A section-name prefix: the linker puts what begins with it into the cold segment.
const CLONE_SECTION: &str = ".text.popcorn.resume.";
const DESCRIPTOR_SECTION: &str = ".rodata.popcorn.desc.";
pub(crate) const DESCRIPTOR_PREFIX: &str = "__popcorn_desc.";
const CLONE_PREFIX: &str = "__popcorn_resume.";

/// The runtime's entry points, declared.
pub(super) struct Runtime<'m> {
    module: &'m Module,
}

impl<'m> Runtime<'m> {
    fn function(&self, name: &str, ret: Type, params: &[Type]) -> (Value, Type) {
        let ty = Type::function(ret, params, false);
        (self.module.declare(name, ty), ty)
    }
    fn poll(&self) -> (Value, Type) {
        let (f, ty) = self.function("__popcorn_poll", self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    fn capture_next(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_capture_next", m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    fn capture_skip(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_capture_skip", m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    fn reenter(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_reenter", m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    fn reentered(&self) -> (Value, Type) {
        let (f, ty) = self.function("__popcorn_reentered", self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    fn resume_done(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_resume_done", m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    fn flag(&self) -> Value {
        let g = self
            .module
            .declare_global("__popcorn_flag", self.module.int(32));
        g.set_hidden();
        g
    }
}

/// Adds frames to one instrumented function; what its records hold. `None` if it turned out to have no site.
pub fn run(module: &Module, f: Value, reach: &Reach) -> Option<Function> {
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
    let resume = module.add_function(&format!("{CLONE_PREFIX}{name}"), ty);
    resume.set_linkage(f.linkage());
    if f.has_comdat() {
        resume.copy_comdat(f);
    }
    resume.set_personality(f.personality().unwrap_or_else(|| sjlj::personality(module)));
    resume.add_function_attribute("cold", 0);
    resume.add_function_attribute("noinline", 0);
    resume.add_function_attribute("uwtable", crate::lower::ASYNC_UNWIND_TABLE);
    resume
}

/// Puts a clone where the linker takes it for cold, out of sight of other modules.
fn place_clone(f: Value, resume: Value) {
    if !f.is_local_linkage() {
        resume.set_hidden();
    }
    resume.set_section(&format!("{CLONE_SECTION}{}", f.name()));
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
    let label = module.add_global(&format!("__popcorn_name.{name}"), text.ty());
    label.set_initializer(text);
    label.set_linkage(Linkage::LLVMInternalLinkage);
    label.set_constant(true);
    let value = module.const_struct(&[
        resume,
        f,
        module.i32_const(layout.size()),
        module.i32_const(sites as u64),
        label,
        module.ptr().null(),
    ]);
    let g = module.add_global(&format!("{DESCRIPTOR_PREFIX}{name}"), value.ty());
    g.set_initializer(value);
    g.set_constant(true);
    g.set_linkage(f.linkage());
    g.set_alignment(16);
    g.set_section(&format!("{DESCRIPTOR_SECTION}{name}"));
    if f.has_comdat() {
        g.copy_comdat(f);
        label.copy_comdat(f);
    }
    if !f.is_local_linkage() {
        g.set_hidden();
    }
}
