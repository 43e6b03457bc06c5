//! The runtime inside every program: start, system calls, capture, hop, resume.
//!
//! Compiled once to LLVM bitcode for the base ABI and lowered to every ISA like any other code, so
//! nothing here may ask at compile time which CPU it runs on: [`arch::isa`] answers at run time, and
//! the few lines of assembly in `arch/` differ. It is never instrumented: it may be on the native
//! stack while a program is captured only below the innermost captured frame.
//!
//! The folders are layers; what lies in one uses those below it only:
//!
//! ```text
//! start    from the kernel's first instruction to `main`, or to where the program was
//! moves    when and where: schedule, requests, hop, checkpoint, arrival
//! image    what is written of a process, and how it is read back
//! stack    the native stack: walk, capture, resume, longjmp
//! program  the program's state, and the system-call entry that keeps books on it
//! kernel   the base ABI's kernel, typed, on every port
//! arch     registers, raw system calls, each port's facts
//! base     text, paths, statics
//! ```
#![cfg_attr(not(test), no_std)]
#![allow(
    clippy::result_large_err,
    reason = "there is no allocator to box a refusal with, and the paths that refuse are cold"
)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    test,
    allow(
        dead_code,
        reason = "on the host, unit tests link only the safe parts: the entry points have no callers"
    )
)]

pub mod arch;
pub mod base;
mod image;
pub mod kernel;
mod moves;
pub mod program;
mod stack;
mod start;

/// Named by functions of libcore, which unwind nowhere.
#[cfg(feature = "freestanding")]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    fatal!("internal error in the runtime: unwinding")
}

/// A panic is a bug of ours: says where, and ends the process.
#[cfg(feature = "freestanding")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    match info.location() {
        Some(at) => fatal!(
            "internal error in the runtime at {}:{}",
            at.file(),
            at.line()
        ),
        None => fatal!("internal error in the runtime"),
    }
}
