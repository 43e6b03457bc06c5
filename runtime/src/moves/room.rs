//! Limits on the process that a move would run into when nothing can be taken back any more: they are looked at before.

use popcorn_toolchains::Isa;

use crate::arch;
use crate::base::refusal::Refusal;
use crate::base::text::Tenths;
use crate::kernel::{errno, process, sys};
use crate::moves::trial;
use crate::refusal;

/// No limit.
const INFINITE: u64 = u64::MAX;
/// What the runtime and the kernel take beside what is counted.
const MARGIN: u64 = 16 << 20;
/// What an emulator takes while it works, beside what it begins with: its libraries' arenas, tables of pages.
const EMULATOR_MARGIN: u64 = 144 << 20;
/// An incarnation begins on the kernel's stack.
const SMALLEST_STACK: u64 = 128 << 10;

/// Checks that a process moved to `to` finds room there.
pub fn check(to: &Isa, is_emulated: bool) -> Result<(), Refusal> {
    let limit = |resource| process::limit(resource).unwrap_or(INFINITE);
    for (resource, option) in [(sys::RLIMIT_AS, "-v"), (sys::RLIMIT_DATA, "-d")] {
        let memory = limit(resource);
        if memory == INFINITE {
            continue;
        }
        let needed = needed(to, is_emulated);
        if needed > memory {
            let (needed, memory) = (Tenths(needed, 1_000_000), Tenths(memory, 1_000_000));
            return Err(refusal!(
                errno::ENOMEM,
                "its memory is limited to {memory} MB (ulimit {option}); as {} it takes about {needed} MB",
                to.name
            ));
        }
    }
    let stack = limit(sys::RLIMIT_STACK);
    if stack < SMALLEST_STACK {
        let stack = stack >> 10;
        return Err(refusal!(
            errno::ENOMEM,
            "its stack is limited to {stack} KB (ulimit -s), too little to begin with"
        ));
    }
    Ok(())
}

/// Bytes of address space: the program with its image, and the emulator. What the emulator of now takes goes.
fn needed(to: &Isa, is_emulated: bool) -> u64 {
    let own = process::size();
    let now = trial::size_under(arch::isa()).unwrap_or(0);
    let then = match trial::size_under(to) {
        Some(size) if is_emulated => size + EMULATOR_MARGIN,
        _ => 0,
    };
    // Only what was touched is in the image.
    let image = process::resident().min(own);
    own.saturating_sub(now) + then + image + MARGIN
}
