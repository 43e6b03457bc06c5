//! How much work a call is, where that is known.
//!
//! A call is bounded if it cannot block and takes about as long every time: libc's functions of numbers, and
//! functions of the module that hold no loop and whose own calls are bounded. Of any other call nothing is
//! known, neither of `read` nor of `strlen`.

use std::collections::{HashMap, HashSet};

use super::marker::is_point;
use crate::llvm::{Module, Type, TypeKind, Value};

/// What a function of numbers is taken to cost.
const NUMERIC: u64 = 64;

/// Functions of integers that neither block nor loop. Those with a floating-point parameter or result, which
/// never do, need no list.
const OF_INTEGERS: &[&str] = &[
    "abs", "labs", "llabs", "imaxabs", "ffs", "ffsl", "ffsll", "rand", "random", "isalnum",
    "isalpha", "isascii", "isblank", "iscntrl", "isdigit", "isgraph", "islower", "isprint",
    "ispunct", "isspace", "isupper", "isxdigit", "toascii", "tolower", "toupper",
];

/// The work of the module's functions.
pub(super) struct Work<'a> {
    /// Functions of libc that pass no point.
    leaf: &'a HashSet<String>,
    /// By function; `None` while it is being looked at, and if it is not bounded.
    of: HashMap<Value, Option<u64>>,
}

impl<'a> Work<'a> {
    pub(super) fn analyse(module: &Module, leaf: &'a HashSet<String>) -> Self {
        let mut work = Work {
            leaf,
            of: HashMap::new(),
        };
        for f in module.definitions() {
            work.function(f);
        }
        work
    }

    fn function(&mut self, f: Value) -> Option<u64> {
        if let Some(known) = self.of.get(&f) {
            return *known;
        }
        // What is found while this stands is a recursion.
        self.of.insert(f, None);
        let body = f.instructions();
        let mut sum = Some(body.len() as u64);
        if !f.back_edges().is_empty() {
            sum = None;
        }
        for call in body.into_iter().filter(|i| i.is_call_like()) {
            let callee = call.callee();
            if callee.is_function() && !callee.is_declaration() {
                self.function(callee);
            }
            sum = sum.zip(self.call(call)).map(|(a, b)| a.saturating_add(b));
        }
        self.of.insert(f, sum);
        sum
    }

    /// The work of one call besides the call itself. `None` if nothing bounds it.
    pub(super) fn call(&self, call: Value) -> Option<u64> {
        let callee = call.callee();
        if is_point(call) {
            return Some(0);
        }
        // Of assembly only barriers are left; of intrinsics what is work is so in line.
        if callee.is_inline_asm() || callee.is_intrinsic() {
            return Some(0);
        }
        if !callee.is_function() {
            return None;
        }
        if self.is_numeric(callee) {
            return Some(NUMERIC);
        }
        if callee.is_interposable() {
            return None;
        }
        self.of.get(&callee).copied().flatten()
    }

    /// Whether it is one of libc's functions of numbers, which take no longer for any of them.
    pub(super) fn is_numeric(&self, f: Value) -> bool {
        if !f.is_function() || !f.is_declaration() || !self.leaf.contains(&f.name()) {
            return false;
        }
        let ty = f.value_type();
        let parameters = ty.param_types();
        let is_real =
            |t: &Type| t.is_floating() || t.is_vector() || t.kind() == TypeKind::LLVMFP128TypeKind;
        !parameters.iter().any(|t| t.is_pointer())
            && (parameters.iter().any(is_real)
                || is_real(&ty.return_type())
                || OF_INTEGERS.contains(&f.name().as_str()))
    }
}
