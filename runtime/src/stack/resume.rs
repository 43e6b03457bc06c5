//! Resume: frame records become a native stack again, by compiled code; this code starts it off.

use crate::arch;
use crate::kernel::signal;
use crate::program::alone::Alone;
use crate::program::stop::Parked;
use crate::program::{actions, thread};
use crate::stack::local::Local;
use crate::stack::records::Record;
use crate::stack::resuming::{Then, UnderWay};

/// Resumes the stack that begins with this record, at the top of the native stack. When the innermost frame is
/// there, `then` runs, and the program goes on with `alone`'s signal mask.
pub fn enter(outermost: *const Record, alone: Alone, then: Then) -> ! {
    rebuild(outermost, UnderWay::Alone(alone, then))
}

/// The same for a thread that has been stopped: it goes on when all others do.
pub fn enter_parked(outermost: *const Record, parked: Parked) -> ! {
    rebuild(outermost, UnderWay::Parked(parked))
}

fn rebuild(outermost: *const Record, under_way: UnderWay) -> ! {
    let local = Local::own();
    local.resume.0 = under_way;
    // SAFETY: a complete record; nothing on the native stack is needed any more, this frame included.
    unsafe {
        let resume = (*(*outermost).descriptor).resume;
        arch::__popcorn_bottom(local.native.top(), resume, outermost as u64, 0, 0)
    }
}

/// Called by the innermost clone: the stack is whole again.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_resume_done(_record: *const Record) {
    match core::mem::replace(&mut Local::own().resume.0, UnderWay::Nothing) {
        UnderWay::Alone(mut alone, then) => {
            alone.wait_for_others();
            then(&mut alone);
        }
        UnderWay::Parked(parked) => parked.whole(),
        UnderWay::Nothing => {}
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
