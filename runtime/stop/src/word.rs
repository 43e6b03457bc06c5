//! The memory that the protocol uses: one 32-bit word.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::state::State;

/// An atomic 32-bit word. In programs it is [`AtomicU32`]; the checkers bring their own.
pub trait Word {
    fn load(&self, order: Ordering) -> u32;
    fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32>;
    fn fence(&self, order: Ordering);
}

impl Word for AtomicU32 {
    #[inline]
    fn load(&self, order: Ordering) -> u32 {
        Self::load(self, order)
    }

    #[inline]
    fn compare_exchange(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        Self::compare_exchange(self, current, new, success, failure)
    }

    #[inline]
    fn fence(&self, order: Ordering) {
        core::sync::atomic::fence(order);
    }
}

/// What the word says now.
pub(crate) fn look<W: Word>(word: &W) -> State {
    State::from_bits(word.load(Ordering::Acquire))
}

/// Makes a transition, as one step: the state after it, or the state that does not allow it.
pub(crate) fn change<W: Word>(
    word: &W,
    transition: impl Fn(State) -> Option<State>,
) -> Result<State, State> {
    let mut bits = word.load(Ordering::Acquire);
    loop {
        let now = State::from_bits(bits);
        let Some(next) = transition(now) else {
            return Err(now);
        };
        match word.compare_exchange(bits, next.to_bits(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Ok(next),
            Err(found) => bits = found,
        }
    }
}
