//! The unwinder: from a frame to its caller's, by the stack map.

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use popcorn_metadata::stackmap::{StackMap, TAKES_LONGJMP};

use crate::arch::interrupted::{self, Interrupted};
use crate::arch::{self, Context};
use crate::kernel::Errno;
use crate::kernel::memory::Block;
use crate::{fatal, incarnation};

/// Why a stack cannot be captured as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// A signal handler is running.
    Handler,
    /// The return address is in no function the stack map knows.
    Unknown(u64),
    /// The return address is in a function without a capture pad there.
    NoPad(u64),
    /// There is no memory for the tables of the unwinder.
    NoMemory,
}

impl core::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        let (what, at) = match self {
            Self::Handler => return f.write_str("a signal handler is running"),
            Self::NoMemory => return f.write_str("no memory for the unwinder"),
            Self::Unknown(at) => ("foreign code is running", at),
            Self::NoPad(at) => ("a library function that cannot be moved is running", at),
        };
        write!(f, "{what} (return address {at:#x})")
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

impl Call {
    const NONE: Self = Self {
        pc: 0,
        pad: 0,
        descriptor: 0,
        takes_longjmp: false,
        cfa_is_fp: false,
        ra_saved: false,
        count: 0,
        cfa: 0,
        ra: 0,
        saved: [(0, 0); REGISTERS],
    };
}

const REGISTERS: usize = 24;
/// Pairs of calls remembered. A power of two.
const REMEMBERED: usize = 256;

/// The last two calls whose addresses hash to one place, the later first: with one, a pair of frames that met there
/// was looked up at every walk. A thread that uses it holds `taken`; a signal handler that comes in between, or
/// another thread, does without, and if the handler leaves by `longjmp` the pair stays taken, which costs time and
/// nothing else.
struct Pair {
    taken: AtomicBool,
    calls: [Call; 2],
}

/// Made by the first walk, in memory of its own outside the image: nothing to restore.
struct Tables {
    map: StackMap<'static>,
    fp: usize,
    pairs: [Pair; REMEMBERED],
}

incarnation! {
    static TABLES: AtomicPtr<Tables> = AtomicPtr::new(ptr::null_mut());
}

unsafe extern "C" {
    static __popcorn_stackmap: [u8; 40];
}

#[inline(always)]
fn tables() -> *mut Tables {
    match TABLES.load(Ordering::Acquire) {
        none if none.is_null() => match make_tables() {
            Ok(tables) => tables,
            Err(_) => fatal!("out of memory for the unwinder"),
        },
        tables => tables,
    }
}

#[cold]
fn make_tables() -> Result<*mut Tables, Errno> {
    // SAFETY: the linker's last step put a stack map there, whose header states its length.
    let map = unsafe {
        let start = &raw const __popcorn_stackmap;
        StackMap::length(&*start).and_then(|length| {
            StackMap::parse(core::slice::from_raw_parts(start.cast(), length as usize))
        })
    };
    let isa = arch::isa();
    let (Ok(map), Some(fp)) = (map, isa.callee_saved_index(isa.fp)) else {
        fatal!("the program's stack map is damaged");
    };
    if map.isa() != isa.id {
        fatal!("the program's stack map is for another ISA");
    }
    let block = Block::new(size_of::<Tables>() as u64)?;
    let tables = block.start() as *mut Tables;
    // SAFETY: the block is as large, and zero, which the pairs may be.
    unsafe {
        (&raw mut (*tables).map).write(map);
        (&raw mut (*tables).fp).write(fp);
    }
    match TABLES.compare_exchange(ptr::null_mut(), tables, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            core::mem::forget(block);
            Ok(tables)
        }
        // Another thread was faster.
        Err(others) => Ok(others),
    }
}

#[inline(always)]
fn pair(pc: u64) -> *mut Pair {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let slot = pc.wrapping_mul(GOLDEN) >> (64 - REMEMBERED.ilog2());
    // SAFETY: an element of the table.
    unsafe { &raw mut (*tables()).pairs[slot as usize] }
}

