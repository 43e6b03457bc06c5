//! Which functions and calls may reach a migration point.

use std::collections::HashSet;

use popcorn_metadata::symbols;

use crate::llvm::{Module, Value};
use crate::neutral::sjlj;
use crate::points::marker::is_point;

/// The functions of a module that a migrating process may have on its stack.
pub struct Reach<'a> {
    leaf: &'a HashSet<String>,
    instrumented: HashSet<Value>,
}

impl<'a> Reach<'a> {
    pub fn analyse(module: &Module, leaf: &'a HashSet<String>) -> Self {
        let mut reach = Reach {
            leaf,
            instrumented: HashSet::new(),
        };
        let bodies: Vec<(Value, Vec<Value>)> = module
            .definitions()
            .into_iter()
            .filter(|f| f.is_emitted())
            .map(|f| {
                (
                    f,
                    f.instructions()
                        .into_iter()
                        .filter(|i| i.is_call_like())
                        .collect(),
                )
            })
            .collect();
        loop {
            let before = reach.instrumented.len();
            for (f, calls) in &bodies {
                if !reach.instrumented.contains(f)
                    && calls.iter().any(|c| is_point(*c) || reach.is_site(*c))
                {
                    reach.instrumented.insert(*f);
                }
            }
            if reach.instrumented.len() == before {
                return reach;
            }
        }
    }

    /// Gives instrumented functions that the optimiser moved to a convention of their own the C convention
    /// back, in definition and calls: their clones have it.
    pub fn use_c_convention(&self, module: &Module) {
        for f in &self.instrumented {
            f.set_function_call_conv(0);
        }
        for f in module.definitions() {
            for call in f.instructions().into_iter().filter(|i| i.is_call_like()) {
                if self.instrumented.contains(&call.callee()) {
                    call.set_call_conv(0);
                }
            }
        }
    }

    /// A function whose activations need records.
    pub fn is_instrumented(&self, f: Value) -> bool {
        self.instrumented.contains(&f)
    }

    /// A call (not a point) below which a migration point may be.
    pub fn is_site(&self, call: Value) -> bool {
        if !call.is_call_like() || is_point(call) {
            return false;
        }
        let callee = call.callee();
        if callee.is_inline_asm() {
            return false;
        }
        if !callee.is_function() {
            return true;
        }
        let name = callee.name();
        if callee.is_intrinsic()
            || name.starts_with(symbols::OURS)
            || sjlj::LONGJMP.contains(&name.as_str())
        {
            return false;
        }
        if callee.is_declaration() {
            return !self.leaf.contains(&name);
        }
        callee.is_interposable() || self.instrumented.contains(&callee)
    }
}
