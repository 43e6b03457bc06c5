//! setjmp and longjmp without native contexts: a token names the activation that called setjmp, and
//! longjmp unwinds to it, passing over frames that take no longjmp.
//!
//! A request is the `jmp_buf` itself: it lives as long as the unwinding, and is the program's memory,
//! so it needs no place of its own.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::interrupted::{self, Interrupted};
use crate::arch::{self, Context};
use crate::base::statics::Travels;
use crate::kernel::{fatal, signal, vdso};
use crate::program::thread;
use crate::say;
use crate::stack::walk;

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

/// The last token given out. 0 is never one.
static TOKENS: Travels<AtomicU64> = Travels::new(AtomicU64::new(0));

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
    let mask = if save_mask != 0 { signal::mask() } else { 0 };
    // SAFETY: by contract.
    unsafe {
        *buffer = JumpBuffer {
            token,
            site,
            dsp: thread::dsp(),
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
    thread::set_dsp(request.dsp);
    if request.mask_saved != 0 {
        signal::set_mask(request.mask);
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
    if !walk::call_shared(context.pc).is_some_and(|call| walk::step(context, &call)) {
        lost(context.pc);
    }
    raise(context, request);
}

/// Walks outward from `context` to the first call whose pad takes a longjmp. Other threads may be at it, too, and
/// signal handlers may come in between, and leave by longjmp.
fn raise(context: &mut Context, request: *mut JumpBuffer) {
    context.pc = find(context);
    context.args = [request as u64, KIND_LONGJMP];
}

/// Turns `context` into that of the frame to enter; its pad.
fn find(context: &mut Context) -> u64 {
    loop {
        if arch::is_bottom(context.pc) {
            lost(0);
        }
        let Some(call) = walk::call_shared(context.pc) else {
            leave_handler(context);
            continue;
        };
        if call.pad != 0 && call.takes_longjmp {
            return call.pad;
        }
        if !walk::step(context, &call) {
            lost(context.pc);
        }
    }
}

/// Goes on in what a signal interrupted. Interrupted code has no pad for it: only its callers do.
fn leave_handler(context: &mut Context) {
    let handler = context.pc;
    match interrupted::step(context) {
        Interrupted::SystemCall => {}
        Interrupted::Code { link } => {
            let interrupted = context.pc;
            // Not a return address: the rule is that of the instruction itself.
            let Some(call) = walk::call_shared(interrupted + 1) else {
                *context = vdso::leave().unwrap_or_else(|| lost(interrupted));
                return;
            };
            if arch::is_call_vdso(interrupted) {
                // On the way there or back.
                vdso::leave();
            }
            if !walk::step(context, &call) {
                // A prologue, an epilogue or a leaf function.
                context.pc = link.unwrap_or_else(|| lost(interrupted));
            }
        }
        Interrupted::No => lost(handler),
    }
}

/// The walk ended: at the bottom (0), or at a return address nobody knows.
fn lost(pc: u64) -> ! {
    match pc {
        0 => say!(
            "popcorn: error: longjmp to a function that has returned, or out of a signal handler into the \
             function that it interrupted"
        ),
        _ => say!("popcorn: error: longjmp through foreign code (return address {pc:#x})"),
    }
    fatal::abort()
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
