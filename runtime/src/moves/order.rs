//! A move: who asked for it, and where it goes.

use popcorn_metadata::origin::Origin;
use popcorn_toolchains::Isa;

use crate::arch;
use crate::program::trace;

/// A move to make.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub origin: Origin,
    /// `None`: resume in this process.
    pub to: Option<&'static Isa>,
}

impl Move {
    /// The ISA to become by an `execve`; `None`: resume in this process. A schedule that names the ISA that
    /// runs already wants the whole way.
    pub fn exec(&self) -> Option<&'static Isa> {
        self.to
            .filter(|to| to.id != arch::isa().id || self.origin == Origin::Schedule)
    }

    /// Whether anyone wants to know how long it takes.
    pub fn is_timed(&self) -> bool {
        self.origin != Origin::Schedule || trace::on()
    }
}
