//! The runtime's entry points.

use popcorn_metadata::symbols::runtime;

use crate::llvm::{Module, Type, Value};

/// The runtime's entry points, declared.
pub(super) struct Runtime<'m> {
    pub module: &'m Module,
}

impl<'m> Runtime<'m> {
    fn function(&self, name: &str, ret: Type, params: &[Type]) -> (Value, Type) {
        let ty = Type::function(ret, params, false);
        (self.module.declare(name, ty), ty)
    }
    pub(super) fn poll(&self) -> (Value, Type) {
        let (f, ty) = self.function(runtime::POLL, self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn capture_next(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function(runtime::CAPTURE_NEXT, m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    pub(super) fn capture_skip(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function(runtime::CAPTURE_SKIP, m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    pub(super) fn reenter(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function(runtime::REENTER, m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn reentered(&self) -> (Value, Type) {
        let (f, ty) = self.function(runtime::REENTERED, self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn resume_done(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function(runtime::RESUME_DONE, m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn flag(&self) -> Value {
        let g = self
            .module
            .declare_global(runtime::FLAG, self.module.int(32));
        g.set_hidden();
        g
    }
}
