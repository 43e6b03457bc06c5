//! What a thread keeps of the resume of its stack while that is under way.

use crate::program::alone::Alone;
use crate::program::stop::Parked;

/// What is left to do when the innermost frame is there again.
pub type Then = fn(&mut Alone);

/// A resume that is under way.
pub struct Resume(pub(super) UnderWay);

impl Resume {
    pub const NONE: Self = Self(UnderWay::Nothing);
}

pub(super) enum UnderWay {
    Nothing,
    /// Of the thread that stopped the program.
    Alone(Alone, Then),
    /// Of another.
    Parked(Parked),
}