/// The call that returns to `pc`, if the stack map knows its function. From any thread, and in any signal handler.
pub fn call_shared(pc: u64) -> Option<Call> {
    let pair = pair(pc);
    // SAFETY: a flag that is never written but as an atomic.
    let taken = unsafe { &(*pair).taken };
    if taken.swap(true, Ordering::Acquire) {
        return look_up(pc);
    }
    // SAFETY: taken by us.
    let found = remembered(unsafe { &mut (*pair).calls }, pc).copied();
    taken.store(false, Ordering::Release);
    found
}

#[inline(always)]
fn remembered(calls: &mut [Call; 2], pc: u64) -> Option<&Call> {
    let [first, second] = calls;
    if first.pc == pc {
        return Some(first);
    }
    if second.pc != pc {
        *second = *first;
        *first = look_up(pc)?;
        return Some(first);
    }
    Some(second)
}

/// A walk. With nothing else running what it has in hand is not replaced under it; while other threads walk, too, it has
/// a copy.
pub struct Walk {
    /// A call from a pair that somebody else has, or may take.
    own: Call,
    alone: bool,
}

impl Walk {
    /// While the calling thread stands still, with all signals blocked. `alone`: no other thread walks.
    pub fn new(alone: bool) -> Self {
        let own = Call::NONE;
        Self { own, alone }
    }

    /// The call that returns to `pc`, if the stack map knows its function.
    #[inline(always)]
    pub fn call(&mut self, pc: u64) -> Option<&Call> {
        if !self.alone {
            self.own = call_shared(pc)?;
            return Some(&self.own);
        }
        let pair = pair(pc);
        // SAFETY: nothing else runs; who has taken the pair waits below on this stack and is respected.
        unsafe {
            if (*pair).taken.load(Ordering::Relaxed) {
                self.own = look_up(pc)?;
                return Some(&self.own);
            }
            remembered(&mut (*pair).calls, pc)
        }
    }
}

#[cold]
fn look_up(pc: u64) -> Option<Call> {
    // SAFETY: written before the tables were published, and never again.
    let map = unsafe { &(*tables()).map };
    let entry = map.lookup(pc.wrapping_sub(1))?;
    let mut call = Call {
        pc,
        pad: entry.pad.unwrap_or(0),
        descriptor: map.descriptor(pc.wrapping_sub(1)).unwrap_or(0),
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
#[inline(always)]
pub fn cfa(context: &Context, call: &Call) -> u64 {
    let base = if call.cfa_is_fp {
        // SAFETY: written before the tables were published, and never again.
        context.regs[unsafe { (*tables()).fp }]
    } else {
        context.sp
    };
    base.wrapping_add_signed(call.cfa)
}

/// Turns the context of a frame into its caller's. False if the return address is lost.
#[inline(always)]
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

/// Walks from the caller of a poll to the bottom: the number of frames if each has a capture pad.
pub fn check(walk: &mut Walk, context: &Context) -> Result<u64, Obstacle> {
    if TABLES.load(Ordering::Acquire).is_null() {
        make_tables().map_err(|_| Obstacle::NoMemory)?;
    }
    let mut context = context.clone();
    let mut frames = 1;
    let mut without_pad = None;
    loop {
        let pc = context.pc;
        let Some(found) = walk.call(pc) else {
            return Err(match interrupted::step(&mut context) {
                Interrupted::No => without_pad.unwrap_or(Obstacle::Unknown(pc)),
                _ => Obstacle::Handler,
            });
        };
        // It may be the runtime's, which calls a handler: that is the better reason.
        if frames > 1 && found.pad == 0 {
            without_pad.get_or_insert(Obstacle::NoPad(pc));
        }
        if !step(&mut context, found) {
            return Err(without_pad.unwrap_or(Obstacle::Unknown(pc)));
        }
        if arch::is_bottom(context.pc) {
            return without_pad.map_or(Ok(frames), Err);
        }
        frames += 1;
    }
}
