//! Resume: frame records become a native stack again, by compiled code; this code starts it off.

use crate::arch;
use crate::base::statics::Slot;
use crate::incarnation;
use crate::kernel::signal;
use crate::program::alone::Alone;
use crate::program::{actions, thread};
use crate::stack::native;
use crate::stack::records::Record;

/// What is left to do when the innermost frame is there again.
pub type Then = fn(&mut Alone);

incarnation! {
    static UNDER_WAY: Slot<Option<(Alone, Then)>> = Slot::new(None);
}

/// Resumes the stack that begins with this record, at the top of the native stack. When the innermost frame is
/// there, `then` runs, and the program goes on with `alone`'s signal mask.
pub fn enter(outermost: *const Record, alone: Alone, then: Then) -> ! {
    // SAFETY: nothing else runs. A complete record; nothing on the native stack is needed any more, this frame
    // included.
    unsafe {
        *UNDER_WAY.get() = Some((alone, then));
        let resume = (*(*outermost).descriptor).resume;
        arch::__popcorn_bottom(native::top(), resume, outermost as u64, 0, 0)
    }
}

/// Called by the innermost clone: the stack is whole again.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_resume_done(_record: *const Record) {
    // SAFETY: the thread that resumes, with nothing else running until `alone` is dropped.
    if let Some((mut alone, then)) = unsafe { UNDER_WAY.get().take() } {
        then(&mut alone);
    }
}

/// Called by a clone: the function that it calls next goes on from `frame`. Until that function has taken
/// it no handler runs, which might call the same function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_reenter(frame: u64) {
    let mask = actions::any_handler().then(|| signal::set_mask(signal::ALL));
    thread::set_reentry_mask(mask);
    thread::set_reentry(frame);
}

/// Called by a function that found itself called to go on: the frame to go on from.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_reentered() -> u64 {
    let frame = thread::take_reentry();
    if let Some(mask) = thread::take_reentry_mask() {
        signal::set_mask(mask);
    }
    frame
}
