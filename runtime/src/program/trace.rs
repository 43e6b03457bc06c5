//! `POPCORN_TRACE`: what is said on standard error.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use popcorn_metadata::environment;

use crate::base::statics::Travels;
use crate::program::arguments::Initial;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    Off = 0,
    /// A line per hop, and per move that is refused or deferred or system call that is not translated.
    Moves = 1,
    /// Also what a move does: what it looks at, what it takes along, how long each part takes.
    Steps = 2,
    /// Also every captured frame.
    Frames = 3,
}

static LEVEL: Travels<AtomicU8> = Travels::new(AtomicU8::new(0));

/// Whether as much as this is to be said.
pub fn at(level: Level) -> bool {
    LEVEL.load(Relaxed) >= level as u8
}

/// Whether moves are to be told.
pub fn on() -> bool {
    at(Level::Moves)
}

/// Takes the level from the environment: a number, `1` to `3`.
pub fn start(initial: &Initial) {
    let level = match initial.var(environment::TRACE) {
        Some(b"1") => Level::Moves,
        Some(b"2") => Level::Steps,
        Some(b"3") => Level::Frames,
        _ => return,
    };
    LEVEL.store(level as u8, Relaxed);
}

/// `step!("…", …)`: what a move does, for [`Level::Steps`].
#[macro_export]
macro_rules! step {
    ($($text:tt)*) => {
        if $crate::program::trace::at($crate::program::trace::Level::Steps) {
            $crate::say!("popcorn:   {}", format_args!($($text)*));
        }
    };
}
