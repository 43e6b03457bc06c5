//! The native stack of this incarnation and the data stack of the program.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::maps::{PAGE, WINDOW_END};
use crate::memory;
use crate::syscall::{forward, nr};
use crate::text::die;

/// First address after the native stack; 16-byte aligned.
#[unsafe(link_section = ".popcorn.private.native_top")]
static NATIVE_TOP: AtomicU64 = AtomicU64::new(0);

/// Bytes. Frames of resumed functions are larger than those of the originals. No page is used before it
/// is touched, but an emulator pays for each.
const LEAST_NATIVE: u64 = 128 << 20;
const LEAST_DATA: u64 = 64 << 20;
const MOST: u64 = 3 << 30;

/// Where the native stack begins unless something else is there: between the window's end and the
/// lowest address that an ISA cannot reach (2^38, RISC-V's sv39). Frame addresses are no pointers that
/// a program may keep, but some compare them to bound their recursion, also across a move.
const PREFERRED_TOP: u64 = 0x3f_ffff_0000;
const _: () = assert!(PREFERRED_TOP - MOST >= WINDOW_END);

unsafe extern "C" {
    fn popcorn_tls_dsp() -> u64;
    fn popcorn_tls_set_dsp(dsp: u64);
    fn popcorn_tls_self() -> u64;
    fn popcorn_tls_set_reentry(frame: u64);
    fn popcorn_tls_take_reentry() -> u64;
}

/// Bytes of each stack, from the limit that the user set.
fn size(least: u64) -> u64 {
    const RLIMIT_STACK: i64 = 3;
    let mut limit = [0u64; 2];
    let out = limit.as_mut_ptr() as i64;
    if forward(nr::PRLIMIT64, [0, RLIMIT_STACK, 0, out, 0, 0]) < 0 {
        return least;
    }
    limit[0].saturating_mul(4).clamp(least, MOST) & !(PAGE - 1)
}

/// Maps the native stack, with a guard page below.
pub fn start_native() {
    let size = size(LEAST_NATIVE);
    let prot = memory::PROT_READ | memory::PROT_WRITE;
    let mut low = memory::private_at(PREFERRED_TOP - size, size, prot);
    if low < 0 {
        low = memory::private(size, prot);
    }
    if low < 0 {
        die("out of memory for the native stack");
    }
    forward(nr::MPROTECT, [low, PAGE as i64, 0, 0, 0, 0]);
    NATIVE_TOP.store(low as u64 + size, Relaxed);
}

/// Both stacks, at the start of a program. The thread pointer is set up.
pub fn start() {
    start_native();
    let size = size(LEAST_DATA);
    let low = memory::data_stack(size);
    if low < 0 {
        die("out of memory for the data stack");
    }
    set_dsp(low as u64 + size);
}

/// Prepares for a stack that is about to be rebuilt from records of this many bytes: a deep one is touched for the
/// first time in large pages, since the kernel would be entered for every few dozen frames otherwise.
pub fn expect(records: u64) {
    // Frames of clones hold what their records hold, and some more.
    let bytes = records.saturating_mul(4);
    if records >= memory::HUGE_PAGE {
        let top = native_top();
        let bytes = bytes.min(size(LEAST_NATIVE) - PAGE);
        memory::advise_huge(top - bytes, bytes);
    }
}

/// Where the native stack begins.
pub fn native_top() -> u64 {
    NATIVE_TOP.load(Relaxed)
}

/// This thread's data-stack pointer.
pub fn dsp() -> u64 {
    // SAFETY: reads a thread-local variable.
    unsafe { popcorn_tls_dsp() }
}

pub fn set_dsp(dsp: u64) {
    // SAFETY: writes a thread-local variable.
    unsafe { popcorn_tls_set_dsp(dsp) }
}

/// Leaves the frame that the function called next goes on from.
pub fn set_reentry(frame: u64) {
    // SAFETY: writes a thread-local variable.
    unsafe { popcorn_tls_set_reentry(frame) }
}

/// Takes it; there is none afterwards.
pub fn take_reentry() -> u64 {
    // SAFETY: reads and writes a thread-local variable.
    unsafe { popcorn_tls_take_reentry() }
}

/// This thread's `struct pthread`.
pub fn self_() -> u64 {
    // SAFETY: reads a thread-local variable.
    unsafe { popcorn_tls_self() }
}
