//! The marker that stands for a migration point until `frames` expands it.

use popcorn_metadata::symbols;

use crate::llvm::{Builder, Module, Type, Value};

/// Polls the flag.
const POINT: &str = "popcorn.point";
/// An explicit migration point (`popcorn_migrate`): calls the runtime whatever the flag says.
pub(crate) const POINT_HERE: &str = symbols::runtime::POLL_HERE;

/// Places a point.
pub(super) fn place(module: &Module, b: &Builder) {
    let ty = Type::function(module.void(), &[], false);
    b.call(ty, module.declare(POINT, ty), &[], "");
}

/// True for a call of a marker.
pub(crate) fn is_point(inst: Value) -> bool {
    inst.is_call_like() && inst.callee().is_function() && {
        let n = inst.callee().name();
        n == POINT || n == POINT_HERE
    }
}
