//! A thread that another one stops: it stands still at a migration point, makes its stack records if it is told to, and a
//! stack again.

use crate::arch::Context;
use crate::base::text::Message;
use crate::program::stop::{self, Park, Parked};
use crate::program::thread::{self, Thread};
use crate::stack::capture;
use crate::stack::capturing::Captured;
use crate::stack::local::Local;
use crate::stack::native::Depth;
use crate::stack::pending::Pending;
use crate::stack::resume;
use crate::stack::walk::{self, Walk};

/// At a poll whose caller has `context`: the record for that caller to fill, or 0 to go on. None: it came too late.
#[inline(never)]
pub fn park(context: &Context) -> Option<u64> {
    match stop::park(|| check(context)) {
        Park::Capture(parked) => Some(capture::begin_parked(context, parked, captured)),
        Park::GoOn => Some(0),
        Park::TooLate => None,
    }
}

/// Everything that can fail.
fn check(context: &Context) -> Result<(), Message> {
    if Local::own().native.depth(context.sp) != Depth::Fits {
        return Err(Message::of(format_args!(
            "another thread's stack is too deep"
        )));
    }
    let stack = walk::check(&mut Walk::new(false), context);
    stack.map_err(|obstacle| Message::of(format_args!("in another thread {obstacle}")))?;
    let prepared = Local::own().capture.prepare();
    prepared.map_err(|refusal| refusal.text)
}

/// The stack is records.
fn captured(own: Captured, mut parked: Parked) -> ! {
    let local = Local::own();
    local.thread = Some(Thread::current(parked.mask()));
    local.pending = Pending::take();
    thread::note_processors();
    // The kernel is not to take an exec for the thread's end.
    thread::forget_robust_list();
    parked.captured();
    local.pending.give_back();
    thread::tell_robust_list();
    resume::enter_parked(own.outermost(), parked)
}
