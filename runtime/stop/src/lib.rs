//! How the threads of a program are stopped together: a protocol of one word.
//!
//! `docs/stop.md` describes it. The state of a stop is one atomic word ([`State`]); what a thread does is a machine
//! ([`Machine`]) whose every step uses that word at most once. A program runs the machines on its own memory, a futex and
//! signals ([`System`], [`run`]); the tests explore all orders of the same machines' steps, and run them under loom for
//! the order of memory.
//!
//! ```text
//!  a thread at a point   Point    ->  Coordinate | Stand | GoOn
//!  Coordinate            Gather   ->  Commit -> Collect, then the process moves, or
//!                                     Rebuild -> CollectWhole -> Release; or Release at once
//!  Stand                 Stand    ->  Capture, then Captured -> Rebuilt -> Leave; or Leave; or TooLate
//!                        Refuse
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod coordinator;
mod machine;
mod participant;
mod point;
mod state;
mod word;

pub use coordinator::{
    Collect, CollectWhole, Commit, Committed, Failure, Gather, Gathered, Rebuild, Rebuilding,
    Release, Stopped, Whole,
};
pub use machine::{Action, Machine, Outcome, Step, System, Who, run};
pub use participant::{Captured, Leave, Rebuilt, Refuse, Stand, Stood};
pub use point::{Forked, Point, Role};
pub use state::{MOST_THREADS, Phase, State};
pub use word::Word;
