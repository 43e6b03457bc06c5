//! Capture: the native stack becomes frame records, one frame at a time, innermost first.
//!
//! Compiled code stores the values; this code only finds the next frame and its pad. Records lie one
//! after the other in one of two buffers. The other one holds the records that the stack was last
//! resumed from: frames that are still being rebuilt from them read them while they are captured again.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::arch::{self, Context};
use crate::buffers::{Buffer, Full};
use crate::cell::Global;
use crate::poll::{Asker, Job};
use crate::syscall::{forward, nr, signals};
use crate::text::{Line, die};
use crate::{checkpoint, hop, poll, resume, stacks, unwind};

/// docs/abi.md, section 7.
#[repr(C)]
pub struct Record {
    pub descriptor: *const Descriptor,
    pub next: *mut Record,
    pub site: u32,
    pub reserved: u32,
    pub frame: u64,
}

/// docs/abi.md, section 7.
#[repr(C)]
pub struct Descriptor {
    pub resume: u64,
    pub function: u64,
    pub size: u32,
    pub sites: u32,
    pub name: *const u8,
    pub info: *const u8,
}

const _: () = assert!(size_of::<Record>() == 32 && size_of::<Descriptor>() == 40);

/// A finished or running capture.
pub struct Capture {
    buffers: [Buffer; 2],
    /// Which of them the last capture used.
    current: usize,
    pub job: Option<Job>,
    /// The signal mask to go on with. No handler may run, and perhaps longjmp, while the stack is in
    /// pieces: all signals are blocked until the last frame is resumed.
    pub mask: u64,
    /// What belongs into the header of the record that is being filled: stored once the pad has done,
    /// since a resumed function's pad copies its old record, header and all.
    next: *mut Record,
    frame: u64,
    /// First and last record.
    pub innermost: *mut Record,
    pub outermost: *mut Record,
    pub frames: u64,
    /// `CLOCK_MONOTONIC`, nanoseconds.
    pub begin: u64,
    pub end: u64,
}

#[unsafe(link_section = ".popcorn.private.capture")]
static CAPTURE: Global<Capture> = Global::new(Capture {
    buffers: [Buffer::EMPTY; 2],
    current: 0,
    job: None,
    mask: 0,
    next: core::ptr::null_mut(),
    frame: 0,
    innermost: core::ptr::null_mut(),
    outermost: core::ptr::null_mut(),
    frames: 0,
    begin: 0,
    end: 0,
});

#[unsafe(link_section = ".popcorn.private.capturing")]
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Whether a capture is under way.
pub fn is_active() -> bool {
    ACTIVE.load(Relaxed)
}

/// `CLOCK_MONOTONIC`, nanoseconds.
pub fn now() -> u64 {
    const CLOCK_MONOTONIC: i64 = 1;
    let mut time = [0u64; 2];
    let out = time.as_mut_ptr() as i64;
    forward(nr::CLOCK_GETTIME, [CLOCK_MONOTONIC, out, 0, 0, 0, 0]);
    time[0] * 1_000_000_000 + time[1]
}

impl Capture {
    /// Turns to the buffer that the last capture did not use; the address of its first record.
    fn turn(&mut self, least: u64) -> Result<u64, Line> {
        self.current ^= 1;
        self.buffers[self.current].restart(least).map_err(|Full| {
            let mut reason = Line::new();
            reason.str("no memory for frame records");
            reason
        })
    }

    /// The address ranges that hold the records, innermost first.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let end = self.outermost as u64 + size(self.outermost);
        self.buffers[self.current].ranges(end)
    }

    /// Bytes of all records.
    pub fn bytes(&self) -> u64 {
        self.ranges().map(|(start, end)| end - start).sum()
    }
}

/// Bytes of a complete record.
pub fn size(record: *const Record) -> u64 {
    // SAFETY: its descriptor is a constant.
    unsafe { (*(*record).descriptor).size.into() }
}

/// Room for records of a process that arrives: the buffer's address.
pub fn arriving(length: u64) -> Result<u64, Line> {
    // SAFETY: no capture is under way.
    let capture = unsafe { CAPTURE.get() };
    capture.turn(length)
}

