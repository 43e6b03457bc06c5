//! What a thread keeps of the capture of its stack: how far it is, and the records when it has ended.

use crate::base::refusal::Refusal;
use crate::kernel::errno;
use crate::program::alone::Alone;
use crate::program::stop::Parked;
use crate::refusal;
use crate::stack::records::{Arena, Full, Record};

/// What follows a capture: every frame is a record, and nothing on the native stack is needed.
pub type Then = fn(Stopped) -> !;

/// The same for a thread that another one stopped.
pub type ThenParked = fn(Captured, Parked) -> !;

/// Whose stack is captured, and what follows.
pub(super) enum UnderWay {
    Nothing,
    /// That of the thread that stopped the program.
    Alone(Alone, Then),
    /// That of another.
    Parked(Parked, ThenParked),
}

/// A thread's finished or running capture.
pub struct Capture {
    pub(super) arena: Arena,
    pub(super) under_way: UnderWay,
    /// No other thread walks its stack.
    pub(super) alone: bool,
    /// What belongs into the header of the record that is being filled: stored once the pad has done,
    /// since a resumed function's pad copies its old record, header and all.
    pub(super) next: *mut Record,
    pub(super) frame: u64,
    /// First and last record.
    pub(super) innermost: *mut Record,
    pub(super) outermost: *mut Record,
    pub(super) frames: u64,
    /// `CLOCK_MONOTONIC`, nanoseconds; 0 if nobody wants to know.
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl Capture {
    pub const NONE: Self = Self {
        arena: Arena::EMPTY,
        under_way: UnderWay::Nothing,
        alone: false,
        next: core::ptr::null_mut(),
        frame: 0,
        innermost: core::ptr::null_mut(),
        outermost: core::ptr::null_mut(),
        frames: 0,
        begin: 0,
        end: 0,
    };

    /// Gives its memory back.
    pub fn free(&mut self) {
        self.arena.free();
    }

    /// Room for the records of a thread that arrives: the buffer's address.
    pub fn arriving(&mut self, length: u64) -> Result<u64, Refusal> {
        self.arena.flip(length).map_err(no_memory)
    }

    /// Makes sure that a capture can begin.
    pub fn prepare(&mut self) -> Result<(), Refusal> {
        self.arena.prepare().map_err(no_memory)
    }
}

/// A stack that is records now.
#[derive(Clone, Copy)]
pub struct Captured(pub(super) &'static Capture);

/// The program stands still, and the stack of the thread that stopped it is records.
pub struct Stopped {
    pub alone: Alone,
    pub own: Captured,
}

/// Of all stacks.
pub struct Totals {
    pub frames: u64,
    pub bytes: u64,
}

impl Captured {
    /// First record.
    pub fn innermost(&self) -> *const Record {
        self.0.innermost
    }

    /// Last record: the one to resume.
    pub fn outermost(&self) -> *const Record {
        self.0.outermost
    }

    /// Number of records.
    pub fn frames(&self) -> u64 {
        self.0.frames
    }

    /// `CLOCK_MONOTONIC` at the begin and the end, nanoseconds; 0 if nobody wanted to know.
    pub fn times(&self) -> [u64; 2] {
        [self.0.begin, self.0.end]
    }

    /// The address ranges that hold the records, innermost first.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let outermost = self.0.outermost;
        // SAFETY: a complete record.
        let end = outermost as u64 + unsafe { Record::size(outermost) };
        self.0.arena.ranges(end)
    }

    /// Bytes of all records.
    pub fn bytes(&self) -> u64 {
        self.ranges().map(|(start, end)| end - start).sum()
    }
}

fn no_memory(_: Full) -> Refusal {
    refusal!(errno::ENOMEM, "no memory for frame records")
}
