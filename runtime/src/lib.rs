//! The runtime inside every program: start, system calls, capture, hop, resume.
//!
//! Compiled once to LLVM bitcode for the base ABI and lowered to every ISA like any other code, so
//! nothing here may ask at compile time which CPU it runs on: [`arch::isa`] answers at run time, and
//! the few lines of assembly in `arch/` differ. It is never instrumented: it may be on the native
//! stack while a program is captured only below the innermost captured frame.
//!
//! Statics are of two kinds. Those in `.data`/`.bss` are program state: they travel in the image (the
//! map table, the signal table, the counters). Those in `.popcorn.private` belong to one incarnation.
#![cfg_attr(not(test), no_std)]
// There is no allocator to box a long reason with, and the paths that give reasons are cold.
#![allow(clippy::result_large_err)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// On the host, unit tests link only the safe parts; the entry points have no callers there.
#![cfg_attr(test, allow(dead_code))]

pub mod arch;
mod buffers;
mod capture;
mod cell;
mod checkpoint;
mod config;
mod descriptors;
mod gaps;
mod hop;
mod image;
mod kept;
pub mod maps;
mod memory;
mod poll;
mod request;
mod restore;
mod resume;
mod sjlj;
mod stacks;
mod start;
pub mod syscall;
pub mod text;
mod unwind;

/// Named by functions of libcore, which unwind nowhere.
#[cfg(feature = "freestanding")]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    text::die("internal error in the runtime: unwinding")
}

/// A panic is a bug of ours: says where, and ends the process.
#[cfg(feature = "freestanding")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    let mut line = text::Line::new();
    line.str("popcorn: internal error in the runtime");
    if let Some(at) = info.location() {
        line.str(" at ")
            .str(at.file())
            .str(":")
            .dec(u64::from(at.line()));
    }
    text::fatal(line)
}