/// Begins at a poll whose caller has `context`: the record for that caller to fill.
pub fn begin(context: &Context, job: Job) -> Result<u64, Line> {
    // SAFETY: no other capture is under way, and there is one thread.
    let capture = unsafe { CAPTURE.get() };
    let first = capture.turn(0)? as *mut Record;
    clear_site(first as u64);
    capture.job = Some(job);
    capture.innermost = first;
    capture.frames = 1;
    capture.begin = if resume::timed(job) { now() } else { 0 };
    capture.next = core::ptr::null_mut();
    capture.frame = unwind::call(context.pc).map_or(0, |call| unwind::cfa(context, call));
    ACTIVE.store(true, Relaxed);
    capture.mask = signals::set_mask(u64::MAX);
    Ok(first as u64)
}

/// Gives the capture that has begun another signal mask to go on with: signals were blocked before it.
pub fn go_on_with(mask: u64) {
    // SAFETY: this is the capture's own thread.
    unsafe { CAPTURE.get().mask = mask };
}

/// `__popcorn_capture_next`, from assembly: `record` is complete, `context` is that of the frame it
/// belongs to and becomes that of its caller's pad.
///
/// # Safety
/// A capture is under way, and this is its last record.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_capture_step(context: &mut Context, record: *mut Record) {
    // SAFETY: this is the capture's own thread.
    let capture = unsafe { CAPTURE.get() };
    let Some(own) = unwind::call(context.pc).filter(|call| call.descriptor != 0) else {
        vanished(context.pc);
    };
    if !unwind::step(context, own) {
        vanished(context.pc);
    }
    // SAFETY: a complete record.
    unsafe {
        (*record).descriptor = own.descriptor as *const Descriptor;
        (*record).next = capture.next;
        (*record).frame = capture.frame;
    }
    if arch::is_bottom(context.pc) {
        capture.outermost = record;
        finish(capture);
    }
    let Some(caller) = unwind::call(context.pc).filter(|call| call.pad != 0) else {
        vanished(context.pc);
    };
    let end = record as u64 + size(record);
    let Ok(next) = capture.buffers[capture.current].next(end) else {
        die("no memory for frame records");
    };
    capture.next = record;
    capture.frame = unwind::cfa(context, caller);
    capture.frames += 1;
    clear_site(next);
    context.pc = caller.pad;
    context.args = [next, 0];
}

/// `__popcorn_capture_skip`, from assembly: the frame that `context` is of has nothing to store, so `record`
/// stays as it is and is its caller's.
///
/// # Safety
/// A capture is under way, and `record` was handed to this frame's pad.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_capture_skip_step(context: &mut Context, record: *mut Record) {
    // SAFETY: this is the capture's own thread.
    let capture = unsafe { CAPTURE.get() };
    let Some(own) = unwind::call(context.pc) else {
        vanished(context.pc);
    };
    if !unwind::step(context, own) {
        vanished(context.pc);
    }
    if arch::is_bottom(context.pc) {
        // The frame inside was the outermost.
        capture.frames -= 1;
        capture.outermost = capture.next;
        finish(capture);
    }
    let Some(caller) = unwind::call(context.pc).filter(|call| call.pad != 0) else {
        vanished(context.pc);
    };
    capture.frame = unwind::cfa(context, caller);
    context.pc = caller.pad;
    context.args = [record as u64, 0];
}

/// Pads store as many bytes of their site's index as are not zero.
fn clear_site(record: u64) {
    let record = record as *mut Record;
    // SAFETY: room for a record's header.
    unsafe { ((*record).site, (*record).reserved) = (0, 0) }
}

/// The walk before the capture saw a pad that is not there now.
fn vanished(pc: u64) -> ! {
    let mut line = Line::new();
    line.str("popcorn: internal error: no capture pad at ")
        .hex(pc);
    crate::text::fatal(line)
}

/// Every frame is a record; the native stack holds nothing that is needed.
fn finish(capture: &mut Capture) -> ! {
    ACTIVE.store(false, Relaxed);
    unwind::end_walk();
    let Some(job) = capture.job else {
        die("internal error: a capture that nobody asked for");
    };
    capture.end = if resume::timed(job) { now() } else { 0 };
    if job.asker == Asker::Checkpoint {
        checkpoint::finish(capture);
    }
    poll::count_hop();
    if let Some(to) = job.exec() {
        let reason = hop::go(capture, to);
        poll::uncount_hop();
        poll::refused(job, &reason, crate::syscall::ENOMEM);
    } else {
        resume::note_self(capture, job);
    }
    stacks::expect(capture.bytes());
    resume::enter(capture.outermost, capture.mask)
}
