//! The unwinder: from a frame to its caller's, by the stack map.

use popcorn_metadata::stackmap::{Entry, Rule, StackMap};

use crate::arch::{self, Context};
use crate::cell::Global;
use crate::text::die;

/// Why a stack cannot be captured as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The return address is in no function the stack map knows: a signal handler's frame.
    Unknown(u64),
    /// The return address is in a function without a capture pad there.
    NoPad(u64),
}

impl Obstacle {
    /// What to tell people.
    pub fn reason(self, line: &mut crate::text::Line) {
        match self {
            Self::Unknown(at) => line
                .str("a signal handler or foreign code is running (return address ")
                .hex(at),
            Self::NoPad(at) => line
                .str("a library function that cannot be moved is running (return address ")
                .hex(at),
        };
        line.str(")");
    }
}

#[derive(Clone, Copy)]
struct Tables {
    map: StackMap<'static>,
    fp: usize,
}

#[unsafe(link_section = ".popcorn.private.stackmap")]
static TABLES: Global<Option<Tables>> = Global::new(None);

unsafe extern "C" {
    static __popcorn_stackmap: [u8; 40];
}

fn tables() -> &'static Tables {
    // SAFETY: written once, by the first walk; two threads would write the same.
    let tables = unsafe { TABLES.get() };
    tables.get_or_insert_with(|| {
        // SAFETY: the linker's last step put a stack map there, whose header states its length.
        let map = unsafe {
            let start = &raw const __popcorn_stackmap;
            StackMap::length(&*start).and_then(|length| {
                StackMap::parse(core::slice::from_raw_parts(start.cast(), length as usize))
            })
        };
        let isa = arch::isa();
        match (map, isa.callee_saved_index(isa.fp)) {
            (Ok(map), Some(fp)) if map.isa() == isa.id => Tables { map, fp },
            _ => die("the program's stack map is damaged"),
        }
    })
}

/// The entry of the call that returns to `pc`.
pub fn entry(pc: u64) -> Option<Entry<'static>> {
    tables().map.lookup(pc.wrapping_sub(1))
}

/// Canonical frame address: the caller's stack pointer at the call.
pub fn cfa(context: &Context, rule: &Rule) -> u64 {
    let base = if rule.cfa_is_fp() {
        context.regs[tables().fp]
    } else {
        context.sp
    };
    base.wrapping_add_signed(rule.cfa_offset())
}

/// Turns the context of a frame into its caller's. False if the return address is lost.
pub fn step(context: &mut Context, rule: &Rule) -> bool {
    let cfa = cfa(context, rule);
    let word = |offset: i64| {
        // SAFETY: the frame was built by code that the rule describes.
        unsafe { *(cfa.wrapping_add_signed(offset) as *const u64) }
    };
    let Some(ra) = rule.ra_offset() else {
        return false;
    };
    for (register, offset) in rule.saved() {
        if let Some(slot) = context.regs.get_mut(register) {
            *slot = word(offset);
        }
    }
    context.pc = word(ra);
    context.sp = cfa;
    true
}

/// Walks from the caller of a poll to the bottom: the number of frames if each has a capture pad.
pub fn check(context: &Context) -> Result<u64, Obstacle> {
    let mut context = context.clone();
    let mut frames = 1;
    loop {
        let pc = context.pc;
        let found = entry(pc).ok_or(Obstacle::Unknown(pc))?;
        if frames > 1 && found.pad.is_none() {
            return Err(Obstacle::NoPad(pc));
        }
        if !step(&mut context, &found.rule) {
            return Err(Obstacle::Unknown(pc));
        }
        if arch::is_bottom(context.pc) {
            return Ok(frames);
        }
        frames += 1;
    }
}
