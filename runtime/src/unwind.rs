//! The unwinder: from a frame to its caller's, by the stack map.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use popcorn_metadata::stackmap::{StackMap, TAKES_LONGJMP};

use crate::arch::signal_frame::{self, Interrupted};
use crate::arch::{self, Context};
use crate::cell::Global;
use crate::memory;
use crate::text::die;

/// Why a stack cannot be captured as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// A signal handler is running.
    Handler,
    /// The return address is in no function the stack map knows.
    Unknown(u64),
    /// The return address is in a function without a capture pad there.
    NoPad(u64),
}

impl Obstacle {
    /// What to tell people.
    pub fn reason(self, line: &mut crate::text::Line) {
        let (what, at) = match self {
            Self::Handler => {
                line.str("a signal handler is running");
                return;
            }
            Self::Unknown(at) => ("foreign code is running", at),
            Self::NoPad(at) => ("a library function that cannot be moved is running", at),
        };
        line.str(what).str(" (return address ").hex(at).str(")");
    }
}

/// What is known of the call that returns to one address: an entry of the stack map, decoded.
#[derive(Clone, Copy)]
pub struct Call {
    pc: u64,
    /// The capture pad, 0 if there is none.
    pub pad: u64,
    /// The descriptor of the function that calls, 0 if it has none.
    pub descriptor: u64,
    /// The pad takes longjmps too.
    pub takes_longjmp: bool,
    cfa_is_fp: bool,
    /// Whether `ra` means anything.
    ra_saved: bool,
    count: u8,
    cfa: i64,
    /// Offset of the return address from the CFA.
    ra: i64,
    /// Position in `Isa::callee_saved`, offset from the CFA.
    saved: [(u8, i32); REGISTERS],
}

const REGISTERS: usize = 24;
/// Pairs of calls remembered. A power of two.
const REMEMBERED: usize = 256;

struct Tables {
    map: StackMap<'static>,
    fp: usize,
    /// The last two calls whose addresses hash to one place, the later first: with one, a pair of frames
    /// that met there was looked up at every walk. Outside the image: nothing to restore.
    calls: *mut [[Call; 2]; REMEMBERED],
}

#[unsafe(link_section = ".popcorn.private.stackmap")]
static TABLES: Global<Option<Tables>> = Global::new(None);

unsafe extern "C" {
    static __popcorn_stackmap: [u8; 40];
}

#[inline]
fn tables() -> &'static Tables {
    // SAFETY: written once, by the first walk; two threads would write the same.
    match unsafe { TABLES.get() } {
        Some(tables) => tables,
        none => none.insert(read_tables()),
    }
}

#[cold]
fn read_tables() -> Tables {
    // SAFETY: the linker's last step put a stack map there, whose header states its length.
    let map = unsafe {
        let start = &raw const __popcorn_stackmap;
        StackMap::length(&*start).and_then(|length| {
            StackMap::parse(core::slice::from_raw_parts(start.cast(), length as usize))
        })
    };
    let isa = arch::isa();
    let size = size_of::<[[Call; 2]; REMEMBERED]>() as u64;
    let calls = memory::private(size, memory::PROT_READ | memory::PROT_WRITE);
    match (map, isa.callee_saved_index(isa.fp)) {
        (Ok(map), Some(fp)) if map.isa() == isa.id && calls >= 0 => Tables {
            map,
            fp,
            calls: calls as *mut _,
        },
        (Ok(_), _) if calls < 0 => die("out of memory for the unwinder"),
        _ => die("the program's stack map is damaged"),
    }
}

/// A walk that remembers calls is under way: what it has in hand must not be replaced.
#[unsafe(link_section = ".popcorn.private.walking")]
static WALKING: AtomicBool = AtomicBool::new(false);

/// Begins a walk that may use [`call`]. False if one is under way already: in the code that a signal
/// handler interrupted, or in another thread.
pub fn begin_walk() -> bool {
    !WALKING.swap(true, Relaxed)
}

pub fn end_walk() {
    WALKING.store(false, Relaxed);
}

/// The call that returns to `pc`, if the stack map knows its function. Between [`begin_walk`] and
/// [`end_walk`] only.
#[inline]
pub fn call(pc: u64) -> Option<&'static Call> {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let tables = tables();
    let slot = pc.wrapping_mul(GOLDEN) >> (64 - REMEMBERED.ilog2());
    // SAFETY: an element of the table, plain words, all zero at first; there is one walk.
    let [first, second] = unsafe { &mut (*tables.calls)[slot as usize] };
    if first.pc == pc {
        return Some(first);
    }
    if second.pc != pc {
        *second = *first;
        *first = look_up(tables, pc)?;
        return Some(first);
    }
    Some(second)
}

/// The same, for any number of walks at the same time.
pub fn call_uncached(pc: u64) -> Option<Call> {
    look_up(tables(), pc)
}

#[cold]
fn look_up(tables: &Tables, pc: u64) -> Option<Call> {
    let entry = tables.map.lookup(pc.wrapping_sub(1))?;
    let mut call = Call {
        pc,
        pad: entry.pad.unwrap_or(0),
        descriptor: tables.map.descriptor(pc.wrapping_sub(1)).unwrap_or(0),
        takes_longjmp: entry.flags & TAKES_LONGJMP != 0,
        cfa_is_fp: entry.rule.cfa_is_fp(),
        ra_saved: entry.rule.ra_offset().is_some(),
        count: 0,
        cfa: entry.rule.cfa_offset(),
        ra: entry.rule.ra_offset().unwrap_or(0),
        saved: [(0, 0); REGISTERS],
    };
    for ((register, offset), slot) in entry.rule.saved().zip(&mut call.saved) {
        *slot = (register.min(REGISTERS - 1) as u8, offset as i32);
        call.count += 1;
    }
    Some(call)
}

/// Canonical frame address: the caller's stack pointer at the call.
#[inline]
pub fn cfa(context: &Context, call: &Call) -> u64 {
    let base = if call.cfa_is_fp {
        context.regs[tables().fp]
    } else {
        context.sp
    };
    base.wrapping_add_signed(call.cfa)
}

/// Turns the context of a frame into its caller's. False if the return address is lost.
#[inline]
pub fn step(context: &mut Context, call: &Call) -> bool {
    let cfa = cfa(context, call);
    let word = |offset: i64| {
        // SAFETY: the frame was built by code that the rule describes.
        unsafe { *(cfa.wrapping_add_signed(offset) as *const u64) }
    };
    for &(register, offset) in &call.saved[..usize::from(call.count).min(REGISTERS)] {
        if let Some(slot) = context.regs.get_mut(usize::from(register)) {
            *slot = word(offset.into());
        }
    }
    context.pc = word(call.ra);
    context.sp = cfa;
    call.ra_saved
}

/// Walks, inside a walk, from the caller of a poll to the bottom: the number of frames if each has a capture pad.
pub fn check(context: &Context) -> Result<u64, Obstacle> {
    let mut context = context.clone();
    let mut frames = 1;
    loop {
        let pc = context.pc;
        let Some(found) = call(pc) else {
            return Err(match signal_frame::step(&mut context) {
                Interrupted::No => Obstacle::Unknown(pc),
                _ => Obstacle::Handler,
            });
        };
        if frames > 1 && found.pad == 0 {
            return Err(Obstacle::NoPad(pc));
        }
        if !step(&mut context, found) {
            return Err(Obstacle::Unknown(pc));
        }
        if arch::is_bottom(context.pc) {
            return Ok(frames);
        }
        frames += 1;
    }
}
