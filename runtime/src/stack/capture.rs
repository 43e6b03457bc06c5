//! Capture: the native stack becomes frame records, one frame at a time, innermost first.
//!
//! Compiled code stores the values; this code only finds the next frame and its pad. Records lie one
//! after the other in one of the two buffers of an [`Arena`]. Whoever begins says what follows the last frame.

use crate::arch::{self, Context};
use crate::base::refusal::Refusal;
use crate::base::statics::Slot;
use crate::kernel::{clock, errno};
use crate::program::alone::Alone;
use crate::program::trace;
use crate::stack::records::{Arena, Descriptor, Full, Record};
use crate::stack::walk::{self, Walk};
use crate::{fatal, incarnation, refusal, say};

/// What follows a capture: every frame is a record, and nothing on the native stack is needed.
pub type Then = fn(Stopped) -> !;

/// A finished or running capture.
pub struct Capture {
    arena: Arena,
    /// What is under way: nothing else runs, and what follows.
    under_way: Option<(Alone, Then)>,
    /// What belongs into the header of the record that is being filled: stored once the pad has done,
    /// since a resumed function's pad copies its old record, header and all.
    next: *mut Record,
    frame: u64,
    /// First and last record.
    innermost: *mut Record,
    outermost: *mut Record,
    frames: u64,
    /// `CLOCK_MONOTONIC`, nanoseconds; 0 if nobody wants to know.
    begin: u64,
    end: u64,
}

incarnation! {
    static CAPTURE: Slot<Capture> = Slot::new(Capture {
        arena: Arena::EMPTY,
        under_way: None,
        next: core::ptr::null_mut(),
        frame: 0,
        innermost: core::ptr::null_mut(),
        outermost: core::ptr::null_mut(),
        frames: 0,
        begin: 0,
        end: 0,
    });
}

/// A stack that is records now, and the program that stands still.
pub struct Stopped {
    pub alone: Alone,
    capture: &'static Capture,
}

impl Stopped {
    /// First record.
    pub fn innermost(&self) -> *const Record {
        self.capture.innermost
    }

    /// Last record: the one to resume.
    pub fn outermost(&self) -> *const Record {
        self.capture.outermost
    }

    /// Number of records.
    pub fn frames(&self) -> u64 {
        self.capture.frames
    }

    /// `CLOCK_MONOTONIC` at the begin and the end, nanoseconds; 0 if nobody wanted to know.
    pub fn times(&self) -> [u64; 2] {
        [self.capture.begin, self.capture.end]
    }

    /// The address ranges that hold the records, innermost first.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let outermost = self.capture.outermost;
        // SAFETY: a complete record.
        let end = outermost as u64 + unsafe { Record::size(outermost) };
        self.capture.arena.ranges(end)
    }

    /// Bytes of all records.
    pub fn bytes(&self) -> u64 {
        self.ranges().map(|(start, end)| end - start).sum()
    }
}

fn no_memory(_: Full) -> Refusal {
    refusal!(errno::ENOMEM, "no memory for frame records")
}

/// Room for records of a process that arrives: the buffer's address.
pub fn arriving(alone: &mut Alone, length: u64) -> Result<u64, Refusal> {
    CAPTURE.with(alone, |capture| {
        capture.arena.flip(length).map_err(no_memory)
    })
}

/// Begins at a poll whose caller has `context`, whose stack was checked: the record for that caller to fill.
/// `timed`: somebody wants to know how long it takes.
pub fn begin(
    context: &Context,
    mut alone: Alone,
    timed: bool,
    then: Then,
) -> Result<u64, (Alone, Refusal)> {
    let frame = Walk::new(&alone)
        .call(context.pc)
        .map_or(0, |call| walk::cfa(context, call));
    let first = CAPTURE.with(&mut alone, |capture| {
        let first = capture.arena.flip(0).map_err(no_memory)? as *mut Record;
        clear_site(first as u64);
        capture.innermost = first;
        capture.frames = 1;
        capture.begin = if timed { clock::now() } else { 0 };
        capture.end = 0;
        capture.next = core::ptr::null_mut();
        capture.frame = frame;
        Ok(first as u64)
    });
    let first = match first {
        Ok(first) => first,
        Err(refusal) => return Err((alone, refusal)),
    };
    // SAFETY: nothing else runs: `alone` says so.
    unsafe { CAPTURE.get().under_way = Some((alone, then)) };
    Ok(first)
}

/// The walk of the capture that is under way.
fn walk(capture: &Capture) -> Walk<'_> {
    match &capture.under_way {
        Some((alone, _)) => Walk::new(alone),
        None => fatal!("internal error: a capture that nobody began"),
    }
}

/// `__popcorn_capture_next`, from assembly: the frame that `context` is of has filled `record`. `context`
/// becomes that of the next pad to enter.
///
/// # Safety
/// A capture is under way, and `record` is the one that was last handed out.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_capture_step(context: &mut Context, record: *mut Record) {
    // SAFETY: this is the capture's own thread, and nothing else runs.
    let capture = unsafe { CAPTURE.get() };
    let mut walk = walk(capture);
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
        finish();
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
    // SAFETY: this is the capture's own thread, and nothing else runs.
    let capture = unsafe { CAPTURE.get() };
    let mut walk = walk(capture);
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
        finish();
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
fn finish() -> ! {
    // SAFETY: this is the capture's own thread, and nothing else runs.
    let capture = unsafe { CAPTURE.get() };
    let Some((alone, then)) = capture.under_way.take() else {
        fatal!("internal error: a capture that nobody began");
    };
    if capture.begin != 0 {
        capture.end = clock::now();
    }
    then(Stopped { alone, capture })
}
