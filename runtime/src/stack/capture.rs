//! Capture: the native stack becomes frame records, one frame at a time, innermost first.
//!
//! Compiled code stores the values; this code only finds the next frame and its pad. Records lie one
//! after the other in one of the two buffers of an [`Arena`](crate::stack::records::Arena). Whoever begins says what follows the last frame.

use crate::arch::{self, Context};
use crate::base::refusal::Refusal;
use crate::kernel::clock;
use crate::program::alone::Alone;
use crate::program::stop::Parked;
use crate::program::thread::{self, Handle};
use crate::program::{thread_list, trace};
use crate::stack::capturing::{Capture, Captured, Stopped, Then, ThenParked, Totals, UnderWay};
use crate::stack::local::Local;
use crate::stack::records::{Descriptor, Record};
use crate::stack::walk::{self, Walk};
use crate::{fatal, say};

impl Stopped {
    /// The stacks of the other threads, once they have been captured.
    pub fn others(&self) -> impl Iterator<Item = (Handle, Captured)> + use<> {
        let others = match self.alone.others() {
            0 => None,
            _ => Some(thread_list::others(thread::own())),
        };
        let others = others.into_iter().flatten();
        others.map(|handle| (handle, Captured(&Local::of(handle).capture)))
    }

    pub fn totals(&self) -> Totals {
        let own = Totals {
            frames: self.own.frames(),
            bytes: self.own.bytes(),
        };
        self.others().fold(own, |sum, (_, other)| Totals {
            frames: sum.frames + other.frames(),
            bytes: sum.bytes + other.bytes(),
        })
    }
}

/// Begins at a poll whose caller has `context`, whose stack was checked: the record for that caller to fill.
/// `timed`: somebody wants to know how long it takes.
pub fn begin(
    context: &Context,
    alone: Alone,
    timed: bool,
    then: Then,
) -> Result<u64, (Alone, Refusal)> {
    let local = Local::own();
    if let Err(refusal) = local.capture.prepare() {
        return Err((alone, refusal));
    }
    let single = alone.others() == 0;
    let under_way = UnderWay::Alone(alone, then);
    Ok(local.capture.start(context, under_way, single, timed))
}

/// The same for a thread that another one stopped; it has [prepared](Capture::prepare) itself.
pub fn begin_parked(context: &Context, parked: Parked, then: ThenParked) -> u64 {
    let under_way = UnderWay::Parked(parked, then);
    Local::own().capture.start(context, under_way, false, false)
}

impl Capture {
    fn start(&mut self, context: &Context, under_way: UnderWay, alone: bool, timed: bool) -> u64 {
        self.under_way = under_way;
        self.alone = alone;
        let frame = Walk::new(alone)
            .call(context.pc)
            .map_or(0, |call| walk::cfa(context, call));
        let Ok(first) = self.arena.flip(0) else {
            fatal!("no memory for frame records");
        };
        clear_site(first);
        self.innermost = first as *mut Record;
        self.frames = 1;
        self.begin = if timed { clock::now() } else { 0 };
        self.end = 0;
        self.next = core::ptr::null_mut();
        self.frame = frame;
        first
    }
}

/// `__popcorn_capture_next`, from assembly: the frame that `context` is of has filled `record`. `context`
/// becomes that of the next pad to enter.
///
/// # Safety
/// A capture is under way, and `record` is the one that was last handed out.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_capture_step(context: &mut Context, record: *mut Record) {
    let capture = &mut Local::own().capture;
    let mut walk = Walk::new(capture.alone);
    let Some(own) = walk.call(context.pc).filter(|call| call.descriptor != 0) else {
        vanished(context.pc);
    };
    let (descriptor, stepped) = (own.descriptor, walk::step(context, own));
    if !stepped {
        vanished(context.pc);
    }
    // SAFETY: a complete record.
    unsafe {
        (*record).descriptor = descriptor as *const Descriptor;
        (*record).next = capture.next;
        (*record).frame = capture.frame;
    }
    if trace::at(trace::Level::Frames) {
        tell(record);
    }
    if arch::is_bottom(context.pc) {
        capture.outermost = record;
        finish(capture);
    }
    let Some(caller) = walk.call(context.pc).filter(|call| call.pad != 0) else {
        vanished(context.pc);
    };
    let (pad, frame) = (caller.pad, walk::cfa(context, caller));
    // SAFETY: a complete record.
    let end = record as u64 + unsafe { Record::size(record) };
    let Ok(next) = capture.arena.next(end) else {
        fatal!("no memory for frame records");
    };
    capture.next = record;
    capture.frame = frame;
    capture.frames += 1;
    clear_site(next);
    context.pc = pad;
    context.args = [next, 0];
}

/// `__popcorn_capture_skip`, from assembly: the frame that `context` is of has nothing to store, so `record`
/// stays as it is and is its caller's.
///
/// # Safety
/// A capture is under way, and `record` was handed to this frame's pad.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_capture_skip_step(context: &mut Context, record: *mut Record) {
    let capture = &mut Local::own().capture;
    let mut walk = Walk::new(capture.alone);
    let stepped = match walk.call(context.pc) {
        Some(own) => walk::step(context, own),
        None => false,
    };
    if !stepped {
        vanished(context.pc);
    }
    if arch::is_bottom(context.pc) {
        // The frame inside was the outermost.
        capture.frames -= 1;
        capture.outermost = capture.next;
        finish(capture);
    }
    let Some(caller) = walk.call(context.pc).filter(|call| call.pad != 0) else {
        vanished(context.pc);
    };
    let (pad, frame) = (caller.pad, walk::cfa(context, caller));
    capture.frame = frame;
    context.pc = pad;
    context.args = [record as u64, 0];
}

/// Pads store as many bytes of their site's index as are not zero.
fn clear_site(record: u64) {
    let record = record as *mut Record;
    // SAFETY: room for a record's header.
    unsafe { ((*record).site, (*record).reserved) = (0, 0) }
}

/// Says what a record is of.
#[cold]
fn tell(record: *const Record) {
    // SAFETY: a complete record; its descriptor's name is a constant.
    unsafe {
        let descriptor = &*(*record).descriptor;
        let name = crate::base::text::c_bytes(descriptor.name);
        say!(
            "popcorn: captured {} at site {}, {} bytes",
            crate::base::text::Bytes(name),
            (*record).site,
            descriptor.size
        );
    }
}

/// The walk before the capture saw a pad that is not there now.
fn vanished(pc: u64) -> ! {
    fatal!("internal error: no capture pad at {pc:#x}")
}

/// Every frame is a record; the native stack holds nothing that is needed.
fn finish(capture: &'static mut Capture) -> ! {
    if capture.begin != 0 {
        capture.end = clock::now();
    }
    let under_way = core::mem::replace(&mut capture.under_way, UnderWay::Nothing);
    let own = Captured(capture);
    match under_way {
        UnderWay::Alone(alone, then) => then(Stopped { alone, own }),
        UnderWay::Parked(parked, then) => then(own, parked),
        UnderWay::Nothing => fatal!("internal error: a capture that nobody began"),
    }
}
