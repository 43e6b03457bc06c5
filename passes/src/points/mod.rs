//! points: places migration points.
//!
//! Two things have to hold: a program passes a point at least every [`GAP`](loops) units of work, and it does
//! not notice. So recursion passes one where it closes a cycle of the call graph ([`calls`]), and loops
//! are treated by kind ([`shape`]):
//!
//! * a loop whose whole run is known to be short has none: its rounds are few, and all calls in them are
//!   bounded ([`work`]);
//! * an innermost counted loop without calls runs in chunks with a point between them. If it is taken for
//!   hot and is not large, that is a copy of it, and runs whose trip count, looked at once, is short take the
//!   loop as it was. Vector bodies stay whole;
//! * a tiny innermost loop that is not counted (a list walk, a scan) is unrolled, and polls once a round;
//! * any other loop polls at its latch, unless every round already passes a point in a callee or an inner
//!   loop.
//!
//! Runs after the optimiser. A poll is one comparison with memory and one branch never taken.

mod calls;
mod loops;
pub(crate) mod marker;
mod shape;
mod work;

use std::collections::HashSet;

use crate::error::Error;
use crate::llvm::{Builder, Module, Value};
use crate::options::Points;
use crate::program::Optimised;
use crate::watch::Watch;
use loops::Budget;
pub(crate) use shape::COLD_CHUNK;
use work::Work;

/// A module with migration points, as calls of a marker.
pub(crate) struct Polled(Module);

impl Polled {
    pub(crate) fn into_module(self) -> Module {
        self.0
    }
}

pub(crate) fn run(optimised: Optimised, watch: &Watch) -> Result<Polled, Error> {
    let module = optimised.into_module();
    watch.time("points", None, || place(&module, watch));
    watch.save(&module, "points")?;
    Ok(Polled(module))
}

fn place(module: &Module, watch: &Watch) {
    let options = watch.options;
    if options.points == Points::None {
        return;
    }
    let place = |b: Builder| marker::place(module, &b);
    let everywhere = options.points == Points::All;
    let polled: HashSet<Value> = if everywhere {
        let functions = module.definitions();
        functions.into_iter().filter(|f| f.is_emitted()).collect()
    } else {
        calls::entry_points(module, &options.leaf)
            .into_iter()
            .collect()
    };
    for f in &polled {
        place(Builder::after_allocas(module, f.entry()));
    }
    if options.points == Points::Functions {
        return;
    }
    let budget = Budget {
        opt: options.opt,
        short: if everywhere { 0 } else { loops::SHORT },
        work: &Work::analyse(module, &options.leaf),
    };
    for f in module.definitions() {
        loops::run(module, f, budget, &polled, &place);
    }
}
