//! setjmp and longjmp without native contexts: a token names the activation that called setjmp, and
//! longjmp unwinds to it, passing over frames that take no longjmp.
//!
//! A request is the `jmp_buf` itself: it lives as long as the unwinding, and is the program's memory,
//! so it needs no place of its own.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::signal_frame::{self, Interrupted};
use crate::arch::{self, Context};
use crate::stacks;
use crate::start::abort;
use crate::syscall::signals;
use crate::text::Line;
use crate::unwind::{self, Call};

/// What `__popcorn_setjmp` puts into a `jmp_buf` (at least 200 bytes in libc's header).
#[repr(C)]
pub struct JumpBuffer {
    token: u64,
    site: u64,
    dsp: u64,
    mask_saved: u64,
    mask: u64,
    /// longjmp's value, while one is on its way.
    value: u64,
}

/// Program state: the last token given out. 0 is never one.
static TOKENS: AtomicU64 = AtomicU64::new(0);

const KIND_LONGJMP: u64 = 1;

#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_sjlj_token() -> u64 {
    TOKENS.fetch_add(1, Relaxed) + 1
}

/// # Safety
/// `buffer` is a `jmp_buf`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_setjmp(
    buffer: *mut JumpBuffer,
    token: u64,
    site: u64,
    save_mask: u64,
) {
    let mask = if save_mask != 0 { signals::mask() } else { 0 };
    // SAFETY: by contract.
    unsafe {
        *buffer = JumpBuffer {
            token,
            site,
            dsp: stacks::dsp(),
            mask_saved: save_mask,
            mask,
            value: 0,
        };
    }
}

/// # Safety
/// `request` came with a landing pad of kind 1.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_sjlj_match(request: *const JumpBuffer, token: u64) -> u64 {
    // SAFETY: by contract.
    let request = unsafe { &*request };
    if request.token != token {
        return 0;
    }
    stacks::set_dsp(request.dsp);
    if request.mask_saved != 0 {
        signals::set_mask(request.mask);
    }
    request.site
}

/// # Safety
/// As [`__popcorn_sjlj_match`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_sjlj_value(request: *const JumpBuffer) -> i32 {
    // SAFETY: by contract.
    unsafe { (*request).value as i32 }
}

/// `longjmp`, from assembly: `context` is the caller's and becomes that of the first frame to enter.
///
/// # Safety
/// `buffer` was filled by `__popcorn_setjmp`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __popcorn_longjmp_first(
    context: &mut Context,
    buffer: *mut JumpBuffer,
    value: i32,
) {
    // SAFETY: by contract.
    unsafe { (*buffer).value = if value == 0 { 1 } else { value as u32 as u64 } };
    raise(context, buffer);
}

/// `__popcorn_unwind_resume`, from assembly: the frame that calls it did not match.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __popcorn_longjmp_next(context: &mut Context, request: *mut JumpBuffer) {
    // The pad's own code must not catch what it passes on: begin at its caller.
    if !unwind::call_uncached(context.pc).is_some_and(|call| unwind::step(context, &call)) {
        lost(context.pc);
    }
    raise(context, request);
}

/// Walks outward from `context` to the first call whose pad takes a longjmp.
fn raise(context: &mut Context, request: *mut JumpBuffer) {
    let pad = if unwind::begin_walk() {
        find(context, unwind::call)
    } else {
        let mut own = None;
        find(context, |pc| {
            own = unwind::call_uncached(pc);
            // SAFETY: used before the next call replaces it.
            own.as_ref()
                .map(|call| unsafe { &*core::ptr::from_ref(call) })
        })
    };
    // Also ends the walk, if any, that this longjmp has left for good by leaving a signal handler.
    unwind::end_walk();
    context.pc = pad;
    context.args = [request as u64, KIND_LONGJMP];
}

/// Turns `context` into that of the frame to enter; its pad.
fn find(context: &mut Context, mut call: impl FnMut(u64) -> Option<&'static Call>) -> u64 {
    loop {
        if arch::is_bottom(context.pc) {
            lost(0);
        }
        let Some(call) = call(context.pc) else {
            leave_handler(context);
            continue;
        };
        if call.pad != 0 && call.takes_longjmp {
            return call.pad;
        }
        if !unwind::step(context, call) {
            lost(context.pc);
        }
    }
}

/// Goes on in what a signal interrupted. Interrupted code has no pad for it: only its callers do.
fn leave_handler(context: &mut Context) {
    let handler = context.pc;
    match signal_frame::step(context) {
        Interrupted::SystemCall => {}
        Interrupted::Code { link } => {
            let interrupted = context.pc;
            // Not a return address: the rule is that of the instruction itself.
            let Some(call) = unwind::call_uncached(interrupted + 1) else {
                lost(interrupted)
            };
            if !unwind::step(context, &call) {
                // A prologue, an epilogue or a leaf function.
                context.pc = link.unwrap_or_else(|| lost(interrupted));
            }
        }
        Interrupted::No => lost(handler),
    }
}

/// The walk ended: at the bottom (0), or at a return address nobody knows.
fn lost(pc: u64) -> ! {
    let mut line = Line::new();
    line.str("popcorn: error: longjmp ");
    match pc {
        0 => line.str("to a function that has returned, or out of a signal handler into the function that it interrupted"),
        _ => line
            .str("through foreign code (return address ")
            .hex(pc)
            .str(")"),
    };
    line.print();
    abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_never_zero_and_never_reused() {
        let a = __popcorn_sjlj_token();
        let b = __popcorn_sjlj_token();
        assert!(a != 0 && b > a);
        assert!(size_of::<JumpBuffer>() <= 200);
    }
}
