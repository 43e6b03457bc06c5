//! The runtime's entry points.

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
        let (f, ty) = self.function("__popcorn_poll", self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn capture_next(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_capture_next", m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    pub(super) fn capture_skip(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_capture_skip", m.void(), &[m.ptr()]);
        f.add_function_attribute("noreturn", 0);
        f.add_function_attribute("cold", 0);
        (f, ty)
    }
    pub(super) fn reenter(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_reenter", m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn reentered(&self) -> (Value, Type) {
        let (f, ty) = self.function("__popcorn_reentered", self.module.ptr(), &[]);
        f.add_function_attribute("cold", 0);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn resume_done(&self) -> (Value, Type) {
        let m = self.module;
        let (f, ty) = self.function("__popcorn_resume_done", m.void(), &[m.ptr()]);
        f.add_function_attribute("nounwind", 0);
        (f, ty)
    }
    pub(super) fn flag(&self) -> Value {
        let g = self
            .module
            .declare_global("__popcorn_flag", self.module.int(32));
        g.set_hidden();
        g
    }
}
