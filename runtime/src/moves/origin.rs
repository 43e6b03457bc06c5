//! Who asks for a move, and what is asked for.

use popcorn_toolchains::Isa;

use crate::arch;
use crate::program::trace;

/// Who asked for a move or an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `POPCORN_HOP`.
    Schedule = 0,
    /// `popcorn migrate`, through its request file.
    Command = 1,
    /// `popcorn_migrate`, in the program.
    Program = 2,
    /// `popcorn checkpoint`, through its request file: an image is to be written.
    Checkpoint = 3,
    /// `popcorn restore`: a process comes out of an image.
    Restore = 4,
}

impl Origin {
    /// The inverse of `as u64`.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Command,
            2 => Self::Program,
            3 => Self::Checkpoint,
            4 => Self::Restore,
            _ => Self::Schedule,
        }
    }
}

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
