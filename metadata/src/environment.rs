//! The environment variables that runtime and command line share (docs/abi.md, section 10).
//!
//! A program with more rights than whoever started it honours none of them.

/// `every=N[,max=M],isas=a:b:c` or `isas=self`: the program moves of its own accord. Written by `popcorn run --hop`.
pub const HOP: &str = "POPCORN_HOP";
/// `1` to `3`: what the runtime says on standard error. Written by `popcorn run --trace`.
pub const TRACE: &str = "POPCORN_TRACE";
/// `1`: the program says at its end how long it ran from one migration point to the next. Written by
/// `popcorn run --gaps`.
pub const GAPS: &str = "POPCORN_GAPS";
/// With the ISA's name in capitals behind it: the emulator to use in place of the one found on `PATH`.
pub const EMULATOR: &str = "POPCORN_QEMU_";
/// In a runtime built for tests: the number of the call that fails on the side that a move leaves.
pub const FAULT: &str = "POPCORN_FAULT";
/// The same for the side that arrives.
pub const FAULT_ARRIVAL: &str = "POPCORN_FAULT_ARRIVAL";
/// Descriptor of the process image to go on from. Written by the incarnation before, or by `popcorn restore`.
pub const RESUME: &str = "POPCORN_RESUME";
/// Descriptor of the program's file, which has every ISA's image. Written by whoever starts an incarnation.
pub const PROGRAM: &str = "POPCORN_PROG";
/// Name of the ISA of the machine itself. Written by whoever starts a program under an emulator.
pub const HOST: &str = "POPCORN_HOST";
/// Descriptor of the file that an incarnation was started from, to be closed.
pub const ELF: &str = "POPCORN_ELF";
/// Descriptor to report to, in a program that is only to show that its emulator runs it. Written by the incarnation
/// that is to move.
pub const TRIAL: &str = "POPCORN_TRIAL";

/// Those that the program itself does not see.
pub const INTERNAL: [&str; 5] = [RESUME, PROGRAM, HOST, ELF, TRIAL];
